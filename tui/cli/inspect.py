"""`helo inspect`: what goes on inside a model."""

from __future__ import annotations

from tui.cli import inspect_gates, inspect_memory, inspect_units, inspect_why
from tui.cli.shared.options import group

app = group("Look inside a model.")
for part in (inspect_why, inspect_memory, inspect_units, inspect_gates):
    app.add_typer(part.app)

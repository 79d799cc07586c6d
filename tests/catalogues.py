"""A catalogue of a test's own, whose addresses point at the test's server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import places


def use(monkeypatch: pytest.MonkeyPatch, folder: Path, **urls: str) -> None:
    """Let the catalogue have these names, and nothing else."""
    path = folder / "catalogue.toml"
    about = 'licence = "GPL-2.0"\nsize = 600\n'
    path.write_text(
        "".join(
            f'[{name}]\ntitle = "Title of {name}"\nurl = {json.dumps(url)}\n{about}'
            for name, url in urls.items()
        )
    )
    monkeypatch.setattr(places, "catalogue", lambda: path)

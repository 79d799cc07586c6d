"""`helo paths` and `helo doctor`: where files are, and what this machine is."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from engine.config import DEFAULT_CELL
from tui.cli.shared.options import Command, Json
from tui.cli.shared.output import console, emit, facts, write
from tui.phrases import versions
from tui.text import one_line

if TYPE_CHECKING:
    from engine.runs.measured import Measured

app = typer.Typer()
_PACKAGES = ("textual", "rich", "typer", "safetensors")
"""Packages to list besides those that a run's results depend on."""
_NEWEST = 5
"""Networks for which it is told what bfloat16 gives."""


def _paths() -> dict[str, str]:
    from engine import places

    return {
        "home": str(places.home()),
        "models": str(places.models()),
        "runs": str(places.runs()),
        "corpora": str(places.corpora()),
        "cache": str(places.cache()),
        "config": str(places.config()),
        "state": str(places.state()),
        "machine": str(places.machine()),
        "history": str(places.history()),
        "sessions": str(places.sessions()),
        "bundled": str(places.bundled()),
    }


@app.command(cls=Command, rich_help_panel="This machine")
def paths(json: Json = False) -> None:
    """Show where everything is stored; HELO_HOME moves it."""
    found = _paths()
    if json:
        emit(found, indent=2)
    else:
        facts(found)


@app.command(cls=Command, rich_help_panel="This machine")
def doctor(json: Json = False) -> None:
    """Show what helo runs on, and which of its code never ran on its device."""
    found = _examine()
    if json:
        emit(found, indent=2)
        return
    devices = found["devices"]
    if "error" in devices:
        told = {"torch": devices["error"]}
    else:
        names = devices["names"]
        told = {
            "devices": ", ".join(
                f"{kind} ({names[kind]})" if names.get(kind) else kind
                for kind in devices["devices"]
            ),
            "processors": str(devices["processors"]),
            "instructions": str(devices["cpu_capability"]),
            "bfloat16": _bfloat16(devices),
        }
    terminal = found["terminal"]
    facts(
        {
            "system": found["system"],
            "versions": versions(found["versions"]),
            **told,
            "terminal": f"{terminal['columns']}×{terminal['rows']}, {terminal['colours']}, "
            f"TERM={terminal['TERM'] or 'not set'}, {terminal['encoding']}",
            "home": found["paths"]["home"],
            "bundled": found["paths"]["bundled"],
        }
    )
    _show_measured()
    write("\nnot tested here: code that has never run on its device\n")
    facts(found["untested"])


def _bfloat16(devices: dict[str, Any]) -> str:
    if not devices["bfloat16"]:
        return "not supported by this processor: float32 is used"
    return (
        f"yes: products of matrices are {devices['bfloat16_speedup']:.1f} times as fast as in float32; "
        "each training measures its own steps and takes the faster"
    )


def _show_measured() -> None:
    """What is remembered of the speed of trainings, by processor."""
    from engine.runs import measured

    kinds = measured.everything()
    for processor in dict.fromkeys(known.kind.processor for known in kinds):
        write(f"\nmeasured on {one_line(processor)}: what trainings are planned with\n")
        facts(dict(learns(known) for known in kinds if known.kind.processor == processor))


def learns(known: Measured) -> tuple[str, str]:
    """What was measured on one kind of machine: its name without the processor, and how fast it learns."""
    from engine.runs.recipe import LADDER

    parts = [
        f"{rung.hidden}×{rung.layers} at {chars:,.0f}"
        for rung, chars in zip(LADDER, known.pace, strict=False)
    ]
    told = [f"{DEFAULT_CELL} {', '.join(parts)} characters per second"] if parts else []
    newest = [*known.speedups.items()][-_NEWEST:]
    told += [f"bfloat16 × {times:.2f} for {network}" for network, times in newest]
    return str(known.kind), "; ".join(told)


def _examine() -> dict[str, Any]:
    from engine.errors import RunError
    from engine.runs import launch, measured
    from engine.untested import UNTESTED

    try:
        devices = launch.device_facts()
    except RunError as error:
        devices = {"error": str(error)}
    columns, rows = shutil.get_terminal_size()
    colours = console().color_system or "no colours"
    return {
        "system": f"{platform.platform()}, {sys.executable}",
        "versions": launch.versions(*_PACKAGES),
        "devices": devices,
        "measured": [asdict(kind) for kind in measured.everything()],
        "terminal": {
            "columns": columns,
            "rows": rows,
            "colours": colours,
            "TERM": os.environ.get("TERM", ""),
            "encoding": sys.stdout.encoding,
        },
        "paths": _paths(),
        "untested": UNTESTED,
    }

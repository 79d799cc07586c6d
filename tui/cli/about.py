"""`helo paths` and `helo doctor`: where files are, and what this machine is."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from typing import Any

import typer

from tui.cli.shared.options import Command, Json
from tui.cli.shared.output import console, emit, facts, write
from tui.phrases import versions

app = typer.Typer()
_PACKAGES = ("textual", "rich", "typer", "safetensors")
"""Packages to list besides those that a run's results depend on."""


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
    write("\nnot tested here: code that has never run on its device\n")
    facts(found["untested"])


def _bfloat16(devices: dict[str, Any]) -> str:
    if not devices["bfloat16"]:
        return "not supported by this processor: float32 is used"
    return (
        f"yes: products of matrices are {devices['bfloat16_speedup']:.1f} times as fast as in float32; "
        "each training measures its own steps and takes the faster"
    )


def _examine() -> dict[str, Any]:
    from engine.errors import RunError
    from engine.runs import launch
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

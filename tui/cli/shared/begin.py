"""What a training starts with: its text, its complete settings, and its command line."""

from __future__ import annotations

import shlex
import sys
from typing import Any

from engine.config import TrainConfig
from engine.runs import new, recipe
from engine.text import sources, web
from engine.text.corpus import Corpus
from tui.cli.shared.output import note, progress


def obtain(ref: str) -> Corpus:
    """The corpus for CORPUS, imported if necessary.

    Raises what `sources.obtain` raises.
    """
    with progress(f"importing {ref}", unit="bytes") as report:
        return sources.obtain(ref, report, note)


def complete(given: dict[str, Any], found: Corpus) -> TrainConfig:
    """The configuration, with settings that were not given found by the recipe. Measures this machine if
    the recipe needs it."""
    if not recipe.needs_pace(given):
        return new.complete(given, found)
    with progress("measuring this machine", len(recipe.LADDER), "networks") as report:
        return new.complete(given, found, lambda done: report(done, None))


def command() -> str:
    """The command line of this process, without the passwords of addresses."""
    return shlex.join(["helo", *map(web.shown, sys.argv[1:])])

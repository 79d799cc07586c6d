"""What a training begins with: its text, the settings that were not given, and the command."""

from __future__ import annotations

import shlex
import sys
from typing import Any

from engine.config import TrainConfig
from engine.runs import launch, recipe
from engine.text import sources, web
from engine.text.corpus import Corpus
from tui.cli.shared.output import note, progress


def obtain(ref: str) -> Corpus:
    """The corpus that CORPUS stands for, imported if it is not yet.

    Raises what `sources.obtain` does.
    """
    with progress(f"importing {ref}", unit="bytes") as report:
        return sources.obtain(ref, report, note)


def complete(given: dict[str, Any], found: Corpus) -> TrainConfig:
    """What is not given, found; where that takes this machine's pace, it is measured."""
    pace = None
    if recipe.needs_pace(given):
        usual = {"device": TrainConfig.device, "dtype": TrainConfig.dtype, "threads": 0}
        asked = {key: given.get(key, value) for key, value in usual.items()}
        with progress("measuring this machine", len(recipe.LADDER), "networks") as report:
            pace = launch.pace(**asked, report=lambda done: report(done, None))
    return recipe.for_corpus(given, found, pace)


def command() -> str:
    """The command line of this process, without the passwords of addresses."""
    return shlex.join(["helo", *map(web.shown, sys.argv[1:])])

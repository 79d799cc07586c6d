"""Starting a training from a thread worker: import the text, find what was left open, start the trainer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from textual.worker import get_current_worker

from engine import launch, recipe
from engine.errors import RunError
from engine.rundir import RunDirectory
from tui.library.obtain import obtain
from tui.train.fields import command
from tui.train.machine import Pace

MEASURING = "measuring this machine …"
_LOOK_EVERY = 0.1
"""Seconds between two looks whether anybody still waits for a measurement."""


def start(
    given: Mapping[str, Any], ref: str, pace: Future[Pace] | None, tell: Callable[[str], object]
) -> tuple[RunDirectory, subprocess.Popen[bytes]]:
    """A new run with the settings `given` on the CORPUS `ref`, and its trainer; `tell` says how far it is.

    Raises HeloError, also where the worker is cancelled.
    """
    found = obtain(ref, lambda far: tell(f"importing {ref}: {far}"))
    known = _await(pace, tell) if pace else None
    config = recipe.for_corpus(given, found, known)
    run = launch.create(None, found, config, command(given, ref))
    return run, launch.start(run)


def _await(pace: Future[Pace], tell: Callable[[str], object]) -> Pace:
    """What is being measured. Leaving the app does not wait for it."""
    tell(MEASURING)
    while not get_current_worker().is_cancelled:
        with suppress(TimeoutError):
            return pace.result(_LOOK_EVERY)
    raise RunError("the start was given up")

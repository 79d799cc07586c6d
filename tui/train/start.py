"""Starting a training in a thread worker: import the text, find the missing settings, start the trainer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

from textual.worker import get_current_worker

from engine.errors import RunError
from engine.runs import beginning, launch, race, recipe, rundir
from engine.runs.rundir import RunDirectory
from engine.text.corpus import Corpus
from tui.obtain import obtain
from tui.train.fields import Asked
from tui.train.machine import Facts, Measuring
from tui.train.racing import Entry

T = TypeVar("T")
Say = Callable[[str], object]
Begin = Callable[[Say, Say], tuple[RunDirectory, subprocess.Popen[bytes]]]
"""Starts a training or a race. Its arguments are called with the progress and with notes about the text."""
_LOOK_EVERY = 0.1
"""Seconds between two checks whether the worker was cancelled."""


def start(
    asked: Asked,
    ref: str,
    facts: Future[Facts],
    pace: Measuring | None,
    tell: Say,
    say: Say,
) -> tuple[RunDirectory, subprocess.Popen[bytes]]:
    """Create the run that was asked for on the CORPUS `ref`, and start its trainer. `tell` is called with
    the progress, `say` with notes about the text. Everything that can be refused without the text is
    refused before it is imported.

    Raises HeloError, also if the worker is cancelled.
    """
    if asked.name:
        rundir.check_free(asked.name)
    given, begun = asked.given, None
    if asked.init_from:
        begun, _ = beginning.begun_with(asked.init_from)
        given = beginning.as_begun(begun.config, given)
    launch.check_machine(given, lambda: _await(facts, lambda: tell("examining this machine …")))
    known = _await(pace, lambda: tell(str(pace))) if pace else None
    found = _obtain(ref, tell, say)
    if begun and (changed := beginning.note(begun, asked.init_from, found.info)):
        say(changed)
    config = recipe.for_corpus(given, found, known)
    launch.check_processes(asked.processes, config.batch)
    run = launch.create(asked.name or None, found, config, asked.command(ref), asked.init_from)
    return run, launch.start(run, asked.processes)


def start_race(
    entry: Entry,
    ref: str,
    pace: Measuring,
    tell: Say,
    say: Say,
) -> tuple[RunDirectory, subprocess.Popen[bytes]]:
    """Create the run that leads a new race on the CORPUS `ref`, and start the race's driver. `tell` and
    `say` are as in `start`.

    Raises HeloError, also if the worker is cancelled.
    """
    known = _await(pace, lambda: tell(str(pace)))
    found = _obtain(ref, tell, say)
    race.check_corpus(found, *recipe.how_split(entry.given, found))
    first = recipe.for_corpus(entry.given, found, known)
    leader = race.lead(found, first, entry.command(ref), entry.by)
    return leader, launch.drive(leader, entry.cells[1:], entry.by)


def _obtain(ref: str, tell: Say, say: Say) -> Corpus:
    tell(f"importing {ref} …")
    return obtain(ref, lambda far: tell(f"importing {ref}: {far}"), say)


def _await(answer: Future[T], tell: Callable[[], object]) -> T:
    """Wait for a fact about the machine. Raises RunError if the worker is cancelled meanwhile."""
    while not get_current_worker().is_cancelled:
        if not answer.done():
            tell()
        with suppress(TimeoutError):
            return answer.result(_LOOK_EVERY)
    raise RunError("the start was cancelled")

"""Sending a request to a running trainer, and waiting for its answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine.errors import RunError
from tui.cli.shared.output import note, write

if TYPE_CHECKING:
    from engine.runs.events import Event
    from engine.runs.rundir import RunDirectory

_PATIENCE = 10.0
_POLL = 0.05


def ask(name: str, request: str, value: float = 1.0, text: str = "") -> None:
    """Send a request to a trainer and wait a while for its answer.

    Raises RunError if the trainer refuses or ends before it answers.
    """
    from engine.runs.events import Refused, Sampled
    from engine.runs.rundir import find

    run = find(name)
    asked = run.ask(request, value, text)
    deadline = time.monotonic() + _PATIENCE
    answer: Event | None = None
    while time.monotonic() < deadline:
        living = (
            run.alive()
        )  # checked before reading, so that an answer right before the end is read
        answer = next((e for e in run.events() if e.id == asked), None)
        if answer and (request != "stop" or not living):
            break
        if not living:
            raise RunError(f"the trainer of {run.name} ended before it answered")
        time.sleep(_POLL)
    if answer is None:
        note(f"{run.name}: asked to {request}; no answer yet")
    elif isinstance(answer, Refused):
        raise RunError(f"{run.name}: {answer.reason}")
    else:
        if isinstance(answer, Sampled):
            write(f"{answer.text.strip()}\n")
        note(f"{run.name}: {_done(run, request, answer)} at step {answer.step:,}")


def stop_race(name: str, leader: RunDirectory) -> None:
    """Ask a race to stop, and wait a while for its end."""
    from engine.runs import race, rundir

    leader.leave("stop", text=rundir.RACE)
    deadline = time.monotonic() + _PATIENCE
    while race.goes_on(leader) and time.monotonic() < deadline:
        time.sleep(_POLL)
    if race.goes_on(leader):
        note(f"{name}: asked to stop; it has not ended yet")
        return
    own = (run for run in rundir.runs() if run.race() == name)
    ends = (f"{run.name} {rundir.status(run, run.events()).word}" for run in own)
    note(f"{name}: {', '.join(ends)}")


def _done(run: RunDirectory, request: str, answer: Event) -> str:
    """What a trainer did.

    Raises RunError if it was asked to stop and could not save.
    """
    from engine.runs.rundir import status
    from tui.figures.words import describe

    if request == "stop" and not run.alive():
        end = status(run, run.events())
        if end.word not in ("stopped", "finished"):
            raise RunError(f"{run.name}: {end.reason}")
        return "stopped and saved"
    known = {"resume": "continues", "stop": "stopping", "sample": "written", "save": "saved"}
    return known.get(request) or describe(answer)

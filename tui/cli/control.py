"""`helo runs pause` and all else that is asked of a trainer while it works."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import RunError
from tui.cli.shared.options import Command, argument
from tui.cli.shared.output import note, write
from tui.phrases import describe

if TYPE_CHECKING:
    from engine.runs.events import Event
    from engine.runs.rundir import RunDirectory

_PATIENCE = 10.0
_POLL = 0.05

app = typer.Typer()
Run = Annotated[str, argument("RUN", "A run's name.")]


@app.command(cls=Command)
def pause(name: Run) -> None:
    """Pause a training; its process stays."""
    _ask(name, "pause")


@app.command(cls=Command)
def resume(name: Run) -> None:
    """Go on with a paused training."""
    _ask(name, "resume")


@app.command(cls=Command)
def stop(name: Annotated[str, argument("RUN", "A run's name, or that of a race.")]) -> None:
    """Save and end a training, or a whole race; helo train --resume goes on with a run."""
    from engine.runs import race

    if leader := race.leader(name):
        _stop_race(name, leader)
    else:
        _ask(name, "stop")


@app.command(cls=Command)
def save(name: Run) -> None:
    """Save now."""
    _ask(name, "save")


@app.command(cls=Command)
def evaluate(name: Run) -> None:
    """Evaluate now."""
    _ask(name, "evaluate")


@app.command(cls=Command)
def sample(name: Run) -> None:
    """Let it write a sample now."""
    _ask(name, "sample")


@app.command(cls=Command)
def lr(name: Run, factor: Annotated[float, argument("FACTOR", "2 doubles it.")]) -> None:
    """Multiply the learning rate."""
    _ask(name, "lr", factor)


@app.command(cls=Command)
def clip(name: Run, norm: Annotated[float, argument("NORM", "Of all gradients together.")]) -> None:
    """Clip gradients at another norm from here on."""
    _ask(name, "clip", norm)


@app.command(cls=Command)
def dropout(name: Run, share: Annotated[float, argument("P", "Share of units silenced.")]) -> None:
    """Silence another share of units from here on."""
    _ask(name, "dropout", share)


@app.command(cls=Command)
def mark(
    name: Run,
    mark: Annotated[str, argument("NAME", "The mark's name, if not the step.")] = "",
) -> None:
    """Keep the state of now for ever: to go back to, or for --init-from RUN@NAME."""
    _ask(name, "mark", text=mark)


@app.command(cls=Command)
def back(
    name: Run,
    point: Annotated[str, argument("POINT", "best, a mark, or a kept step.")] = "best",
) -> None:
    """Go back to a kept point and train on from there."""
    _ask(name, "back", text=point)


def _ask(name: str, request: str, value: float = 1.0, text: str = "") -> None:
    """Ask a trainer and wait a while for its answer."""
    from engine.runs.events import Refused, Sampled
    from engine.runs.rundir import find

    run = find(name)
    asked = run.ask(request, value, text)
    deadline = time.monotonic() + _PATIENCE
    answer: Event | None = None
    while time.monotonic() < deadline:
        answer = next((e for e in run.events() if e.id == asked), None)
        if answer and (request != "stop" or not run.alive()):
            break
        if not run.alive():
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


def _stop_race(name: str, leader: RunDirectory) -> None:
    """Ask a race to stop and wait a while until it has."""
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

    Raises RunError where it was to stop and could not save.
    """
    from engine.runs.rundir import status

    if request == "stop" and not run.alive():
        end = status(run, run.events())
        if end.word not in ("stopped", "finished"):
            raise RunError(f"{run.name}: {end.reason}")
        return "stopped and saved"
    known = {"resume": "goes on", "stop": "stopping", "sample": "written", "save": "saved"}
    return known.get(request) or describe(answer)

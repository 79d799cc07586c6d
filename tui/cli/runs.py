"""`helo runs`: what was and is trained."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import RunError
from tui.cli.options import Command, Json, Yes, argument, group, option
from tui.cli.output import confirm, emit, facts, note, table, write
from tui.phrases import duration, loss, network

if TYPE_CHECKING:
    from engine.events import Event
    from engine.rundir import RunDirectory

_PATIENCE = 10.0
_POLL = 0.05

app = group("List, watch and steer trainings.")
Run = Annotated[str, argument("RUN", "A run's name.")]


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@app.command("list", cls=Command)
def list_(json: Json = False) -> None:
    """List the runs, newest last."""
    from engine import rundir
    from engine.summary import summary

    found = sorted(((summary(run), run) for run in rundir.runs()), key=lambda pair: pair[0].created)
    if json:
        emit([asdict(s) | _model(run) for s, run in found], indent=2)
        return
    if not found:
        note("no runs yet: helo train CORPUS makes one")
        return
    columns = {"run": "left", "status": "left", "corpus": "left", "network": "left"}
    columns |= {"step": "right", "of": "right", "best nats": "right", "time": "right"}
    table(
        columns,
        [
            [
                s.name,
                s.status,
                s.corpus,
                network(run),
                f"{s.step:,}",
                f"{s.total_steps:,}",
                "–" if s.best_val_nats is None else f"{s.best_val_nats:.4f}",
                duration(s.seconds),
            ]
            for s, run in found
        ],
    )


def _model(run: RunDirectory) -> dict[str, Any]:
    """What a run trains as JSON; nothing where that cannot be read."""
    try:
        return asdict(run.info().config.model)
    except RunError:
        return {}


@app.command(cls=Command)
def show(name: Run, json: Json = False) -> None:
    """Show one run: how it stands, and the newest text it wrote."""
    from engine.events import Sampled
    from engine.rundir import find
    from engine.summary import summary

    run = find(name)
    config = run.info().config
    found = summary(run)
    samples = [e.text for e in run.events() if isinstance(e, Sampled)]
    if json:
        more = {"config": asdict(config), "sample": (samples or [""])[-1]}
        emit(asdict(found) | asdict(config.model) | more, indent=2)
        return
    facts(
        {
            "run": found.name,
            "status": f"{found.status}: {found.reason}" if found.reason else found.status,
            "corpus": found.corpus,
            "network": str(config.model),
            "steps": f"{found.step:,} of {found.total_steps:,} in {duration(found.seconds)}",
            "loss": loss(found.best_val_nats),
            "begun": found.created,
            "folder": found.folder,
        }
    )
    if samples:
        write(f"\n{samples[-1].strip()}\n")


@app.command(cls=Command)
def pause(name: Run) -> None:
    """Pause a training; its process stays."""
    _ask(name, "pause")


@app.command(cls=Command)
def resume(name: Run) -> None:
    """Go on with a paused training."""
    _ask(name, "resume")


@app.command(cls=Command)
def stop(name: Run) -> None:
    """Save and end a training; helo train --resume goes on with it."""
    _ask(name, "stop")


def _ask(name: str, request: str) -> None:
    """Ask a trainer and wait a while for its answer."""
    from engine.events import Refused
    from engine.rundir import find, status

    run = find(name)
    asked = run.ask(request)
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
        done = {"pause": "paused", "resume": "goes on", "stop": "stopping"}[request]
        if request == "stop" and not run.alive():
            end = status(run, run.events())
            if end.word not in ("stopped", "finished"):
                raise RunError(f"{run.name}: {end.reason}")
            done = "stopped and saved"
        note(f"{run.name}: {done} at step {answer.step:,}")


@app.command(cls=Command)
def keep(
    name: Run,
    as_: Annotated[
        str | None, option("--as", shows="MODEL", help="The model's name, if not the run's.")
    ] = None,
) -> None:
    """Put a run's best model into the library."""
    from engine import library
    from engine.rundir import find

    run = find(name)
    best = run.best if run.best.exists() else run.latest
    if not best.exists():
        raise RunError(f"run {run.name} has saved no model yet")
    path = library.keep_model(library.open_model(str(best)), as_ or run.name)
    write(f"{path}\n")


@app.command(cls=Command)
def rm(name: Run, yes: Yes = False) -> None:
    """Delete a run and its models."""
    from engine import library
    from engine.rundir import find

    run = find(name)
    if run.alive():
        raise RunError(f"run {run.name} is training: helo runs stop {run.name} first")
    confirm(f"delete run {run.name} and its models for good?", yes)
    library.remove_folder(run.folder)

"""Watching a run on the command line to its end, and reporting the outcome."""

from __future__ import annotations

from collections.abc import Callable

import typer

from engine.runs.comparison import Comparison
from engine.runs.events import Evaluated, Progress, Started
from engine.runs.rundir import RunDirectory
from engine.words import counted
from tui import signals
from tui.cli.shared import views
from tui.cli.shared.follow import End, View
from tui.cli.shared.output import note, write
from tui.phrases import UNVALIDATED, duration, loss


def watch(run: RunDirectory, follow: Callable[[View], End], ctrl_c: str, json: bool) -> None:
    """Follow a run in a view that suits stdout, and report the outcome. `ctrl_c` says what ctrl+c does.

    Raises what `follow` raises, and typer.Exit if ctrl+c ended it.
    """
    try:
        end = follow(views.choose(json, run, ctrl_c))
    except BrokenPipeError:  # the reader has closed the pipe
        end = End.DETACHED
    if end is End.DETACHED:
        note(f"{run.name} trains on: helo runs show {run.name}, or helo runs stop {run.name}")
        if signals.killed():
            raise typer.Exit(signals.exit_status())
        return
    if end is End.LEFT:
        note(f"{run.name} saves and stops by itself: helo runs show {run.name}")
        raise typer.Exit(signals.exit_status())
    if not json:
        write(_summary(run))
    if end is End.STOPPED:
        note(f"stopped and saved: helo train --resume {run.name} continues it")
        raise typer.Exit(signals.exit_status())


def _summary(run: RunDirectory) -> str:
    """The outcome of a run."""
    events = run.events()
    best = min((e.val_nats for e in events if isinstance(e, Evaluated) and e.best), default=None)
    final = [e.val_nats for e in events if isinstance(e, Evaluated) and e.final]
    seconds = max((e.seconds for e in events if isinstance(e, Progress)), default=0.0)
    model = run.best if run.best.exists() else run.latest
    lines = [f"trained  {counted(events[-1].step, 'step')} in {duration(seconds)}"]
    if any(isinstance(e, Started) and not e.validates for e in events):
        lines.append(f"loss     {UNVALIDATED}")
    if best is not None:
        lines.append(f"loss     {loss(final[-1] if final else best)}, on the validation part")
        lines += [
            f"limit    {loss(r.nats)}, the text's entropy rate"
            for r in Comparison(run.info()).look()
            if r.limit
        ]
    if model.exists():
        lines += [f"model    {model}", f"write    helo sample {run.name}"]
    return "\n".join(lines) + "\n"

"""`helo runs show`: a run on one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.config import TrainConfig
from engine.runs.events import Started
from engine.runs.kept import Kept
from engine.runs.points import Point, points
from engine.runs.rundir import RunStatus
from engine.runs.summary import Summary
from engine.words import counted
from tui.cli.shared.chart import chart, drawn
from tui.cli.shared.output import console, facts, write
from tui.curves.ink import LINE
from tui.figures.snapshot import Snapshot, look
from tui.figures.table import shown
from tui.figures.words import describe
from tui.phrases import UNVALIDATED, duration, loss

if TYPE_CHECKING:
    from engine.runs.rundir import RunDirectory

_WIDEST, _ROWS = 78, 12
"""The most columns of the picture, and its rows."""
_VALIDATION = "◆"


def show(run: RunDirectory, found: Summary, kept: Kept) -> None:
    """Show settings, status, the curve, the kept points, and the newest sample."""
    config = run.info().config
    snapshot = look(kept, RunStatus(found.status, found.reason))
    best, samples = snapshot.best, snapshot.samples
    facts(
        {
            "run": found.name,
            "status": f"{found.status}: {found.reason}" if found.reason else found.status,
            "corpus": found.corpus,
            "starts from": found.init_from,
            "network": str(config.model),
            "learning": f"lr {config.lr:.3g} to {config.lr_to:.3g}, dropout {config.dropout:g}, "
            f"clip {config.clip:g}, weight decay {config.weight_decay:g}, seed {config.seed}",
            "machine": _machine(snapshot.started) if snapshot.started else "",
            "changes": "; ".join(f"{describe(e)} (step {e.step:,})" for e in snapshot.changes),
            "steps": f"{found.step:,} of {found.total_steps:,} in {duration(found.seconds)}",
            **{figure.label: text for figure, text in shown("page", snapshot)},
            "validation": _held_out(config, snapshot.started),
            "loss": loss(found.best_val_nats) if found.validates else UNVALIDATED,
            "best": f"at step {best.step:,}" if best else "",
            "kept": ", ".join(_kept(points(run))),
            "begun": found.created,
            "folder": found.folder,
        }
    )
    for line in _curve(snapshot):
        write(f"{line}\n")
    if samples:
        write(f"\nsample at step {samples[-1].step:,}\n{samples[-1].text.strip()}\n")


def _machine(started: Started) -> str:
    text = f"{started.batch} × {started.seq_length} characters per step, {started.device}"
    text = f"{text} {started.dtype}, threads {started.threads}"
    return f"{text}, {started.processes} processes" if started.processes > 1 else text


def _held_out(config: TrainConfig, started: Started | None) -> str:
    """The validation part: how large it is, and where it lies."""
    if not config.validation:
        return "none"
    where = {"end": "the end of the text", "spread": "spread over the text"}[config.split]
    chars = f"{counted(started.val_chars, 'character')}, " if started else ""
    return f"{100 * config.validation:.3g}% of the text: {chars}{where}"


def _kept(kept: Iterable[Point]) -> Iterator[str]:
    """The kept steps, with the names of marks."""
    for step in sorted({point.step for point in kept}):
        names = [point.name for point in kept if point.step == step and point.name]
        yield f"{step:,} ({', '.join(names)})" if names else f"{step:,}"


def _curve(snapshot: Snapshot) -> Iterator[str]:
    """The losses of a run: training as a line, validation as marks."""
    width = min(_WIDEST, console().width)
    validation = f"{_VALIDATION} validation" if snapshot.validates else "no validation"
    if lines := chart(snapshot.train, {_VALIDATION: snapshot.validation}, width, _ROWS):
        yield ""
        yield drawn(f"loss in nats: {LINE * 2} training  {validation}")
        yield from lines

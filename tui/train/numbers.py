"""A run's numbers as text: one column of them, or a few lines where there is little room."""

from __future__ import annotations

import math

from textual.content import Content

from engine.runs.events import Paused, Resumed
from tui.phrases import SIGNS, describe, duration
from tui.text import visible
from tui.train.compare import Other
from tui.train.follow import Snapshot

_STYLES = {"running": "$text-success", "finished": "$text-success", "paused": "$text-warning"}
_STYLES |= {"failed": "$text-error", "killed": "$text-error"}
_NONE = "–"
_PATIENCE = 5
"""Evaluations without a better one from where on it is told."""


def state(word: str) -> Content:
    """A status with its sign."""
    return Content.styled(f"{SIGNS.get(word, '?')} {word}", _STYLES.get(word, ""))


def bar(snapshot: Snapshot, width: int) -> Content:
    """How far a run is, in one line of `width` cells."""
    if not snapshot.started:
        return Content("")
    total, left = snapshot.started.total_steps, snapshot.seconds_left
    tail = f" {snapshot.share:4.0%}  step {snapshot.step:,} of {total:,}"
    if snapshot.status.word in ("running", "paused") and left is not None:
        tail += f"  {duration(left)} left"
    room = max(0, width - len(tail))
    full = round(snapshot.share * room)
    return Content.assemble(
        ("━" * full, "$primary"), ("╌" * (room - full), "$foreground 30%"), tail
    )


def _validation(snapshot: Snapshot) -> float | None:
    """The newest loss of the curve."""
    nats = snapshot.validation.nats
    return float(nats[-1]) if len(nats) else None


def _nats(nats: float | None) -> str:
    return _NONE if nats is None else f"{nats:.3f} nats  {nats / math.log(2):.3f} bits"


def facts(snapshot: Snapshot) -> list[tuple[str, str]]:
    """What is measured, by name; losses in nats and bits per character."""
    progress, evaluated, best = snapshot.progress, snapshot.evaluated, snapshot.best
    final = evaluated.val_nats if evaluated and evaluated.final else None
    return [
        ("training", _nats(progress.train_nats if progress else None)),
        ("validation", _nats(_validation(snapshot))),
        ("best", _nats(best.val_nats if best else None)),
        ("best at step", f"{best.step:,}" if best else _NONE),
        *([("best, final", _nats(final))] if final is not None else []),
        ("speed", f"{progress.chars_per_second:,.0f} characters/s" if progress else _NONE),
        ("learning rate", f"{progress.lr:.3g}" if progress else _NONE),
        ("gradient norm", f"{progress.grad_norm:.3g}" if progress else _NONE),
        ("epochs", f"{snapshot.epochs:.3g}" if progress else _NONE),
        ("time", duration(progress.seconds) if progress else _NONE),
        ("evaluating", _share(snapshot, snapshot.evaluating)),
        ("saving", _share(snapshot, snapshot.saving)),
    ]


def layers(snapshot: Snapshot) -> list[tuple[str, str]]:
    """How each layer is: the norm of its weights, a step's update as a share of it, and how many of its
    units are saturated."""
    if not snapshot.vitals:
        return []
    rows = [
        (f"layer {v.layer + 1}", f"{v.weight_norm:<9.3g}{v.update_ratio:<8.2%}{v.saturated:.1%}")
        for v in snapshot.vitals
    ]
    return [("", "weights  update  saturated"), *rows]


def _share(snapshot: Snapshot, seconds: float) -> str:
    """Seconds as a part of all that it worked."""
    if not (snapshot.progress and seconds) or snapshot.partial:
        return _NONE
    return f"{seconds / (snapshot.progress.seconds + snapshot.saving):.1%} of the time"


def column(snapshot: Snapshot, others: tuple[Other, ...]) -> Content:
    """The numbers one under another, then the best of the runs it is compared with, and the layers."""
    compared = [(f"{other.mark} {other.name}"[:14], _nats(other.best)) for other in others]
    if compared:
        compared = [("", "best of each"), *compared]
    rows = [
        Content.assemble((f"{name:<15}", "$foreground 60%"), value)
        if name
        else Content.styled(f"{'':15}{value}", "$foreground 60%")
        for name, value in facts(snapshot) + compared + layers(snapshot)
    ]
    return Content("\n").join(rows)


def lines(snapshot: Snapshot) -> Content:
    """The same numbers in three lines for 56 cells."""
    progress, best = snapshot.progress, snapshot.best

    def short(name: str, nats: float | None) -> Content:
        return Content.assemble(
            (f"{name} ", "$foreground 60%"), _NONE if nats is None else f"{nats:.3f}", "  "
        )

    losses = Content.assemble(
        short("training", progress.train_nats if progress else None),
        short("validation", _validation(snapshot)),
        short("best", best.val_nats if best else None),
        f"at step {best.step:,}" if best else "",
    )
    if not progress:
        return losses
    rest = (
        f"{progress.chars_per_second:,.0f} chars/s  rate {progress.lr:.3g}  "
        f"gradient {progress.grad_norm:.2g}  {duration(progress.seconds)}"
    )
    return Content("\n").join([losses, Content(rest)])


def note(snapshot: Snapshot, asked: list[str]) -> Content:
    """What goes on or what to do, in words: requests not answered yet come first."""
    if snapshot.partial:
        return Content("reading the rest of this run's log …")
    if asked:
        return Content(visible("  ".join(f"asked to {what} …" for what in asked)))
    parts = [
        Content.styled(_overfitting(snapshot), "$text-warning"),
        Content.styled(visible(_advice(snapshot)), _STYLES.get(snapshot.status.word, "")),
    ]
    return Content("; ").join(part for part in parts if part)


def _overfitting(snapshot: Snapshot) -> str:
    """What to tell where evaluations get no better."""
    if snapshot.since_best < _PATIENCE:
        return ""
    best = snapshot.validation.steps[-1 - snapshot.since_best]
    return f"validation has not improved for {snapshot.since_best} evaluations; best at step {best:,.0f}"


def _advice(snapshot: Snapshot) -> str:
    word, reason = snapshot.status.word, snapshot.status.reason
    because = f", since {reason}" if reason else ""
    match word:
        case "starting":
            return "the trainer is starting …"
        case "killed":
            return f"the trainer was {reason}; what it saved is kept: r goes on from there"
        case "failed":
            return reason
        case "new":
            return f"not begun{f': {reason}' if reason else ''}; r starts it"
        case "stopped":
            return f"stopped and saved{because}: r goes on from there"
        case "finished":
            return f"finished{because}: o writes with it, k keeps it as a model"
        case "paused":
            paused = f"paused: {reason}" if reason else "paused; space goes on"
            return "; ".join(part for part in (paused, _answer(snapshot)) if part)
    if snapshot.evaluated and snapshot.evaluated.note:
        return snapshot.evaluated.note
    if answer := _answer(snapshot):
        return answer
    if snapshot.started and snapshot.progress:
        return snapshot.started.note
    return "the first steps: nothing is measured yet …"


def _answer(snapshot: Snapshot) -> str:
    """What was answered last; the status tells a pause and its end."""
    answers = [e for e in snapshot.answers.values() if not isinstance(e, Paused | Resumed)]
    if not answers:
        return ""
    return f"step {answers[-1].step:,}: {describe(answers[-1]) or answers[-1].name}"

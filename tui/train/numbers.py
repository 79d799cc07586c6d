"""A run's numbers as text: one column of them, or a few lines where there is little room."""

from __future__ import annotations

import math

from textual.content import Content

from tui.phrases import describe, duration
from tui.train.compare import Other
from tui.train.follow import Snapshot

MARKS = {
    "starting": "◌",
    "new": "◌",
    "running": "▶",
    "paused": "‖",
    "finished": "✓",
    "stopped": "■",
    "failed": "✗",
    "killed": "✗",
}
"""A sign for each word that a run's status can be, so that colour is not needed."""
_STYLES = {"running": "$text-success", "finished": "$text-success", "paused": "$text-warning"}
_STYLES |= {"failed": "$text-error", "killed": "$text-error"}
_NONE = "–"
_PATIENCE = 5
"""Evaluations without a better one from where on it is told."""


def state(word: str) -> Content:
    """A status with its sign."""
    return Content.styled(f"{MARKS.get(word, '?')} {word}", _STYLES.get(word, ""))


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


def _nats(nats: float | None) -> str:
    return _NONE if nats is None else f"{nats:.3f} nats  {nats / math.log(2):.3f} bits"


def facts(snapshot: Snapshot) -> list[tuple[str, str]]:
    """What is measured, by name; losses in nats and bits per character."""
    progress, evaluated, best = snapshot.progress, snapshot.evaluated, snapshot.best
    label = "final" if evaluated and evaluated.final else "validation"
    return [
        ("training", _nats(progress.train_nats if progress else None)),
        (label, _nats(evaluated.val_nats if evaluated else None)),
        ("best", _nats(best.val_nats if best else None)),
        ("at step", f"{best.step:,}" if best else _NONE),
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
    """The numbers one under another, then the layers, and the best of the runs it is compared with."""
    compared = [(f"{other.mark} {other.name}"[:14], _nats(other.best)) for other in others]
    rows = [
        Content.assemble((f"{name:<15}", "$foreground 60%"), value)
        for name, value in facts(snapshot) + layers(snapshot) + compared
    ]
    return Content("\n").join(rows)


def lines(snapshot: Snapshot) -> Content:
    """The same numbers in three lines for 56 cells."""
    progress, evaluated, best = snapshot.progress, snapshot.evaluated, snapshot.best

    def short(name: str, nats: float | None) -> Content:
        return Content.assemble(
            (f"{name} ", "$foreground 60%"), _NONE if nats is None else f"{nats:.3f}", "  "
        )

    losses = Content.assemble(
        short("training", progress.train_nats if progress else None),
        short("validation", evaluated.val_nats if evaluated else None),
        short("best", best.val_nats if best else None),
        f"({best.val_nats / math.log(2):.3f} bits)" if best else "",
    )
    if not progress:
        return losses
    rest = (
        f"{progress.chars_per_second:,.0f} chars/s  rate {progress.lr:.3g}  "
        f"gradient {progress.grad_norm:.2g}  {duration(progress.seconds)}"
    )
    return Content("\n").join([losses, Content(rest)])


def note(snapshot: Snapshot, asked: list[str]) -> str:
    """The line that says what goes on or what to do: requests not answered yet come first."""
    if snapshot.partial:
        return "reading the rest of this run's log …"
    if asked:
        return "  ".join(f"asked to {what} …" for what in asked)
    parts = [_overfitting(snapshot), _advice(snapshot)]
    return "; ".join(part for part in parts if part)


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
            return "the trainer was killed; what it saved is kept: r goes on from there"
        case "failed":
            return reason
        case "new":
            return f"not begun{f': {reason}' if reason else ''}; r starts it"
        case "stopped":
            return f"stopped and saved{because}: r goes on from there"
        case "finished":
            return f"finished{because}: o writes with it, k keeps it as a model"
    if snapshot.evaluated and snapshot.evaluated.note:
        return snapshot.evaluated.note
    answers = list(snapshot.answers.values())
    if answers:
        return f"step {answers[-1].step:,}: {describe(answers[-1]) or answers[-1].name}"
    return snapshot.started.note if snapshot.started else "measuring how fast a step is …"

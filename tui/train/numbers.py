"""A run's figures as text: in one column, or in a few lines if there is little room."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from engine.runs.events import Event, Paused, Refused, Resumed
from engine.words import counted
from tui.figures.snapshot import Snapshot
from tui.figures.table import BEST, FIGURES, LOSSES, NO_VALIDATION, OTHERS, shown
from tui.figures.words import describe
from tui.phrases import SIGNS, duration
from tui.text import brief, visible
from tui.told import in_app
from tui.train.compare import Other

_STYLES = {"running": "$text-success", "finished": "$text-success", "paused": "$text-warning"}
_STYLES |= {"failed": "$text-error", "killed": "$text-error"}
_NONE = "–"
_PATIENCE = 5
"""After this many evaluations without improvement, a warning is shown."""


def state(word: str) -> Content:
    """A status with its sign."""
    return Content.styled(f"{SIGNS.get(word, '?')} {word}", _STYLES.get(word, ""))


def bar(snapshot: Snapshot, width: int) -> Content:
    """The progress of a run, in one line of `width` cells."""
    total, left = snapshot.total_steps, snapshot.seconds_left
    if total is None:
        return Content("")
    tail = f" {snapshot.percent:3}%  step {snapshot.step:,} of {total:,}"
    if snapshot.status.word in ("running", "paused") and left is not None:
        tail += f"  {duration(left)} left"
    room = max(0, width - len(tail))
    full = round(snapshot.share * room)
    return Content.assemble(
        ("━" * full, "$primary"), ("╌" * (room - full), "$foreground 30%"), tail
    )


def facts(snapshot: Snapshot) -> list[tuple[str, str]]:
    """The names and values of the figures. Losses are in nats and bits per character."""
    rows = shown("column", snapshot)
    return [(f.label, text or _NONE) for f, text in rows if text or not f.late]


def layers(snapshot: Snapshot) -> list[tuple[str, str]]:
    """A table of the figures of each layer, with a heading."""
    if not snapshot.vitals:
        return []
    columns = [f for f in FIGURES if f.layers]

    def row(cells: Iterable[str]) -> str:
        pairs = zip(columns, cells, strict=True)
        return "".join(f"{cell:<{len(f.label) + 2}}" for f, cell in pairs).rstrip()

    rows = [
        (f"layer {v.layer + 1}", row(f.text("layers", getattr(v, f.field)) for f in columns))
        for v in snapshot.vitals
    ]
    return [("", row(f.label for f in columns)), *rows]


def column(snapshot: Snapshot, others: tuple[Other, ...]) -> Content:
    """The figures in a column, then the best losses of the compared runs, then the layers."""
    compared = list[tuple[str, str]]()
    for heading, group in (
        ("best of each", [o for o in others if not o.corpus]),
        ("on another text", [o for o in others if o.corpus]),
    ):
        rows = [(f"{o.mark} {o.name}"[:14], _best(o)) for o in group]
        compared += [("", heading), *rows] if rows else []
    lines = [
        Content.assemble((f"{name:<15}", "$foreground 60%"), value)
        if name
        else Content.styled(f"{'':15}{value}", "$foreground 60%")
        for name, value in facts(snapshot) + compared + layers(snapshot)
    ]
    return Content("\n").join(lines)


def _best(other: Other) -> str:
    if not other.validates:
        return NO_VALIDATION["column"]
    return BEST.text("column", other.best) or _NONE


def lines(snapshot: Snapshot) -> Content:
    """The figures in two lines of 56 cells."""
    losses = [
        Content.assemble(
            (f"{f.label} ", "$foreground 60%"), text.removeprefix(f"{f.label} ") or _NONE
        )
        for f, text in shown("lines", snapshot, LOSSES)
    ]
    others = "  ".join(text for _, text in shown("lines", snapshot, OTHERS) if text)
    return Content("\n").join([Content("  ").join(losses), *([Content(others)] if others else [])])


def note(snapshot: Snapshot, asked: list[str]) -> Content:
    """What is happening or what to do next. Unanswered requests come first."""
    if snapshot.partial:
        return Content("reading the rest of this run's log …")
    if asked:
        return Content(visible("  ".join(f"asked to {what} …" for what in asked)))
    style = _STYLES.get(snapshot.status.word, "")
    if not snapshot.over and isinstance(_last_answer(snapshot), Refused):
        style = "$text-error"
    parts = [
        Content.styled(_overfitting(snapshot), "$text-warning"),
        Content.styled(brief(in_app(_advice(snapshot))), style),
    ]
    return Content("; ").join(part for part in parts if part)


def _overfitting(snapshot: Snapshot) -> str:
    """A warning if evaluations no longer improve; otherwise empty."""
    if snapshot.since_best < _PATIENCE:
        return ""
    best = snapshot.validation.steps[-1 - snapshot.since_best]
    evaluations = counted(snapshot.since_best, "evaluation")
    return f"validation has not improved for {evaluations}; best at step {best:,.0f}"


def _advice(snapshot: Snapshot) -> str:
    word, reason = snapshot.status.word, snapshot.status.reason
    because = f", since {reason}" if reason else ""
    match word:
        case "starting":
            return "the trainer is starting …"
        case "killed":
            return f"the trainer was {reason}; what it saved is kept: r resumes from there"
        case "failed":
            return reason
        case "new":
            return f"not begun{f': {reason}' if reason else ''}; r starts it"
        case "stopped":
            return f"stopped and saved{because}: r resumes from there"
        case "finished":
            return f"finished{because}: o writes with it, k keeps it as a model, r trains it longer"
        case "paused":
            paused = f"paused: {reason}" if reason else "paused; space continues"
            return "; ".join(part for part in (paused, _answer(snapshot)) if part)
    if snapshot.evaluated and snapshot.evaluated.note:
        return snapshot.evaluated.note
    if answer := _answer(snapshot):
        return answer
    if snapshot.started and snapshot.progress:
        return snapshot.started.note
    return "the first steps: nothing is measured yet …"


def _answer(snapshot: Snapshot) -> str:
    """The running trainer's last answer to a request. Pauses are left out, since the status shows them."""
    answer = _last_answer(snapshot)
    return f"step {answer.step:,}: {describe(answer) or answer.name}" if answer else ""


def _last_answer(snapshot: Snapshot) -> Event | None:
    life = snapshot.started.life if snapshot.started else 0
    answers = (e for e in snapshot.answers.values() if e.life == life)
    return next((e for e in reversed([*answers]) if not isinstance(e, Paused | Resumed)), None)

"""`helo runs show`: a run on a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.events import Changed, Evaluated, Event, Progress, RolledBack, Sampled, Started
from engine.points import Point, points
from engine.summary import Summary
from tui.cli.output import draws, facts, write
from tui.phrases import describe, duration, loss

if TYPE_CHECKING:
    from engine.rundir import RunDirectory

_COLUMNS, _ROWS = 60, 8
_BLOCKS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:|"


def show(run: RunDirectory, found: Summary) -> None:
    """Configuration, how it stands, the curve, what it kept, and the newest text it wrote."""
    info, events = run.info(), run.events()
    config, kept = info.config, points(run)
    progress = [e for e in events if isinstance(e, Progress)]
    started = [e for e in events if isinstance(e, Started)]
    evaluated = [e for e in events if isinstance(e, Evaluated) and e.best and not e.final]
    samples = [e for e in events if isinstance(e, Sampled)]
    best = min(evaluated, key=lambda e: e.val_nats, default=None)
    facts(
        {
            "run": found.name,
            "status": f"{found.status}: {found.reason}" if found.reason else found.status,
            "corpus": found.corpus,
            "begins as": found.init_from,
            "network": str(config.model),
            "learning": f"lr {config.lr:.3g}, dropout {config.dropout:g}, clip {config.clip:g}, "
            f"weight decay {config.weight_decay:g}, seed {config.seed}",
            "machine": _machine(started[-1]) if started else "",
            "changes": "; ".join(_changes(events)),
            "steps": f"{found.step:,} of {found.total_steps:,} in {duration(found.seconds)}",
            "rate": f"{progress[-1].chars_per_second:,.0f} characters/s" if progress else "",
            "loss": loss(found.best_val_nats),
            "best": f"at step {best.step:,}" if best else "",
            "kept": ", ".join(_kept(kept)),
            "begun": found.created,
            "folder": found.folder,
        }
    )
    losses = [(e.step, e.train_nats) for e in progress if math.isfinite(e.train_nats)]
    if lines := curve(losses, draws(_BLOCKS)):
        write("\n" + "\n".join(lines) + "\n")
    if samples:
        write(f"\nsample at step {samples[-1].step:,}\n{samples[-1].text.strip()}\n")


def _machine(started: Started) -> str:
    text = f"{started.batch} × {started.seq_length} characters a step, {started.device}"
    text = f"{text} {started.dtype}, threads {started.threads}"
    return f"{text}, {started.processes} processes" if started.processes > 1 else text


def _changes(events: Iterable[Event]) -> Iterator[str]:
    """What was changed on the way, and where it went back."""
    for event in events:
        setting = isinstance(event, Changed) and event.setting != "stop"
        if setting or isinstance(event, RolledBack):
            yield f"{describe(event)} (step {event.step:,})"


def _kept(kept: Iterable[Point]) -> Iterator[str]:
    """The steps that can be gone back to or begun with."""
    for step in sorted({point.step for point in kept}):
        names = [point.name for point in kept if point.step == step and point.name]
        yield f"{step:,} ({', '.join(names)})" if names else f"{step:,}"


def curve(losses: list[tuple[int, float]], blocks: bool = True) -> list[str]:
    """Training losses in nats by step as lines of text, the lowest and the highest beside it; none for
    less than two. Without `blocks` in ASCII."""
    if len(losses) < 2:
        return []
    first, last, width = losses[0][0], losses[-1][0], min(_COLUMNS, len(losses))
    columns: list[list[float]] = [[] for _ in range(width)]
    for step, nats in losses:
        columns[min(width - 1, (step - first) * width // max(last - first, 1))].append(nats)
    means = [sum(column) / len(column) if column else None for column in columns]
    known = [mean for mean in means if mean is not None]
    low, top = min(known), max(known)
    marks = _BLOCKS if blocks else _ASCII
    finest = len(marks) - 1
    # the lowest still has a mark to stand on
    heights = [
        0 if mean is None else 1 + round((mean - low) / ((top - low) or 1) * (_ROWS * finest - 1))
        for mean in means
    ]
    rows = [
        "".join(marks[max(0, min(finest, height - row * finest))] for height in heights).rstrip()
        for row in reversed(range(_ROWS))
    ]
    labels = [f"{top:.2f}", *[""] * (_ROWS - 2), f"{low:.2f}"]
    beside = max(map(len, labels))
    lines = [f"{label:>{beside}} {row}".rstrip() for label, row in zip(labels, rows, strict=True)]
    ends = f"{first:,}{f'{last:,}':>{max(0, width - len(f'{first:,}'))}}"
    return ["training loss in nats", *lines, f"{'':{beside}} {ends}"]

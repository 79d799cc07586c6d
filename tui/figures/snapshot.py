"""A run as it stands, computed from the events kept of its log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Extended,
    Progress,
    RolledBack,
    Sampled,
    Saved,
    Started,
    Vitals,
    total_steps,
    until,
)
from engine.runs.kept import Kept
from engine.runs.rundir import RunStatus
from engine.text.survey import Reference
from tui.curves.series import Series

ENDED = frozenset({"finished", "stopped", "failed", "killed", "new"})
"""The statuses of runs without a trainer."""


@dataclass(frozen=True)
class Snapshot:
    """A run as it stands. Its status is "starting" until the trainer has written an event."""

    status: RunStatus
    newest: Mapping[type[Event], Event]
    """The newest of each kind. The final evaluation does not count, since it measures other weights."""
    evaluated: Evaluated | None
    """The newest evaluation, including the final one."""
    best: Evaluated | None
    """The best evaluation of the curve. The final one does not count: it measures the best model again."""
    train: Series
    validation: Series
    samples: tuple[Sampled, ...]
    """By step, one per step: samples of the same step are the same text."""
    vitals: tuple[Vitals, ...]
    """The newest of each layer, from the bottom."""
    changes: tuple[Changed | RolledBack | Extended, ...]
    """Where a setting or the number of steps changed, or the run went back to an earlier state."""
    total_steps: int | None
    """The number of steps planned; None if it is not known."""
    until: float
    """The seconds of training at its end; 0 if its number of steps was asked for."""
    evaluating: float
    """Seconds spent evaluating, part of the training's own seconds."""
    saving: float
    """Seconds spent saving, not part of the training's own seconds."""
    last: Event | None
    """The newest event of all."""
    answers: Mapping[str, Event] = field(default_factory=dict)
    """The answers to requests, by request id."""
    references: tuple[Reference, ...] = ()
    """What to compare its losses with, as far as it is known."""
    partial: bool = False
    """Whether only the end of the log has been read so far."""

    @property
    def started(self) -> Started | None:
        event = self.newest.get(Started)
        return event if isinstance(event, Started) else None

    @property
    def progress(self) -> Progress | None:
        event = self.newest.get(Progress)
        return event if isinstance(event, Progress) else None

    @property
    def validates(self) -> bool:
        """Whether it has a validation part, as far as is known."""
        return self.started is None or self.started.validates or self.evaluated is not None

    @property
    def final(self) -> float | None:
        """The loss of the best model, measured again at the very end."""
        return self.evaluated.val_nats if self.evaluated and self.evaluated.final else None

    @property
    def over(self) -> bool:
        return self.status.word in ENDED

    @property
    def step(self) -> int:
        return self.last.step if self.last else 0

    @property
    def share(self) -> float:
        """The share of the steps that is done, in [0, 1]."""
        return min(1.0, self.step / max(1, self.total_steps)) if self.total_steps else 0.0

    @property
    def percent(self) -> int:
        """`share` in percent, rounded down, so that 100 means the end."""
        return int(100 * self.share + 1e-9)

    @property
    def epochs(self) -> float | None:
        """Passes over the training part; None if not known."""
        if not (self.started and self.progress):
            return None
        return self.progress.chars / max(1, self.started.train_chars)

    @property
    def evaluating_share(self) -> float | None:
        """The share of the total time spent evaluating."""
        return self._share(self.evaluating)

    @property
    def saving_share(self) -> float | None:
        """The share of the total time spent saving."""
        return self._share(self.saving)

    def _share(self, seconds: float) -> float | None:
        if not (self.progress and seconds) or self.partial:
            return None
        return seconds / (self.progress.seconds + self.saving)

    @property
    def since_best(self) -> int:
        """The number of evaluations since the best of the curve; 0 while a run is trained longer, since the
        learning rate that rises again makes it worse at first."""
        if not self.over and any(isinstance(change, Extended) for change in self.changes):
            return 0
        nats = self.validation.nats
        return len(nats) - 1 - int(nats.argmin()) if len(nats) else 0

    @property
    def seconds_left(self) -> float | None:
        """Seconds left: of those asked for, or at the mean speed so far; None if that is not known."""
        if self.until and self.progress and self.step < (self.total_steps or 0):
            return max(0.0, self.until - self.progress.seconds)
        if not (self.total_steps and self.progress and self.progress.step):
            return None
        a_step = self.progress.seconds / self.progress.step
        return max(0, self.total_steps - self.step) * a_step


def look(kept: Kept, status: RunStatus, **more: Any) -> Snapshot:
    """A run with this status, as it stands. `more` holds the fields that do not come from events."""
    evaluated = kept.of(Evaluated)
    curve = [e for e in evaluated if not e.final]
    newest = kept.newest()
    newest.pop(Evaluated, None)
    changes = [e for e in kept.rest if isinstance(e, Changed | RolledBack | Extended)]
    return Snapshot(
        status=status,
        newest=newest | ({Evaluated: curve[-1]} if curve else {}),
        evaluated=evaluated[-1] if evaluated else None,
        best=min((e for e in curve if e.best), key=lambda e: e.val_nats, default=None),
        train=Series.of((e.step, nats) for e, nats in kept.progress),
        validation=Series.of((e.step, e.val_nats) for e in curve),
        samples=tuple({e.step: e for e in kept.of(Sampled)}.values()),
        vitals=tuple({e.layer: e for e in kept.of(Vitals)}.values()),
        changes=tuple(e for e in changes if not (isinstance(e, Changed) and e.setting == "stop")),
        total_steps=total_steps(kept.rest),
        until=until(kept.rest),
        evaluating=sum(e.took for e in evaluated),
        saving=sum(e.took for e in kept.of(Saved)),
        last=kept.last,
        **more,
    )

"""The events of a run: frozen values with one JSON form, and the one way to fold a log of them.

Every event has `life` (which trainer process of the run, from 0) and `step`. `Resumed` and `RolledBack`
void the earlier events with a larger step; `Extended` voids the final evaluation. An event that answers a
request carries the request's `id`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import ClassVar

from engine import outside
from engine.errors import DamagedError

KINDS: dict[str, type[Event]] = {}
"""Every kind of event by its name."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """The fields that all events have."""

    life: int
    step: int
    id: str = ""
    """The id of the request that this answers."""

    name: ClassVar[str] = ""
    frequent: ClassVar[bool] = False
    """Whether it recurs so often that long logs consist of such events."""
    deterministic: ClassVar[bool] = False
    """Whether kills and resumptions leave it unchanged, except for times."""

    def __init_subclass__(cls) -> None:
        KINDS[cls.name] = cls

    def to_json(self) -> str:
        return json.dumps({"event": self.name, **asdict(self)})


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """A life begins; it ends after `total_steps` at the latest."""

    name: ClassVar[str] = "started"
    total_steps: int
    batch: int
    seq_length: int
    parameters: int
    train_chars: int
    val_chars: int
    device: str
    dtype: str
    threads: int
    """Threads of each process."""
    processes: int = 1
    note: str = ""
    until: float = 0.0
    """Seconds of training at its end, by which the steps are planned anew on the way; 0 if they are
    not."""
    anew: bool = False
    """Whether it starts from nothing, which voids all events of earlier lives."""

    @property
    def validates(self) -> bool:
        """Whether there is text to validate on: a character to read and one to predict."""
        return self.val_chars >= 2


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """How training goes, at most four times a second. `train_nats` is the mean since the last one."""

    name: ClassVar[str] = "progress"
    frequent: ClassVar[bool] = True
    chars: int
    seconds: float
    """Time spent training in all lives, without pauses."""
    train_nats: float
    lr: float
    grad_norm: float
    """Before clipping."""
    chars_per_second: float


@dataclass(frozen=True, kw_only=True)
class Evaluated(Event):
    """A loss on the validation part, in parallel columns or, at the end, in one stateful pass."""

    name: ClassVar[str] = "evaluated"
    frequent: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True
    chars: int
    seconds: float
    val_nats: float
    predictions: int
    protocol: str
    best: bool
    final: bool = False
    note: str = ""
    """What is wrong with the network, if anything."""
    took: float = 0.0
    """Seconds it took, included in `seconds`."""


@dataclass(frozen=True, kw_only=True)
class Vitals(Event):
    """The state of a layer, counted from 0 at the bottom, as measured by `engine.training.vitals`."""

    name: ClassVar[str] = "vitals"
    frequent: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True
    layer: int
    weight_norm: float
    update_ratio: float
    """Norm of a step's update ÷ norm of the weights."""
    saturated: float
    """Share of the units that are saturated."""


@dataclass(frozen=True, kw_only=True)
class Sampled(Event):
    """A text written with the weights of this step, the same prompt and random numbers each time."""

    name: ClassVar[str] = "sampled"
    frequent: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True
    prompt: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Saved(Event):
    """The state is on disk as `file`, which is a mark's if one was asked for."""

    name: ClassVar[str] = "saved"
    frequent: ClassVar[bool] = True
    file: str
    took: float = 0.0
    """Seconds that the training waited for it, not included in the `seconds` of other events."""


@dataclass(frozen=True, kw_only=True)
class Changed(Event):
    """A setting has a new value from this step on."""

    name: ClassVar[str] = "changed"
    deterministic: ClassVar[bool] = True
    setting: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Extended(Event):
    """The training continues from this step to `total_steps`, longer or shorter than was planned."""

    name: ClassVar[str] = "extended"
    deterministic: ClassVar[bool] = True
    total_steps: int
    until: float = 0.0
    """As in `Started`."""


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """The training ends after `total_steps`, more or fewer than before, so that it ends in time."""

    name: ClassVar[str] = "planned"
    total_steps: int


@dataclass(frozen=True, kw_only=True)
class Refused(Event):
    """A request that was not carried out, and why."""

    name: ClassVar[str] = "refused"
    reason: str


@dataclass(frozen=True, kw_only=True)
class Paused(Event):
    """The trainer waits: because it was asked to, or for the given `reason`."""

    name: ClassVar[str] = "paused"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Resumed(Event):
    """The training continues from `step`, after a pause or in a new life."""

    name: ClassVar[str] = "resumed"


@dataclass(frozen=True, kw_only=True)
class RolledBack(Event):
    """The training went back to the state of an earlier `step`, for the given `reason` or because it was
    asked to."""

    name: ClassVar[str] = "rolled_back"
    deterministic: ClassVar[bool] = True
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    """A life ended normally. `finished` if all steps were taken, or no more were needed; `note` says
    why."""

    name: ClassVar[str] = "stopped"
    finished: bool
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """A life ended in an error. The kept states are good."""

    name: ClassVar[str] = "failed"
    reason: str


def parse(line: str) -> Event | None:
    """The event on a line of the log, or None if there is none: a torn or damaged line, a number that is
    not finite, an unknown kind."""
    try:
        data = outside.parse_json(line)
        name = data.get("event") if isinstance(data, dict) else None
        kind = KINDS.get(name) if isinstance(name, str) else None
        return outside.convert(kind, data) if kind else None
    except DamagedError:
        return None


def reach(event: Event) -> float:
    """The largest step of earlier events that still count after this one."""
    if isinstance(event, Resumed | RolledBack):
        return event.step
    return -math.inf if isinstance(event, Started) and event.anew else math.inf


def is_final(event: Event) -> bool:
    """Whether it is the final evaluation, which no longer counts once the run is extended."""
    return isinstance(event, Evaluated) and event.final


def fold(events: Iterable[Event]) -> list[Event]:
    """The events that count: each `Resumed` and `RolledBack` voids earlier events with a larger step; a
    life that begins `anew` voids all, and `Extended` the final evaluation."""
    kept = list[Event]()
    top = -math.inf
    for event in events:
        if (most := reach(event)) < top:
            kept = [e for e in kept if e.step <= most]
            top = most
        if isinstance(event, Extended):
            kept = [e for e in kept if not is_final(e)]
        kept.append(event)
        top = max(top, event.step)
    return kept


def total_steps(events: Iterable[Event]) -> int | None:
    """The number of steps planned, from folded events; None if no life has begun."""
    planned = [e.total_steps for e in events if isinstance(e, Started | Extended | Planned)]
    return planned[-1] if planned else None


def until(events: Iterable[Event]) -> float:
    """The seconds of training at the end of a run, from folded events; 0 if its steps were asked for, or
    no life has begun."""
    return next((e.until for e in [*events][::-1] if isinstance(e, Started | Extended)), 0.0)

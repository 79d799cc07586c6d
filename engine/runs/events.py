"""What happens in a run, as frozen values with one JSON form; and the one way to fold a log of them.

Every event has `life` (which trainer process of the run, from 0) and `step`. `Resumed` and `RolledBack`
void the earlier events with a larger step. An event that answers a request carries the request's `id`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

KINDS: dict[str, type[Event]] = {}
"""Every kind of event by its name."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What all have in common."""

    life: int
    step: int
    id: str = ""
    """The request that this answers."""

    name: ClassVar[str] = ""
    frequent: ClassVar[bool] = False
    """Whether it comes again and again, so that a long log is made of such events."""
    deterministic: ClassVar[bool] = False
    """Whether kills and resumptions leave it as it would have been without them, times aside."""

    def __init_subclass__(cls) -> None:
        KINDS[cls.name] = cls

    def to_json(self) -> str:
        return json.dumps({"event": self.name, **asdict(self)})


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """A life begins; `total_steps` is fixed from here on."""

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
    """Of each process."""
    processes: int = 1
    note: str = ""
    anew: bool = False
    """Begins at nothing: all that earlier lives said is void."""


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """How it goes, at most four times a second; `train_nats` is the mean since the last one."""

    name: ClassVar[str] = "progress"
    frequent: ClassVar[bool] = True
    chars: int
    seconds: float
    """Spent training in all lives, pauses left out."""
    train_nats: float
    lr: float
    grad_norm: float
    """Before clipping."""
    chars_per_second: float


@dataclass(frozen=True, kw_only=True)
class Evaluated(Event):
    """A loss on the validation part: in parallel columns, or at the end one stateful pass."""

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
    """What is wrong with the network, where something is."""
    took: float = 0.0
    """Seconds, which are a part of `seconds`."""


@dataclass(frozen=True, kw_only=True)
class Vitals(Event):
    """How a layer is, counted from 0 at the bottom, as `vitals` measures it."""

    name: ClassVar[str] = "vitals"
    frequent: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True
    layer: int
    weight_norm: float
    update_ratio: float
    """Of a step's update to the weights, norm to norm."""
    saturated: float
    """Share of the units."""


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
    """The state is on disk, as `file`: that of a mark where one was asked for."""

    name: ClassVar[str] = "saved"
    frequent: ClassVar[bool] = True
    file: str
    took: float = 0.0
    """Seconds, which are no part of the others' `seconds`."""


@dataclass(frozen=True, kw_only=True)
class Changed(Event):
    """A setting has a new value from this step on."""

    name: ClassVar[str] = "changed"
    deterministic: ClassVar[bool] = True
    setting: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Refused(Event):
    """A request that was not carried out, and why."""

    name: ClassVar[str] = "refused"
    reason: str


@dataclass(frozen=True, kw_only=True)
class Paused(Event):
    """Waits: because it was asked to, or for the `reason` given."""

    name: ClassVar[str] = "paused"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Resumed(Event):
    """Goes on from `step`, after a pause or in a new life."""

    name: ClassVar[str] = "resumed"


@dataclass(frozen=True, kw_only=True)
class RolledBack(Event):
    """Went back to the state of an earlier `step`, for the `reason` given or because it was asked to."""

    name: ClassVar[str] = "rolled_back"
    deterministic: ClassVar[bool] = True
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    """A life ends as it should; `finished` where all steps were taken, or no more were needed, and why."""

    name: ClassVar[str] = "stopped"
    finished: bool
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """A life ends as it should not; the states kept are good."""

    name: ClassVar[str] = "failed"
    reason: str


_FIELDS = {kind: {field.name for field in fields(kind)} for kind in KINDS.values()}


def parse(line: str) -> Event | None:
    """The event of a line of the log, or None for a line that is none (a torn one, a newer kind)."""
    try:
        data: dict[str, Any] = json.loads(line)
        kind = KINDS[data.pop("event")]
        if not data.keys() <= (known := _FIELDS[kind]):
            data = {key: value for key, value in data.items() if key in known}
        event = kind(**data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return event if isinstance(event.life, int) and isinstance(event.step, int) else None


def reach(event: Event) -> float:
    """The largest step of the earlier events that still count once this one has come."""
    if isinstance(event, Resumed | RolledBack):
        return event.step
    return -math.inf if isinstance(event, Started) and event.anew else math.inf


def fold(events: Iterable[Event]) -> list[Event]:
    """The events that count: each `Resumed` and `RolledBack` voids what came before with a larger step, a
    life that begins `anew` all of it."""
    kept = list[Event]()
    top = -math.inf
    for event in events:
        if (most := reach(event)) < top:
            kept = [e for e in kept if e.step <= most]
            top = most
        kept.append(event)
        top = max(top, event.step)
    return kept

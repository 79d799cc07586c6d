"""What was measured on this machine: how fast it learns, and whether bfloat16 pays off.

Kept in `machine.json` by processor, device, threads and versions, since a measurement takes seconds, in
which other work may be going on. Each new one counts for half, and so does what a run really did.
"""

from __future__ import annotations

import platform
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace

from engine import outside, places
from engine.config import ModelConfig
from engine.errors import DamagedError, HeloError, StorageError
from engine.runs import recipe
from engine.runs.recipe import LADDER
from engine.storage import write_json
from engine.version import __version__
from engine.words import counted

_VERSION = 1
_MOST = 100
"""Networks of which it is kept how much faster bfloat16 is: the newest."""


@dataclass(frozen=True)
class Kind:
    """What measurements depend on."""

    processor: str
    device: str
    threads: int
    dtype: str
    """The precision that was asked for."""
    torch: str
    helo: str = __version__

    def __str__(self) -> str:
        threads = counted(self.threads, "thread")
        return f"{self.device}, {threads}, {self.dtype}, helo {self.helo}, torch {self.torch}"


@dataclass(frozen=True)
class Measured:
    """What is known of a kind of machine."""

    kind: Kind
    pace: list[float] = field(default_factory=list)
    """Characters per second in training with each rung of the recipe's ladder; empty if not known."""
    speedups: dict[str, float] = field(default_factory=dict)
    """How many times as fast as in float32 a step is in bfloat16, by `network`."""

    def __post_init__(self) -> None:
        if self.pace and (len(self.pace) != len(LADDER) or min(self.pace) <= 0):
            raise DamagedError("pace is not that of every network")
        if min(self.speedups.values(), default=1) <= 0:
            raise DamagedError("no step takes no time")


@dataclass(frozen=True)
class _File:
    """The contents of `machine.json`."""

    kinds: list[Measured]


def processor() -> str:
    """The name of this machine's processor."""
    return processor_fact("model name") or platform.processor() or platform.machine()


def processor_fact(*names: str) -> str:
    """What Linux says of the first processor under one of these names; "" if it does not."""
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(names):
                return line.partition(":")[2].strip()
    return ""


def everything() -> list[Measured]:
    """What is known, the newest last. A file that cannot be read is made anew with the next measurement."""
    path = places.machine()
    try:
        with outside.reading(path, StorageError):
            data = outside.known_version(outside.parse_json(outside.read(path)), _VERSION)
            return outside.convert(_File, data).kinds
    except HeloError:
        return []


def known(kind: Kind) -> Measured:
    """What is known of one kind of machine."""
    return next((found for found in everything() if found.kind == kind), Measured(kind))


def learn_pace(kind: Kind, fresh: list[float]) -> list[float]:
    """Take in a new pace of each rung. Returns what is to be believed."""
    found = known(kind)
    pace = [_halfway(old, new) for old, new in zip(found.pace or fresh, fresh, strict=True)]
    _keep(replace(found, pace=pace))
    return pace


def learn_run(
    kind: Kind, model: ModelConfig, batch: int, seq_length: int, V: int, chars_per_second: float
) -> None:
    """Take in how fast a run was over V symbols, if its sizes are those of a rung whose pace is known."""
    found, sizes = known(kind), (replace(model, lines=False), batch, seq_length)
    for i, rung in enumerate(LADDER if found.pace else ()):
        if (rung.model, rung.batch, rung.seq_length) == sizes:
            pace = list(found.pace)
            pace[i] = _halfway(pace[i], chars_per_second / recipe.speed(rung, V, 1.0))
            _keep(replace(found, pace=pace))


def learn_speedup(kind: Kind, network: str, fresh: float) -> float:
    """Take in how many times as fast as in float32 a step is in bfloat16. Returns what is to be
    believed."""
    found = known(kind)
    speedups = dict(found.speedups)
    believed = _halfway(speedups.pop(network, fresh), fresh)
    newest = [*speedups.items(), (network, believed)][-_MOST:]
    _keep(replace(found, speedups=dict(newest)))
    return believed


def network(model: ModelConfig, batch: int, seq_length: int) -> str:
    """The sizes of a step: `lstm 512×2, 32 × 64`."""
    return f"{model}, {batch} × {seq_length}"


def _halfway(old: float, new: float) -> float:
    return round((old + new) / 2, 3)


def _keep(found: Measured) -> None:
    """Write what is known. A disk that refuses costs only the memory."""
    others = [other for other in everything() if other.kind != found.kind]
    with suppress(StorageError):
        write_json(places.machine(), {"version": _VERSION} | asdict(_File([*others, found])))

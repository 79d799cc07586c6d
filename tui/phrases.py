"""Figures and events in words, the same on the command line and on the screens."""

from __future__ import annotations

import math
import signal
from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING

from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Failed,
    Paused,
    Progress,
    Refused,
    Resumed,
    RolledBack,
    Saved,
    Started,
    Stopped,
)

if TYPE_CHECKING:
    from engine.runs.rundir import RunInfo
    from engine.text.sources.catalogue import Entry

SIGNS = {
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


def loss(nats: float | None) -> str:
    """A loss in both units."""
    return "–" if nats is None else f"{nats:.4f} nats ({nats / math.log(2):.4f} bits) a character"


def number(value: float | None, form: str) -> str:
    """A number in a format; a dash where there is none."""
    return "–" if value is None else format(value, form)


def size(number: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "KB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def alphabet(symbols: Sized, units: str) -> str:
    """How many different symbols there are."""
    return f"{len(symbols)} {units}s"


def fetchable(entry: Entry) -> str:
    """How much there is to fetch of what the catalogue has."""
    return f"{size(entry.size)} to fetch" if entry.size else "to fetch"


def duration(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def versions(found: Mapping[str, str]) -> str:
    """Names and their versions in a line."""
    return ", ".join(f"{name} {version}" for name, version in found.items())


def trained(info: RunInfo) -> str:
    """What a run trains, and on what."""
    return f"{info.config.model}, on {info.corpus_name}"


def killed(code: int) -> str:
    """What killed a trainer with this exit status, the negative of a signal."""
    if code == -signal.SIGKILL:
        return "killed, as the kernel does where memory runs out: a smaller batch needs less"
    return f"killed ({signal.strsignal(-code) or f'signal {-code}'})"


def describe(event: Event) -> str:
    """An event as a line, without its step; empty for one not worth a line."""
    match event:
        case Started():
            text = (
                f"started: {event.parameters:,} parameters, {event.total_steps:,} steps of "
                f"{event.batch} × {event.seq_length} characters, {event.device} {event.dtype}"
            )
            if event.processes > 1:
                text += f", {event.processes} processes"
            return f"{text}; {event.note}" if event.note else text
        case Progress():
            return (
                f"train {event.train_nats:.4f} nats, lr {event.lr:.2g}, "
                f"{event.chars_per_second:,.0f} characters/s"
            )
        case Evaluated():
            mark = " (final)" if event.final else " (best so far)" if event.best else ""
            bits = event.val_nats / math.log(2)
            text = f"validation {event.val_nats:.4f} nats, {bits:.4f} bits{mark}"
            return f"{text}; {event.note}" if event.note else text
        case Saved() if event.file.startswith("mark-"):
            return f"kept as mark {event.file.removeprefix('mark-').removesuffix('.safetensors')}"
        case Paused():
            return f"paused: {event.reason}" if event.reason else "paused"
        case Resumed():
            return "resumed"
        case Changed(setting="stop"):
            return "stopping: saving first"
        case Changed():
            return f"{event.setting} is {event.value:g} from here on"
        case Refused():
            return f"refused: {event.reason}"
        case RolledBack():
            text = f"went back to step {event.step:,}"
            return f"{text}: {event.reason}" if event.reason else text
        case Failed():
            return f"failed: {event.reason}"
        case Stopped():
            text = "finished" if event.finished else "stopped"
            return f"{text}: {event.note}" if event.note else text
        case _:
            return ""

"""Numbers and states in words, for the command line and the screens alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING

from engine.words import counted
from engine.writing.settings import SETTINGS, SamplingConfig
from tui.text import one_line

if TYPE_CHECKING:
    from engine.runs.library import ModelEntry
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
"""A sign for each status of a run, so that nothing depends on colour."""


UNVALIDATED = "none: no part of the text is held out for validation"
"""The loss of a run without a validation part."""


def loss(nats: float | None) -> str:
    """A loss in nats and bits."""
    if nats is None:
        return "not measured"
    return f"{nats:.4f} nats ({nats / math.log(2):.4f} bits) per character"


def number(value: float | None, form: str) -> str:
    """A number in a format; a dash for None."""
    return "–" if value is None else format(value, form)


def size(number: float) -> str:
    """A number of bytes in B, KB, MB or GB."""
    for unit in ("B", "KB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


UNITS = {"char": "character", "byte": "byte"}
"""What the units of a text are called."""


def alphabet(symbols: Sized, units: str) -> str:
    """How many different symbols an alphabet has."""
    return counted(len(symbols), UNITS[units])


def imported(entry: ModelEntry) -> str:
    """What a model that was just imported is, in a line."""
    assert entry.summary
    known, history = entry.summary.alphabet, entry.summary.history
    what = f"{entry.name}: {entry.summary.config}, {alphabet(known, known.units)}"
    came = f"from {history.project}" if history.project else "copied"
    return "; ".join([f"{what}, {came}", *history.notes])


def fetchable(entry: Entry) -> str:
    """How much there is to download for a catalogue entry."""
    return f"{size(entry.size)} to fetch" if entry.size else "to fetch"


def duration(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def versions(found: Mapping[str, str]) -> str:
    """Names and their versions, in one line."""
    return ", ".join(f"{name} {version}" for name, version in found.items())


def trained(info: RunInfo) -> str:
    """What a run trains, and on what corpus."""
    return f"{info.config.model}, on {info.corpus_name}"


def percent(share: float) -> str:
    """A share in at most five characters: '43.2%', '100%', '<0.1%', or '–' for 0."""
    if share <= 0:
        return "–"
    if share < 0.0005:
        return "<0.1%"
    return f"{share:.1%}" if share < 0.9995 else "100%"


def filters(sampling: SamplingConfig, words: bool, off: bool = True) -> str:
    """The settings of sampling, in full or short words. A setting without keys is shown only if it is on,
    and without `off` each of them."""
    values = ((setting, getattr(sampling, setting.name)) for setting in SETTINGS.values())
    return " ".join(
        f"{setting.word if words else setting.short} {one_line(setting.shown(value))}"
        for setting, value in values
        if (off and setting.keys) or value != setting.off
    )


def farewell(running: list[str], starting: str) -> str:
    """What a signal that ends the app does to running trainings and to one that is about to start."""
    names = ", ".join(running)
    said = [f"left training: {names}; see helo runs list, helo runs stop NAME"] * bool(names)
    if starting:
        said.append(f"dropped the training on {starting}, which had not started yet")
    return "; ".join(said)

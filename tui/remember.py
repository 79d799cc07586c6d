"""What the app remembers between sessions: `state.json`, and the prompts in `history`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engine import outside, places
from engine.errors import DamagedError, NewerError
from engine.storage import write_bytes, write_json
from engine.writing.settings import SamplingConfig

VERSION = 1
"""The format version of `state.json`."""
PROMPTS = 500
"""How many prompts are kept."""
LONGEST_PROMPT = 4000
"""The longest prompt, in characters, that is kept. Longer ones can still be used."""
_MOST_LINES = 10 * PROMPTS
"""How many lines of the history are read, from its end."""
LENGTHS = (1, 100_000)
"""The smallest and largest number of characters that Enter may ask for."""
SPEEDS = (0.01, 1_000_000)
"""The lowest and highest speed in characters per second, apart from full speed."""


@dataclass
class State:
    """The state in which the app was left."""

    theme: str = ""
    model: str = ""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    speed: float = 30.0
    """Characters per second; infinity means as fast as possible."""
    length: int = 2000
    colouring: str = "none"
    """What the colours of the transcript tell."""
    ghost: bool = True
    """Whether the network's continuation stands behind the prompt while it is typed."""
    why: bool = False
    """Whether the pane of candidates says why the first is likelier than the second."""
    all_settings: bool = False
    """Whether the form of Train shows all settings."""
    sort: str = "newest"
    """How the Library is sorted."""

    def without(self, sampling: Mapping[str, Any], before: State, *names: str) -> State:
        """A copy in which these settings of sampling, and the fields of these names, are as they were
        before: the user sets them by hand, and what is set by hand is not remembered."""
        kept = {name: getattr(before.sampling, name) for name in sampling}
        others = {name: getattr(before, name) for name in names}
        return replace(self, sampling=replace(self.sampling, **kept), **others)

    def save(self) -> None:
        """Write `state.json`. Raises StorageError."""
        speed = self.speed if math.isfinite(self.speed) else None
        write_json(places.state(), {"version": VERSION} | asdict(self) | {"speed": speed})


def load_state() -> tuple[State, str]:
    """The saved state, and a warning. If the file cannot be used, it is renamed and the defaults are
    returned."""
    path = places.state()
    try:
        return _state(outside.parse_json(outside.read(path))), ""
    except FileNotFoundError:
        return State(), ""
    except (OSError, DamagedError) as error:
        return State(), _set_aside(path, error, "what helo remembered")


def _set_aside(path: Path, error: Exception, what: str) -> str:
    """Rename a file that cannot be used, so that it is not overwritten. Returns a line about it."""
    newer = isinstance(error, NewerError)
    why = "was written by a newer helo" if newer else "cannot be read"
    aside = path.with_name(f"{path.stem}.{'newer' if newer else 'damaged'}{path.suffix}")
    try:
        path.replace(aside)
    except OSError:
        return f"{what} {why}: {path}"
    return f"{what} {why}; it was set aside as {aside.name}"


def _state(data: Any) -> State:
    """The state from parsed JSON. Raises DamagedError."""
    data = outside.known_version(data, VERSION)
    if (
        isinstance(data, dict) and data.get("coloured") is True
    ):  # as earlier versions of helo wrote it
        data = {"colouring": "surprisal"} | data
    endless = isinstance(data, dict) and data.get("speed", 0) is None
    state = outside.convert(State, data | {"speed": 1} if endless else data)
    outside.convert(SamplingConfig, data.get("sampling", {}), exact=True)
    state = replace(state, speed=math.inf) if endless else state
    fits = state.speed == math.inf or SPEEDS[0] <= state.speed <= SPEEDS[1]
    if not fits or not LENGTHS[0] <= state.length <= LENGTHS[1]:
        raise DamagedError("speed or length is out of range")
    return state


class Prompts:
    """The prompts that were typed, oldest first, without duplicates. On disk, one JSON string per line.

    Damaged lines are skipped. A file that cannot be read at all is renamed, and `problem` says so.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.all: list[str] = []
        self.problem = ""
        try:
            lines = outside.read(path, outside.LARGE).split(b"\n")
        except FileNotFoundError:
            return
        except (OSError, DamagedError) as error:
            self.problem = _set_aside(path, error, "the prompts typed before")
            return
        for line in lines[-_MOST_LINES:]:
            with suppress(DamagedError):
                prompt = outside.convert(str, outside.parse_json(line))
                if len(prompt) <= LONGEST_PROMPT:
                    self._take(prompt)

    def add(self, prompt: str) -> None:
        """Keep a prompt. Raises StorageError if it cannot be saved; it is in the list all the same."""
        if not prompt or len(prompt) > LONGEST_PROMPT or self.all[-1:] == [prompt]:
            return
        self._take(prompt)
        write_bytes(self._path, "".join(json.dumps(s) + "\n" for s in self.all).encode())

    def _take(self, prompt: str) -> None:
        with suppress(ValueError):
            self.all.remove(prompt)
        self.all.append(prompt)
        del self.all[:-PROMPTS]

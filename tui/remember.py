"""What the app remembers from one session to the next: `state.json`, and the seeds in `history`."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine import places
from engine.errors import HeloError
from engine.storage import write_bytes, write_json
from engine.writing.settings import SamplingConfig

SEEDS = 500
"""Seeds that are kept."""
LONGEST_SEED = 4000
"""A longer one is used but not kept."""
LENGTHS = (1, 100_000)
"""How many characters Enter may ask for."""


@dataclass
class State:
    """How the app was left."""

    theme: str = ""
    model: str = ""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    speed: float = 30.0
    """Characters a second; infinity is as fast as it goes."""
    length: int = 2000
    coloured: bool = False

    def save(self) -> None:
        """Raises StorageError."""
        speed = self.speed if math.isfinite(self.speed) else None
        write_json(places.state(), asdict(self) | {"speed": speed})


def load_state() -> tuple[State, str]:
    """What was saved, and a line about it where it could not be used: then the file is set aside."""
    path = places.state()
    try:
        return _state(json.loads(path.read_text("utf-8"))), ""
    except FileNotFoundError:
        return State(), ""
    except (OSError, ValueError, TypeError, AttributeError, HeloError):
        aside = path.with_suffix(".damaged.json")
        with suppress(OSError):
            path.replace(aside)
        return State(), f"what helo remembered cannot be read; it was set aside as {aside.name}"


def _state(data: dict[str, Any]) -> State:
    default = State()
    speed = data.get("speed", default.speed)
    state = State(
        theme=str(data.get("theme", "")),
        model=str(data.get("model", "")),
        sampling=SamplingConfig(**data.get("sampling", {})),
        speed=math.inf if speed is None else float(speed),
        length=int(data.get("length", default.length)),
        coloured=bool(data.get("coloured", False)),
    )
    if not state.speed > 0 or not LENGTHS[0] <= state.length <= LENGTHS[1]:
        raise ValueError("a value that cannot be")
    return state


class Seeds:
    """The seeds that were typed, oldest first, each once; a JSON string a line on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.all: list[str] = []
        with suppress(OSError):
            for line in path.read_text("utf-8", "replace").splitlines():
                with suppress(ValueError):
                    if isinstance(seed := json.loads(line), str):
                        self._take(seed)

    def add(self, seed: str) -> None:
        """Keep a seed. Raises StorageError; it is in the list all the same."""
        if not seed or len(seed) > LONGEST_SEED or self.all[-1:] == [seed]:
            return
        self._take(seed)
        write_bytes(self._path, "".join(json.dumps(s) + "\n" for s in self.all).encode())

    def _take(self, seed: str) -> None:
        with suppress(ValueError):
            self.all.remove(seed)
        self.all.append(seed)
        del self.all[:-SEEDS]

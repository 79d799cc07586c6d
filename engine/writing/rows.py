"""The kinds of settings of sampling: numbers, some of which have keys, and texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from engine.config import check_count, check_number
from engine.errors import UsageError
from engine.words import quoted, shortened

V = TypeVar("V", int, float)
S = TypeVar("S", int, float, str)

LONGEST = 10_000
"""The longest text, in characters."""
_SHOWN = 24
"""Characters of a text that the status line shows."""


@dataclass(frozen=True)
class Keys(Generic[V]):
    """Two keys of WALK: the first lowers a setting, the second raises it."""

    lower: str
    higher: str
    step: Callable[[V, int], V]
    """(value, −1 or +1) to the next lower or higher value; the same value where there is none."""


def evenly(step: float, low: float, high: float) -> Callable[[float, int], float]:
    """Steps of one size, within [low, high]; a value beyond that is not moved further away."""

    def move(value: float, way: int) -> float:
        moved = round(value + step * way, 2)
        return min(value, max(moved, low)) if way < 0 else max(value, min(moved, high))

    return move


def along(*values: int) -> Callable[[int, int], int]:
    """From one of these values to the next; 0, which is off, comes after the last."""

    def move(value: int, way: int) -> int:
        if way < 0:
            return max((v for v in values if v < value or value == 0), default=value)
        return min((v for v in values if v > value > 0), default=0)

    return move


def from_anywhere(name: str) -> str:
    """The name of a file as it can be read from any folder; empty stays empty."""
    try:
        return str(Path(name).expanduser().absolute()) if name else ""
    except (OSError, RuntimeError):
        return name  # reading it says what is wrong


@dataclass(frozen=True, kw_only=True)
class Setting(ABC, Generic[S]):
    """One row."""

    name: str = ""
    """Of the field in `SamplingConfig`, and of the function in `sampling` if it has one."""
    off: S
    """The default; its filter is skipped then."""
    help: str
    """What it does, in a line; {} is its value."""
    letter: str
    """Its value in the help of the command line."""
    flag: str = ""
    """A short flag, as -t."""
    alias: str = ""
    """A shorter name, for the line of keys; the command line takes it too."""
    short: str
    """Its name in a narrow status line."""
    off_text: str = "off"
    """What the status line says where it is off."""
    instead_of: str = ""
    """The name of a setting that is without effect while this one is not off."""
    keys: Keys[Any] | None = None
    """Without keys, the status line leaves it out where it is off."""

    @property
    def word(self) -> str:
        """Its name for people: `top-k`."""
        return self.name.replace("_", "-")

    @property
    def kind(self) -> type[S]:
        """The type of its values."""
        return type(self.off)

    @abstractmethod
    def check(self, value: S) -> None:
        """Raises UsageError for a value that it cannot have."""

    @abstractmethod
    def shown(self, value: S) -> str:
        """A value in the status line."""


@dataclass(frozen=True, kw_only=True)
class Number(Setting[V]):
    """A number within limits."""

    low: float
    high: float
    over: bool = False
    """Whether it must be more than `low`."""
    low_text: str = ""
    """What `low` is called, where that has a name."""
    usual: tuple[V, ...] = ()
    """Values to offer."""

    def check(self, value: V) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"--{self.word} must be a number, not {quoted(value)}")
        if self.kind is int:
            check_count(self.name, value, int(self.low), int(self.high))
        else:
            check_number(self.name, value, self.low, self.high, over=self.over)

    def shown(self, value: V) -> str:
        if value == self.off:
            return self.off_text
        text = str(value) if self.kind is int else f"{value:.2f}"
        return f"{text} {self.low_text}" if self.low_text and value == self.low else text


@dataclass(frozen=True, kw_only=True)
class Text(Setting[str]):
    """A text; empty is off."""

    off: str = ""
    check_text: Callable[[str], object]
    """Raises UsageError for a text that means nothing."""
    kept: Callable[[str], str] = str
    """What is remembered of a text that was typed."""

    def check(self, value: str) -> None:
        if not isinstance(value, str):
            raise UsageError(f"--{self.word} must be text, not {quoted(value)}")
        if len(value) > LONGEST:
            raise UsageError(f"--{self.word} takes at most {LONGEST:,} characters")
        self.check_text(value)

    def shown(self, value: str) -> str:
        return shortened(value, _SHOWN) or self.off_text

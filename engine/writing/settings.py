"""The settings of sampling, a row each: what a setting may be, how it is called, and how keys change it.

The flags of `helo sample`, and the slash commands, keys, status line and help of the app, config.toml and
state.json are all made from these rows. A new filter is a row here and a function in `sampling`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, Self, TypeVar

from engine.config import check_count, check_number
from engine.errors import UsageError
from engine.words import quoted

V = TypeVar("V", int, float)


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


@dataclass(frozen=True, kw_only=True)
class Setting(Generic[V]):
    """One row."""

    name: str = ""
    """Of the field in `SamplingConfig` and of the function in `sampling`."""
    off: V
    """The default; its filter is skipped then."""
    low: float
    high: float
    over: bool = False
    """Whether it must be more than `low`."""
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
    low_text: str = ""
    """What `low` is called, where that has a name."""
    keys: Keys[V] | None = None
    """Without keys, the status line leaves it out where it is off."""

    @property
    def word(self) -> str:
        """Its name for people: `top-k`."""
        return self.name.replace("_", "-")

    @property
    def kind(self) -> type[V]:
        """The type of its values."""
        return type(self.off)

    def check(self, value: V) -> None:
        """Raises UsageError for a value that it cannot have."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"--{self.word} must be a number, not {quoted(value)}")
        if self.kind is int:
            check_count(self.name, value, int(self.low), int(self.high))
        else:
            check_number(self.name, value, self.low, self.high, over=self.over)

    def shown(self, value: V) -> str:
        """A value in the status line."""
        if value == self.off:
            return self.off_text
        text = str(value) if self.kind is int else f"{value:.2f}"
        return f"{text} {self.low_text}" if self.low_text and value == self.low else text


def _row(setting: Setting[V]) -> V:
    """A field of `SamplingConfig`."""
    return field(default=setting.off, metadata={"setting": setting})


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How a character is drawn from a distribution; filters are applied in the order of the fields.

    The defaults leave the distribution as the model gives it. Raises UsageError for values that cannot be.
    """

    temperature: float = _row(
        Setting(
            off=1.0,
            low=0,
            high=100,
            help="lower is safer, higher wilder",
            letter="T",
            flag="-t",
            alias="temp",
            short="T",
            off_text="1.00",
            low_text="greedy",
            keys=Keys("t", "T", evenly(0.05, 0.0, 10.0)),
        )
    )
    top_k: int = _row(
        Setting(
            off=0,
            low=0,
            high=0x110000,  # characters there are in Unicode
            help="keep the {} likeliest; 0 keeps all",
            letter="K",
            short="k",
            keys=Keys("k", "K", along(1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40)),
        )
    )
    top_p: float = _row(
        Setting(
            off=1.0,
            low=0,
            high=1,
            over=True,
            help="keep the likeliest that sum to {}; 1 keeps all",
            letter="P",
            short="p",
            keys=Keys("p", "P", evenly(0.05, 0.05, 1.0)),
        )
    )
    min_p: float = _row(
        Setting(
            off=0.0,
            low=0,
            high=1,
            help="keep those at least {} times as likely as the top; 0 keeps all",
            letter="P",
            short="min",
        )
    )

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            setting.check(getattr(self, setting.name))

    def stepped(self, name: str, way: int) -> Self:
        """The same with one setting a step of its keys lower (−1) or higher (+1)."""
        keys = SETTINGS[name].keys
        assert keys
        return replace(self, **{name: keys.step(getattr(self, name), way)})


SETTINGS: Mapping[str, Setting[Any]] = {
    each.name: replace(each.metadata["setting"], name=each.name) for each in fields(SamplingConfig)
}
"""The rows by their names, in order."""

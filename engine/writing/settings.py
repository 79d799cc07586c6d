"""The settings of sampling, a row each: what a setting may be, how it is called, and how keys change it.

The flags of `helo sample`, and the slash commands, keys, status line and help of the app, config.toml and
state.json are all made from these rows. A new filter is a row here and a function in `sampling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Self

from engine.errors import UsageError
from engine.writing.expression import characters
from engine.writing.regex import check_regex
from engine.writing.rows import Keys, Number, S, Setting, Text, along, evenly, from_anywhere
from engine.writing.schedule import HOTTEST, check_schedule

LONGEST_WINDOW = 10_000
"""Characters that the repetition penalty looks back at most."""


def _row(setting: Setting[S]) -> S:
    """A field of `SamplingConfig`."""
    return field(default=setting.off, metadata={"setting": setting})


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How a character is drawn from a distribution.

    The defaults leave the distribution as the model gives it. Raises UsageError for values that cannot be.
    """

    temperature: float = _row(
        Number(
            off=1.0,
            low=0,
            high=HOTTEST,
            help="lower is safer, higher wilder",
            letter="T",
            flag="-t",
            alias="temp",
            short="T",
            off_text="1.00",
            low_text="greedy",
            usual=(0.5, 0.7, 0.8, 1.0, 1.2, 0.0),
            keys=Keys("t", "T", evenly(0.05, 0.0, 10.0)),
        )
    )
    top_k: int = _row(
        Number(
            off=0,
            low=0,
            high=0x110000,  # characters there are in Unicode
            help="keep the {} likeliest; 0 keeps all",
            letter="K",
            short="k",
            usual=(5, 10, 40, 0),
            keys=Keys("k", "K", along(1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40)),
        )
    )
    top_p: float = _row(
        Number(
            off=1.0,
            low=0,
            high=1,
            over=True,
            help="keep the likeliest that sum to {}; 1 keeps all",
            letter="P",
            short="p",
            usual=(0.8, 0.9, 0.95, 1.0),
            keys=Keys("p", "P", evenly(0.05, 0.05, 1.0)),
        )
    )
    min_p: float = _row(
        Number(
            off=0.0,
            low=0,
            high=1,
            help="keep those at least {} times as likely as the top; 0 keeps all",
            letter="P",
            short="min",
            usual=(0.05, 0.1, 0.0),
        )
    )
    typical: float = _row(
        Number(
            off=1.0,
            low=0,
            high=1,
            over=True,
            help="keep those nearest to the expected surprisal that sum to {}; 1 keeps all",
            letter="P",
            short="typ",
        )
    )
    repetition_penalty: float = _row(
        Number(
            off=1.0,
            low=0,
            high=10,
            over=True,
            help="make recent characters rarer: p becomes p to the power {}; 1 is off",
            letter="R",
            alias="penalty",
            short="rep",
        )
    )
    repetition_window: int = _row(
        Number(
            off=64,
            low=1,
            high=LONGEST_WINDOW,
            help="how many characters count as recent",
            letter="N",
            short="win",
        )
    )
    schedule: str = _row(
        Text(
            help="go from one temperature to another within N characters; with /line, in each line",
            letter="T-T/N",
            short="sched",
            check_text=check_schedule,
            instead_of="temperature",
        )
    )
    ban: str = _row(
        Text(
            help=r"never write any of these; \n is a line end, \d a digit, \s a space, \\ a backslash",
            letter="CHARACTERS",
            short="ban",
            check_text=partial(characters, "ban"),
        )
    )
    force: str = _row(
        Text(
            help="write only these characters, which are given as those of a ban",
            letter="CHARACTERS",
            short="force",
            check_text=partial(characters, "force"),
        )
    )
    regex: str = _row(
        Text(
            help="what is written must match the regular expression {}",
            letter="REGEX",
            short="regex",
            check_text=check_regex,
            instead_of="words",
        )
    )
    words: str = _row(
        Text(
            help="only write the words in {}, in any case, and what is no letter or digit",
            letter="FILE",
            short="words",
            check_text=str,
            kept=from_anywhere,
        )
    )
    stop: str = _row(
        Text(help="stop after writing {}", letter="TEXT", short="stop", check_text=str)
    )

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            setting.check(getattr(self, setting.name))

    def changed(self, name: str, value: Any) -> Self:
        """The same with another value of one setting, which nothing keeps from having effect."""
        masters = (row for row in SETTINGS.values() if row.instead_of == name)
        return replace(self, **{row.name: row.off for row in masters}, **{name: value})

    def check_alone(self) -> None:
        """Raises UsageError if a setting is without effect because of another."""
        for row in SETTINGS.values():
            if row.instead_of and getattr(self, row.name) != row.off:
                other = SETTINGS[row.instead_of]
                if getattr(self, other.name) != other.off:
                    raise UsageError(f"--{row.word} and --{other.word} exclude each other")

    def stepped(self, name: str, way: int) -> Self:
        """The same with one setting a step of its keys lower (−1) or higher (+1)."""
        keys = SETTINGS[name].keys
        assert keys
        return self.changed(name, keys.step(getattr(self, name), way))


SETTINGS: Mapping[str, Setting[Any]] = {
    each.name: replace(each.metadata["setting"], name=each.name) for each in fields(SamplingConfig)
}
"""The rows by their names, in order."""

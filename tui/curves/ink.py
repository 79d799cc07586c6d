"""The characters that curves are drawn with: braille, or others for terminals and fonts that have none.

Independent of screens. `config.toml` chooses; otherwise the terminal decides.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tui.settings import load_settings

LINE = "⠒"
"""A piece of a line, for legends."""
_BRAILLE = 0x2800
"""The code point of the empty pattern (Unicode, "Braille Patterns")."""
_UPPER, _LOWER = 0x1B, 0xE4
"""The dots of the upper and of the lower half of a cell."""
_TERMINALS = {
    "linux": "blocks",
    "ansi": "ascii",
    "cons25": "ascii",
    "vt100": "ascii",
    "vt220": "ascii",
}
"""Terminals, by TERM, whose fonts have no braille."""


@dataclass(frozen=True)
class Ink:
    """A way of drawing."""

    name: str
    cell: Callable[[int], str]
    """The character for a cell in which a line has these dots, as bits of a braille pattern."""
    others: Mapping[int, int]
    """What stands in for characters that are not there; no two of a picture get the same one."""

    def text(self, text: str) -> str:
        """A text with the characters that are there, as long as before."""
        return text.translate(self.others)


def _halves(upper: str, lower: str, both: str) -> Callable[[int], str]:
    """A cell with two dots, one above the other."""
    return lambda dots: (
        both if dots & _UPPER and dots & _LOWER else upper if dots & _UPPER else lower
    )


BRAILLE = Ink("braille", lambda dots: chr(_BRAILLE + dots), {})
BLOCKS = Ink("blocks", _halves("▀", "▄", "█"), str.maketrans(f"{LINE}●○△□◇×▲◀►┊╌", "▄*o@&=x^<>|~"))
"""For the console of Linux: what its fonts have in common."""
ASCII = Ink(
    "ascii",
    _halves("'", ".", ":"),
    str.maketrans(f"{LINE}●▲■◆○△□◇×◀►┊╌·┤│└─┬", ".o^*#%@&=x<>|~-||+-+"),
)
INKS = {ink.name: ink for ink in (BRAILLE, BLOCKS, ASCII)}


def ink() -> Ink:
    """What to draw with: what `config.toml` says, else what suits the terminal."""
    chosen = load_settings().curves
    if not chosen:
        chosen = "ascii" if _is_c() else _TERMINALS.get(os.environ.get("TERM", ""), BRAILLE.name)
    return INKS[chosen]


def _is_c() -> bool:
    """Whether someone chose the locale C, which promises ASCII alone. Where none is chosen, as in a
    container, most terminals can do more."""
    chosen = os.environ.get("LC_ALL") or os.environ.get("LANG", "")
    return chosen in ("C", "POSIX") and bool(sys.flags.utf8_mode)

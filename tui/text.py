"""Untrusted text made fit to be shown: what moves a cursor, hides or turns text round is made visible."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_HIDDEN = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
"""Unicode categories: controls, formats (bidi, zero width), halves of pairs, unassigned, separators."""
_STAND_IN = "\ufffd"


class _Table(dict[int, int | str]):
    """A table for `str.translate` that learns each character when it is first met."""

    def __missing__(self, point: int) -> int | str:
        self[point] = shown = _shown(point)
        return shown


def _shown(point: int) -> int | str:
    if point < 0x20:
        return 0x2400 + point  # control pictures, as ␛
    if point == 0x7F:
        return 0x2421
    selects_variant = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF
    hidden = unicodedata.category(chr(point)) in _HIDDEN
    return _STAND_IN if hidden or selects_variant else point


_table = _Table({ord("\n"): "\n"})
_NAMES = {"\n": "⏎", " ": "␣", "\u00a0": "⍽"}


def common_prefix(texts: Sequence[str]) -> str:
    """What all the texts begin with; nothing where there are none."""
    if not texts:
        return ""
    low, high = min(texts), max(texts)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[:same]


def visible(text: str) -> str:
    """The text with control, bidi and other invisible characters made visible, one for one.

    Line ends stay as they are.
    """
    return text.translate(_table)


def visible_char(char: str) -> str:
    """One character as a list or a title shows it: spaces and line ends too have a shape."""
    if unicodedata.combining(char):
        return f"◌{char}"
    return _NAMES.get(char) or visible(char)


def one_line(text: str) -> str:
    """`visible`, with line ends made visible as well."""
    return visible(text).replace("\n", _NAMES["\n"])

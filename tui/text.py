"""Makes untrusted text safe to show: characters that move the cursor or hide or reorder text become
visible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from engine.characters import BLANKS, VISIBLE_FORMATS, alone, variation
from engine.words import shortened

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories: control, format (bidi, zero width), surrogate, line and paragraph separator."""
_STAND_IN = "\ufffd"
_HYPHENATION_POINT = "\u2027"
"""Shown in place of a soft hyphen, which some terminals draw and others do not."""
ZWNJ, ZWJ, VS16 = "\u200c", "\u200d", "\ufe0f"
_BLACK_FLAG = "\U0001f3f4"
_JOINER = re.compile(
    "[\u200b-\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)
"""Characters of no width that change the character before them, or how it joins the next one."""
PICTURE = re.compile("[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
"""The blocks that contain Unicode's `Extended_Pictographic`: what may be part of a joined emoji."""


class _Table(dict[int, int | str]):
    """A table for `str.translate` that looks each character up once, when it first occurs."""

    def __missing__(self, point: int) -> int | str:
        self[point] = shown = _shown(point)
        return shown


def _shown(point: int) -> int | str:
    if point < 0x20:
        return 0x2400 + point  # control pictures, such as ␛
    if point == 0x7F:
        return 0x2421
    char = chr(point)
    if _JOINER.match(char) or char in VISIBLE_FORMATS:
        return point
    ignorable = 0xE0000 <= point <= 0xE0FFF or 0xFFF0 <= point <= 0xFFF8 or point == 0x2065
    noncharacter = 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE
    hidden = unicodedata.category(char) in _HIDDEN
    return _STAND_IN if hidden or ignorable or noncharacter else point


_table = _Table({ord("\n"): "\n", ord("\t"): "\t", 0xAD: _HYPHENATION_POINT})
_BRIEF = 4000


def _joins(before: str, char: str) -> bool:
    """Whether a `_JOINER` character affects the character shown before it."""
    if not before:
        return False
    # tags, as in the flag of Scotland
    if (point := ord(char)) >= 0xE0000 and not variation(char):
        return before == _BLACK_FLAG or 0xE0020 <= ord(before) <= 0xE007E
    category = unicodedata.category(before)
    if variation(char):
        return category[0] in "LMNPS"
    if 0x1F3FB <= point:
        return bool(PICTURE.match(before)) or before == VS16
    letter = category in ("Lo", "Mn", "Mc")
    if char == ZWJ:
        return letter or bool(PICTURE.match(before))
    return letter or (char == ZWNJ and category[0] in "LM")


def common_prefix(texts: Sequence[str]) -> str:
    """The longest common prefix of the texts; empty if there are none."""
    if not texts:
        return ""
    low, high = min(texts), max(texts)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[:same]


def visible(text: str, before: str = "") -> str:
    """The text with control, bidi and other invisible characters made visible, one for one.

    Line ends and tabs stay, and so do joiners, variation selectors and skin tones that have something to
    join or modify. `before` is the text shown just before this one.
    """
    shown = text.translate(_table)
    if not _JOINER.search(shown):
        return shown
    chars = list(shown)
    for match in _JOINER.finditer(shown):
        i = match.start()
        if not _joins(chars[i - 1] if i else before[-1:], chars[i]):
            chars[i] = _STAND_IN
    return "".join(chars)


def visible_char(char: str) -> str:
    """One character as a list or title shows it. Spaces and line ends get a visible shape, and characters
    that cannot be shown alone a name."""
    if name := BLANKS.get(char):
        return name
    return visible(char) if char < " " or char == "\x7f" else alone(char)


def symbol_name(char: str, units: str) -> str:
    """One symbol by itself: a character, or a byte above 7F as two hexadecimal digits."""
    if units == "byte" and ord(char) >= 0x80:
        return f"{ord(char):02X}"
    return visible_char(char)


def one_line(text: str) -> str:
    """`visible`, with line ends and tabs made visible as well."""
    return visible(text).replace("\n", BLANKS["\n"]).replace("\t", BLANKS["\t"])


def brief(text: str) -> str:
    """`one_line` of a text of any length from a file. The middle of one that would take long to lay out is
    left out."""
    return one_line(shortened(text, _BRIEF))

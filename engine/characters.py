"""How to show a single character, even if it is invisible or looks like another."""

from __future__ import annotations

import unicodedata

DOTTED_CIRCLE = "\u25cc"
VISIBLE_FORMATS = frozenset(
    map(chr, (*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD))
)
"""Characters that are drawn although their category is that of invisible formats (Unicode,
`Prepended_Concatenation_Mark`)."""
BLANKS = {"\n": "⏎", "\t": "␉", " ": "␣", "\u00a0": "⍽"}
"""Blank characters, and how a list shows them."""
_HIDDEN = ("Cc", "Cf", "Cs", "Cn", "Co", "Zs", "Zl", "Zp")
"""Categories of control, format, surrogate, unassigned and private-use characters, and separators."""
_BLANK = ((0x034F, 0x034F), (0x115F, 0x11FF), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800),
          (0x3164, 0x3164), (0xD7B0, 0xD7FB), (0xFFA0, 0xFFA0), (0x1F3FB, 0x1F3FF))  # fmt: skip
"""Characters of other categories that show nothing by themselves (Unicode, `Default_Ignorable_Code_Point`),
the later parts of Hangul syllables, and the skin tones, which color the character before them."""
_NAMES = {
    "\u00ad": "SHY",
    "\u034f": "CGJ",
    "\u200b": "ZWSP",
    "\u200c": "ZWNJ",
    "\u200d": "ZWJ",
    "\u2060": "WJ",
}
"""Abbreviations from the Unicode standard (chapter 23)."""


def variation(char: str) -> int:
    """The number of a variation selector, from 1; 0 for any other character."""
    point = ord(char)
    if 0xFE00 <= point <= 0xFE0F:
        return point - 0xFE00 + 1
    return point - 0xE0100 + 17 if 0xE0100 <= point <= 0xE01EF else 0


def alone(char: str) -> str:
    """A character as shown by itself: a mark on a dotted circle, and an invisible or ambiguous character by
    its name or number.

    >>> [alone(c) for c in "a\\u0301\\u200c\\ufe0f\\u202e"]
    ['a', '◌́', 'ZWNJ', 'VS16', 'U+202E']
    """
    if name := _NAMES.get(char):
        return name
    if number := variation(char):
        return f"VS{number}"
    point, category = ord(char), unicodedata.category(char)
    blank = any(first <= point <= last for first, last in _BLANK)
    if blank or (category in _HIDDEN and char not in VISIBLE_FORMATS):
        return f"U+{point:04X}"
    return DOTTED_CIRCLE + char if category.startswith("M") else char

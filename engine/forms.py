"""The Unicode forms of a text: composed, decomposed (UAX #15) and plain.

A combining sequence is a character with the marks that follow it. Composing and decomposing never cross its
borders, so a text can be split between sequences.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator

FORMS = ("none", "nfc", "nfd")
"""The forms that a text can be converted to on import."""
_JAMO = range(0x1160, 0x1200)
"""Hangul vowels and final consonants: not marks, but they compose with the character before them."""
_PLAIN = {
    **dict.fromkeys("‘’‚‛′‹›ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u2028\u2029\u0085", "\n"),
}
"""Typographic quotes, dashes and line ends, and their ASCII forms."""


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def normalised(texts: Iterable[str], form: str) -> Iterator[str]:
    """A text in blocks, converted to one of `FORMS`. Where the blocks are split does not matter."""
    if form == "none":
        yield from texts
        return
    change, carry = composed if form == "nfc" else decomposed, ""
    for text in texts:
        carry += text
        end = _sequence(carry, len(carry) - 1)[0] if carry else 0
        yield change(carry[:end])
        carry = carry[end:]
    yield change(carry)


def each_sequence(text: str, places: Iterable[int], change: Callable[[str], str]) -> str:
    """The text with `change` applied to the combining sequences at `places`, which ascend."""
    pieces, done = [], 0
    for place in places:
        if place >= done:
            start, end = _sequence(text, place)
            pieces += [text[done:start], change(text[start:end])]
            done = end
    return "".join([*pieces, text[done:]])


def _sequence(text: str, place: int) -> tuple[int, int]:
    """The start and end of the combining sequence at a place."""
    start, end = place, place + 1
    while start and _continues(text[start]):
        start -= 1
    while end < len(text) and _continues(text[end]):
        end += 1
    return start, end


def _continues(char: str) -> bool:
    """Whether a character belongs to the combining sequence before it."""
    return ord(char) in _JAMO or unicodedata.category(char).startswith("M")


def equivalents(sequence: str) -> Iterator[str]:
    """The ways to write a combining sequence: composed, decomposed, and with only one mark composed."""
    apart = decomposed(sequence)
    yield composed(sequence)
    yield apart
    for i in range(1, len(apart)):
        partly = composed(apart[0] + apart[i]) + apart[1:i] + apart[i + 1 :]
        if decomposed(partly) == apart:
            yield partly


def plain(char: str) -> Iterator[str]:
    """Replacements for a character, nearest first: its compatible forms, and what a typewriter has for a
    quote, dash or space."""
    yield unicodedata.normalize("NFKC", char)
    yield unicodedata.normalize("NFKD", char)
    yield _PLAIN.get(char, " " if char.isspace() and char != "\n" else char)


def simpler(char: str) -> Iterator[str]:
    """Rougher replacements for a character: without its marks, then in the other case."""
    bare = unicodedata.normalize("NFKD", char)
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    yield from (bare, bare.casefold(), bare.lower(), bare.upper())

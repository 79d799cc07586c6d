r"""Characters as a user writes them in a setting: themselves, escapes such as \n, and kinds such as \d."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.errors import UsageError

_NAMED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_CODES = {"x": 2, "u": 4, "U": 8}
"""Hexadecimal digits after each of these."""
_KINDS: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "s": str.isspace,
    "w": lambda char: char.isalnum() or char == "_",
}
_AROUND = 12
"""Characters shown on each side of a mistake."""


@dataclass(frozen=True)
class Range:
    """The characters from one to another."""

    first: str
    last: str

    def __contains__(self, char: str) -> bool:
        return self.first <= char <= self.last


@dataclass(frozen=True)
class Kind:
    """A kind of characters, d, s or w; or, as D, S or W, all others."""

    letter: str

    def __contains__(self, char: str) -> bool:
        return _KINDS[self.letter.lower()](char) != self.letter.isupper()


@dataclass(frozen=True)
class Class:
    """The characters in some of these parts, or, `negated`, in none."""

    parts: tuple[Range | Kind, ...]
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return any(char in part for part in self.parts) != self.negated

    @property
    def ascii(self) -> bool:
        """Whether all characters that it names are ASCII, as they must be for a model of bytes."""
        return all(part.last < "\x80" for part in self.parts if isinstance(part, Range))


class Cursor:
    """Reads the value of a setting from left to right."""

    def __init__(self, option: str, text: str) -> None:
        self.option, self.text, self.at = option, text, 0

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        """The next character, which is then read."""
        self.at += 1
        return self.text[self.at - 1]

    def wrong(self, why: str, at: int) -> UsageError:
        """An error that points to a place in the text."""
        before, after = self.text[:at], self.text[at:]
        excerpt = f"{before[-_AROUND:]}▸{after[:_AROUND]}"
        shown = excerpt if excerpt.isprintable() else ascii(excerpt.replace("▸", ">"))[1:-1]
        return UsageError(f"--{self.option}: {why}, at character {at + 1}: {shown}")

    def character(self) -> Range | Kind:
        """Read a character or an escape.

        Raises UsageError.
        """
        at, char = self.at, self.take()
        if char != "\\":
            return Range(char, char)
        if not self.next:
            raise self.wrong(r"\ stands at the end; \\ is a backslash", at)
        letter = self.take()
        if letter.lower() in _KINDS:
            return Kind(letter)
        if letter in _CODES:
            char = self._code(_CODES[letter], at)
        elif letter in _NAMED:
            char = _NAMED[letter]
        elif letter.isascii() and letter.isalnum():
            raise self.wrong(rf"\{letter} means nothing here", at)
        else:
            char = letter
        return Range(char, char)

    def _code(self, digits: int, at: int) -> str:
        code = self.text[self.at : self.at + digits]
        self.at += digits
        try:
            if len(code) == digits and code.isalnum():
                return chr(int(code, 16))
        except (ValueError, OverflowError):
            pass
        raise self.wrong(f"{digits} hexadecimal digits of a character must follow", at)


def characters(option: str, text: str) -> Class:
    """A list of characters as a user writes it.

    Raises UsageError.
    """

    def parts() -> Iterator[Range | Kind]:
        cursor = Cursor(option, text)
        while cursor.next:
            yield cursor.character()

    return Class(tuple(parts()))

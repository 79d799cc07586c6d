r"""Regular expressions that a text being written must match, from its first new character to its last.

The syntax is that part of Python's which says what texts match: characters, `.` (all but a line end),
classes such as `[a-z\d]` and `[^"]`, `|`, `(…)` and `(?:…)`, the quantifiers `* + ?` and
`{m} {m,} {,n} {m,n}`, and the escapes of `expression`.

No library is used. Those that were looked at (greenery, interegular) build all states at once, and
`(a|b)*a(a|b){14}` has more than 16,000; here states are found as a text reaches them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import UsageError
from engine.writing.expression import Class, Cursor, Kind, Range

OPTION = "regex"
_DEEPEST = 50
"""Groups within groups."""
_MOST = 20_000
"""States of the automaton."""
_QUANTIFIERS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_DOT = Class((Range("\n", "\n"),), negated=True)


@dataclass(frozen=True)
class Sequence:
    """One after another."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of them."""

    ways: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """The same again, `low` to `high` times; None is without end."""

    node: Node
    low: int
    high: int | None


Node = Class | Sequence | Choice | Repeat


def parse(text: str, units: str) -> Node:
    """The structure of an expression for an alphabet of these units.

    Raises UsageError, which points to what is wrong.
    """
    parser = _Parser(text, units)
    node = parser.choice(0)
    if parser.next:
        raise parser.wrong(") closes nothing", parser.at)
    if _size(node) > _MOST:
        raise UsageError(
            f"--{OPTION}: the expression is too large: with all its repetitions it has "
            f"{_size(node):,} parts, and {_MOST:,} are possible"
        )
    return node


def check_regex(text: str) -> None:
    """Raises UsageError if this is no regular expression."""
    parse(text, "char")


def _size(node: Node) -> int:
    match node:
        case Class():
            return 1
        case Sequence(parts):
            return sum(map(_size, parts))
        case Choice(ways):
            return 1 + sum(map(_size, ways))
        case Repeat(node, low, high):
            return (_size(node) + 1) * (low + 1 if high is None else high)


class _Parser(Cursor):
    """By recursive descent."""

    def __init__(self, text: str, units: str) -> None:
        super().__init__(OPTION, text)
        self._units = units

    def choice(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise self.wrong(f"groups are nested more than {_DEEPEST} deep", self.at - 1)
        ways = [self._sequence(depth)]
        while self.next == "|":
            self.take()
            ways.append(self._sequence(depth))
        return ways[0] if len(ways) == 1 else Choice(tuple(ways))

    def _sequence(self, depth: int) -> Node:
        parts = []
        while self.next and self.next not in "|)":
            parts.append(self._repeated(depth))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, depth: int) -> Node:
        node, at = self._atom(depth), self.at
        if self.next in _QUANTIFIERS:
            low, high = _QUANTIFIERS[self.take()]
        elif self.next == "{":
            low, high = self._bounds()
        else:
            return node
        if self.next and self.next in "*+?{":
            raise self.wrong("a quantifier follows a quantifier", self.at)
        if high is not None and low > high:
            raise self.wrong(f"{low} is more than {high}", at)
        return Repeat(node, low, high)

    def _bounds(self) -> tuple[int, int | None]:
        at = self.at
        end = self.text.find("}", at)
        inside = self.text[at + 1 : end] if end > 0 else ""
        low, comma, high = inside.partition(",")
        numbers = [part for part in (low, high) if part]
        if not numbers or not all(n.isascii() and n.isdigit() and len(n) < 10 for n in numbers):
            raise self.wrong(r"{ begins no quantifier such as {2,5}; \{ is a brace", at)
        self.at = end + 1
        first = int(low or 0)
        return first, (int(high) if high else None) if comma else first

    def _atom(self, depth: int) -> Node:
        at, char = self.at, self.next
        if char in _QUANTIFIERS or char == "{":
            raise self.wrong("there is nothing to repeat", at)
        if char in "^$":
            raise self.wrong(
                rf"leave out {char}: the whole text must match; \{char} is the character", at
            )
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == ".":
            self.take()
            return _DOT
        part = self.character()
        if self._units == "byte" and isinstance(part, Range) and part.last >= "\x80":
            units = part.last.encode("utf-8", "surrogatepass").decode("latin-1")
            return Sequence(tuple(Class((Range(unit, unit),)) for unit in units))
        return Class((part,))

    def _group(self, depth: int) -> Node:
        at = self.at
        self.take()
        if self.next == "?":
            if self.text[self.at : self.at + 2] != "?:":
                raise self.wrong("of the groups that begin with (? only (?: is known", at)
            self.at += 2
        node = self.choice(depth + 1)
        if self.next != ")":
            raise self.wrong("( is never closed", at)
        self.take()
        return node

    def _class(self) -> Node:
        at = self.at
        self.take()
        if negated := self.next == "^":
            self.take()
        parts: list[Range | Kind] = []
        while self.next != "]" or not parts:
            if not self.next:
                raise self.wrong("[ is never closed", at)
            parts.append(self._part())
        self.take()
        found = Class(tuple(parts), negated)
        if self._units == "byte" and not found.ascii:
            raise self.wrong("this model writes bytes: in a class, only ASCII is possible", at)
        return found

    def _part(self) -> Range | Kind:
        at = self.at
        first = self.character()
        if self.next != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return first
        self.take()
        last = self.character()
        if isinstance(first, Kind) or isinstance(last, Kind):
            raise self.wrong("a range needs two characters", at)
        if first.last > last.first:
            raise self.wrong("the range runs backwards", at)
        return Range(first.first, last.last)


def literals(node: Node) -> Iterator[str]:
    """The characters that an expression names one by one."""
    match node:
        case Class(parts, False):
            yield from (p.last for p in parts if isinstance(p, Range) and p.first == p.last)
        case Sequence(parts):
            for part in parts:
                yield from literals(part)
        case Choice(ways):
            for way in ways:
                yield from literals(way)
        case Repeat(node):
            yield from literals(node)

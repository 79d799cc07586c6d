"""The automaton of a regular expression over an alphabet."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.errors import UsageError
from engine.vocab import Alphabet, name_characters
from engine.writing.expression import Class
from engine.writing.masks import Mask, mask_of
from engine.writing.regex import OPTION, Choice, Node, Repeat, Sequence, literals, parse


class Regex:
    """The automaton of an expression over an alphabet (Thompson, 1968). Its members are numbers, each of a
    character to come, or of the end."""

    reads_given = False

    def __init__(self, text: str, alphabet: Alphabet, out: Mask) -> None:
        """`out` (V,) are the symbols that must not occur.

        Raises UsageError if the expression is wrong, or nothing but the empty text can match.
        """
        node = parse(text, alphabet.units)
        self._possible = ~out
        self._alphabet = alphabet
        self._masks: list[Mask | None] = [None]
        self._next: list[list[int]] = [[]]  # [0] is the end
        self._known: dict[Class, Mask] = {}
        first = self._build(node, 0)
        self._useful = self._leading_to_the_end()
        self.start = self._reached([first])
        if not self.mask(self.start).any():
            raise UsageError(f"--{OPTION}: {self._why_not(node)}")
        self.lost = self.start

    def _why_not(self, node: Node) -> str:
        known = {
            s for s, there in zip(self._alphabet.symbols, self._possible, strict=True) if there
        }
        lacking = [char for char in literals(node) if char not in known]
        names = name_characters(lacking) if self._alphabet.units == "char" else ""
        without = f", without {names}" if names else ""
        if self.accepts(self.start):
            return f"only the empty text matches{without}"
        return f"the model cannot write a text that matches{without}"

    # -- as a machine: sets of numbers

    def mask(self, members: frozenset[int]) -> Mask:
        """Which symbols (V,) may follow."""
        found = np.zeros(len(self._alphabet), np.bool_)
        for mask in {id(m): m for m in map(self._masks.__getitem__, members)}.values():
            if mask is not None:
                found |= mask
        return found

    def after(self, members: frozenset[int], id: int) -> frozenset[int]:
        """The members after a symbol; none if it may not follow."""
        masks = self._masks
        return self._reached(
            target
            for member in members
            if (mask := masks[member]) is not None and mask[id]
            for target in self._next[member]
        )

    def accepts(self, members: frozenset[int]) -> bool:
        """Whether the text may end here."""
        return 0 in members

    # -- its construction

    def _build(self, node: Node, after: int) -> int:
        """The number that begins a node, behind which comes `after`."""
        match node:
            case Class():
                if node not in self._known:
                    self._known[node] = mask_of(node, self._alphabet) & self._possible
                return self._new(self._known[node], [after])
            case Sequence(parts):
                for part in reversed(parts):
                    after = self._build(part, after)
                return after
            case Choice(ways):
                return self._new(None, [self._build(way, after) for way in ways])
            case Repeat(node, low, high):
                begin = after
                if high is None:
                    begin = self._new(None, [after])
                    self._next[begin].append(self._build(node, begin))
                for _ in range((high or low) - low):
                    begin = self._new(None, [after, self._build(node, begin)])
                for _ in range(low):
                    begin = self._build(node, begin)
                return begin

    def _new(self, mask: Mask | None, after: list[int]) -> int:
        self._masks.append(mask)
        self._next.append(after)
        return len(self._masks) - 1

    def _leading_to_the_end(self) -> set[int]:
        before: list[list[int]] = [[] for _ in self._next]
        for number, (mask, after) in enumerate(zip(self._masks, self._next, strict=True)):
            if mask is None or mask.any():
                for target in after:
                    before[target].append(number)
        found, todo = {0}, [0]
        while todo:
            for number in before[todo.pop()]:
                if number not in found:
                    found.add(number)
                    todo.append(number)
        return found

    def _reached(self, numbers: Iterable[int]) -> frozenset[int]:
        """These and what comes next without a character: those that wait for one, and the end."""
        seen, todo = set[int](), [n for n in numbers if n in self._useful]
        found = []
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            if self._masks[number] is not None or number == 0:
                found.append(number)
            else:
                todo += [n for n in self._next[number] if n in self._useful]
        return frozenset(found)

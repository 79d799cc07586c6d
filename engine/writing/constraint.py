"""What a text may go on with: the states of an automaton, found as they are reached.

All of it follows from the text alone. Where nothing can follow, the text is complete; if it goes on, the
automaton begins anew. A character that was forced although it may not follow leaves it `lost`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.vocab import Alphabet
from engine.writing.automaton import Regex
from engine.writing.masks import Mask, ruled_out
from engine.writing.settings import SamplingConfig
from engine.writing.words import Words, read_words

_MOST_KEPT = 250_000
"""Members of the states that are kept, so that an expression with very many states needs no more memory."""


class Machine(Protocol):
    """A nondeterministic automaton over the symbols of an alphabet. A state is a set of members; an end can
    be reached from each."""

    reads_given: bool
    """Whether the given text before what is written counts too."""
    start: frozenset[Any]
    lost: frozenset[Any]

    def mask(self, members: frozenset[Any]) -> Mask: ...

    def after(self, members: frozenset[Any], id: int) -> frozenset[Any]: ...

    def accepts(self, members: frozenset[Any]) -> bool: ...


class State:
    """Where a text stands."""

    __slots__ = ("_moves", "accepts", "allowed", "complete", "members")

    def __init__(self, members: frozenset[Any], allowed: Mask, accepts: bool, complete: bool):
        self.members = members
        self.allowed = allowed
        """(V,): the symbols that may follow; never none."""
        self.accepts = accepts
        """Whether the text may end here."""
        self.complete = complete
        """Whether it must, or begin anew."""
        self._moves: dict[int, State] = {}


class Constraint:
    """The deterministic automaton of a machine. Its states are shared by all texts."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._states: dict[frozenset[Any], State] = {}
        self._kept = 0
        self.reads_given = machine.reads_given
        self.start = self._state(machine.start)

    def after(self, state: State, id: int) -> State:
        """The state after one more symbol."""
        if (known := state._moves.get(id)) is not None:
            return known
        machine = self._machine
        before = machine.start if state.complete else state.members
        found = self._state(machine.after(before, id) or machine.lost)
        state._moves[id] = found
        return found

    def _state(self, members: frozenset[Any]) -> State:
        if (known := self._states.get(members)) is not None:
            return known
        if self._kept > _MOST_KEPT:
            for state in self._states.values():
                state._moves.clear()
            self._states.clear()
            self._kept = 0
        allowed = self._machine.mask(members)
        complete = not allowed.any()
        if complete:
            allowed = self._machine.mask(self._machine.start)
        state = State(members, allowed, self._machine.accepts(members), complete)
        self._states[members] = state
        self._kept += len(members) + len(allowed) // 32 + 1
        return state


def constraint(config: SamplingConfig, alphabet: Alphabet) -> Constraint | None:
    """The constraint of a configuration; None if it has none.

    Raises UsageError if nothing can follow it.
    """
    if not (config.regex or config.words):
        return None
    out = ruled_out(config.ban, config.force, alphabet).tobytes()
    if config.regex:
        return _of_regex(config.regex, alphabet, out)
    try:
        stat = Path(config.words).expanduser().stat()
        version = stat.st_mtime_ns, stat.st_size
    except (OSError, ValueError, RuntimeError):
        version = 0, 0  # reading it says what is wrong
    return _of_words(config.words, version, alphabet, out)


@lru_cache(maxsize=4)
def _of_regex(regex: str, alphabet: Alphabet, out: bytes) -> Constraint:
    return Constraint(Regex(regex, alphabet, np.frombuffer(out, np.bool_)))


@lru_cache(maxsize=2)
def _of_words(name: str, version: tuple[int, int], alphabet: Alphabet, out: bytes) -> Constraint:
    return Constraint(Words(read_words(name), alphabet, np.frombuffer(out, np.bool_)))

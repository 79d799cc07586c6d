"""The line that says why, in the `next character` pane: the log-odds of the first candidate against the
second as habit and news, and the unit that says most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.widget import Widget

from engine.errors import HeloError
from engine.inspecting.trace import trace
from engine.inspecting.why import likeliest, unit_name, why
from engine.network.stepper import States, Stepper
from engine.runs import habit
from engine.vocab import Ids
from tui import reasons
from tui.newest import Newest
from tui.text import one_line, symbol_name
from tui.told import in_app
from tui.write.passage import Passage
from tui.write.session import Session

_WAITS = "why: reading some thousand characters for the mean of each unit…"
_ONE = "why: only one model can be looked into, and here two write"


@dataclass(frozen=True)
class _Asked:
    """What is to be explained: what comes after ids (T,), which are read from this state."""

    stepper: Stepper
    ids: Ids
    state: States


class Reason:
    """Says why, a moment after it is asked."""

    def __init__(self, widget: Widget, session: Session, changed: Callable[[], None]) -> None:
        """`changed` is called when there is something else to say."""
        self._session, self._changed = session, changed
        self._newest = Newest(widget, self._find, self._found, self._failed)
        self._asked: tuple[object, int] = (None, 0)
        self._line = ""

    def look(self, passage: Passage, index: int) -> str:
        """Why the first candidate for the character at `index`; while that is computed, what was said last.
        Empty if it is not to be said."""
        generation = passage.generation
        if not self._session.state.why or not 0 < index <= len(generation):
            return ""
        if not isinstance(stepper := generation.stepper, Stepper):
            return _ONE
        if self._asked != (generation, index):
            self._asked = generation, index
            begin, state = generation.nearest(index - 1)
            ids = generation.ids(begin)[: index - begin]
            self._newest.ask(_Asked(stepper, ids, state), gently=True)
        return self._line or _WAITS

    def _find(self, asked: _Asked) -> str:
        stepper, opened = asked.stepper, self._session.opened
        path = opened.path if opened and opened.stepper is stepper else None
        mean = habit.mean(stepper, path)
        found = trace(stepper, asked.ids, asked.state, ())
        top = [id for id, _ in likeliest(found.logits[-1], 2)]
        if len(top) < 2:
            return "why: the model knows only one character"
        told = why(stepper, found.outputs[-1], mean, *top)
        alphabet = stepper.alphabet
        a, b = (symbol_name(alphabet.symbols[id], alphabet.units) for id in top)
        return reasons.in_short(told, a, b, lambda unit: unit_name(stepper, unit))

    def _found(self, asked: _Asked, line: str) -> None:
        self._line = line
        self._changed()

    def _failed(self, error: HeloError) -> None:
        self._line = one_line(f"why: {in_app(error)}")
        self._changed()

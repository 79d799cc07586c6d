"""The copy meter: follows a passage with the index of the text that its model was trained on.

The index is opened, or made in a process of its own, once for each text. A passage is followed in the
screen's thread, for a few milliseconds a frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from textual.widget import Widget

from engine.errors import HeloError
from engine.network.modelfile import Model
from engine.runs import launch
from engine.text import copies, corpus
from engine.text.copied import LEAST, SKIPPED, Copied
from engine.text.copies import Found, Index
from engine.text.corpus import Corpus
from engine.words import LONG, shortened
from engine.writing.generate import Generation
from engine.writing.mixture import Mixture
from tui import copied as words
from tui.text import one_line
from tui.told import in_app
from tui.write.branch import GIVEN, TYPED
from tui.write.passage import Passage
from tui.write.shown import Copying

UNASKED_MOST = 20_000_000
"""The most characters of a text whose index is made without asking; it takes a minute at most."""
_FRAME = 1 / 30
"""Seconds between two looks at a passage that is not yet followed to its end."""
_BUDGET = 0.004
"""Seconds for following a passage, each time."""
_AT_ONCE = 16
"""Characters between two looks at the clock."""
_LOOK = 0.3
"""Seconds between two looks at a process that makes an index."""
_BEGINNING = 200
"""Characters of a copied passage that are handed over."""


@dataclass
class _Text:
    """The text that a model was trained on."""

    note: str = ""
    """Why nothing can be said of it."""
    index: Index | None = None
    waiting: Corpus | None = None
    """The corpus whose index is made only if asked for."""
    missing: bool = False


class CopyMeter:
    """Knows the texts of models, and what passages copied from them."""

    def __init__(self, widget: Widget, changed: Callable[[], None]) -> None:
        """`widget` provides workers and a timer. `changed` is called when there is more to show."""
        self._widget, self._changed = widget, changed
        self._texts: dict[tuple[str, str], _Text] = {}
        self._followed: WeakKeyDictionary[Generation, Copied] = WeakKeyDictionary()
        self._passage: Passage | None = None
        self._waits = False
        """Whether `_catch_up` is to be called."""

    def look(self, passage: Passage, n: int) -> Copying | None:
        """What the first n characters of a passage copied; None if its model says nothing of its text."""
        text = self._text_of(passage)
        if text is None or (text.index is None and not text.note):
            return None
        if text.index is None:
            return Copying(note=text.note)
        copied = self._follow(passage, text.index)
        if not (n := min(n, len(copied))) or not (longest := copied.longest(n)).length:
            return None
        here = copied.at(n - 1)
        length = min(longest.length, _BEGINNING)
        begins = Found(length, longest.start + length - 1)
        return Copying(
            longest=words.passage_of(text.index, longest),
            text=one_line(text.index.text(begins)),
            here=words.passage(text.index, here) if here.length else "",
        )

    def ask(self, passage: Passage) -> str:
        """What to say to who asks what was copied. Makes the index of a large text."""
        text = self._text_of(passage)
        if text is None:
            model = _model_of(passage)
            return words.missing(model.name, model.history)
        if text.waiting:
            self._run(self._make(text, text.waiting))
            text.waiting = None
            return text.note
        if text.index is None:
            return text.note or "looking for the training text"
        copied = self._follow(passage, text.index)
        if not len(copied) or not (longest := copied.longest(len(copied))).length:
            return "nothing is copied"
        share = copied.covered() / len(copied)
        return (
            f"copied: {words.passage_of(text.index, longest)}; {share:.0%} of the text in copies of "
            f"{LEAST} or more: {shortened(text.index.text(longest), LONG)}"
        )

    # -- texts

    def _text_of(self, passage: Passage) -> _Text | None:
        """The text of a passage's model. It is looked for at its first passage, and again at each later one
        while it is missing. None if the model does not say which it is."""
        model = _model_of(passage)
        key = model.history.corpus_sha256, model.alphabet.units
        if not key[0]:
            return None
        text = self._texts.get(key)
        if text is None or (text.missing and passage is not self._passage):
            text = self._texts[key] = _Text(note=text.note if text else "")
            self._run(self._find(text, model))
        self._passage = passage
        return text

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._widget.run_worker(work, group="copies", exit_on_error=False)

    async def _find(self, text: _Text, model: Model) -> None:
        """Open the index of a model's text, or make it, unless the text is large."""
        history, units = model.history, model.alphabet.units
        try:
            folder = await asyncio.to_thread(copies.trained_on, history.corpus_sha256, units)
            if folder is None:
                text.missing, text.note = True, words.missing(model.name, history)
                return
            found = await asyncio.to_thread(corpus.load, folder)
            text.index = await asyncio.to_thread(_opened, found)
        except HeloError as error:
            text.missing, text.note = True, f"copied: {one_line(in_app(error))}"
            return
        finally:
            self._changed()
        if text.index is None and len(found.ids) <= UNASKED_MOST:
            await self._make(text, found)
        elif text.index is None:
            name = one_line(found.info.name)
            text.waiting, text.note = found, f"copied: /copies makes an index of {name}"
            self._changed()

    async def _make(self, text: _Text, found: Corpus) -> None:
        """Make the index of a corpus in another process."""
        name = one_line(found.info.name)
        indexing = await asyncio.to_thread(launch.index, found.folder)
        while indexing.running:
            text.note = f"copied: index of {name} {indexing.share:.0%}"
            self._changed()
            await asyncio.sleep(_LOOK)
        text.index = await asyncio.to_thread(_opened, found)
        text.note = ""
        if text.index is None:
            text.note = f"copied: no index of {name} could be made; /copies tries again"
            text.waiting = found
        self._changed()

    # -- passages

    def _follow(self, passage: Passage, index: Index) -> Copied:
        """What a passage copied, as far as there was time."""
        generation = passage.generation
        copied = self._followed.get(generation)
        if copied is None or copied.index is not index:
            copied = self._followed[generation] = self._begun(passage, index)
        end, until = len(copied) if passage.reading else passage.shown, monotonic() + _BUDGET
        while (n := len(copied)) < end and monotonic() < until:
            ids = generation.ids(n)[: min(_AT_ONCE, end - n)]
            kinds = np.frombuffer(passage.kinds[n : n + len(ids)], np.uint8)
            copied.extend(np.where((kinds == GIVEN) | (kinds == TYPED), SKIPPED, ids))
        if len(copied) < end and not self._waits:
            self._waits = True
            self._widget.set_timer(_FRAME, self._catch_up)
        return copied

    def _begun(self, passage: Passage, index: Index) -> Copied:
        """What a branch has of the one that it left, or nothing."""
        branch = passage.branches[passage.current]
        if branch.parent is not None:
            before = self._followed.get(passage.branches[branch.parent].generation)
            if before is not None and before.index is index:
                return before.fork(branch.fork)
        return Copied(index, passage.model.alphabet)

    def _catch_up(self) -> None:
        self._waits = False
        self._changed()


def _model_of(passage: Passage) -> Model:
    """The model that writes, or the first of two."""
    stepper = passage.model
    return (stepper.models[0] if isinstance(stepper, Mixture) else stepper).model


def _opened(found: Corpus) -> Index | None:
    """The index kept with a corpus, with its line ends counted."""
    if index := copies.kept(found):
        index.line(0)
    return index

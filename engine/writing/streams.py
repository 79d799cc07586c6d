"""Several texts that are written at the same time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.network.batch import Batch
from engine.network.stepper import LogProbs, States, Stepper, log_softmax
from engine.vocab import Ids
from engine.writing.generate import Generation
from engine.writing.mixture import AnyStepper
from engine.writing.sampling import Sampler, Words, draws, mixed_seeds, uniforms
from engine.writing.settings import SamplingConfig

_TOGETHER = 9
"""Fewer texts whose Steps are kept are written no faster together than in turn."""


class Text:
    """A text of which nothing but its characters is kept."""

    def __init__(self, prompt: Sequence[int], seed: int) -> None:
        self.seed, self.given = seed, len(prompt)
        self.ids = list(prompt)
        """The characters so far, those of the prompt included."""
        self.ended = False
        """Whether the text has come after which to stop."""
        self.done = False
        """Whether nothing more will be written, since it has ended or is long enough."""

    @property
    def written(self) -> list[int]:
        """The characters after the prompt."""
        return self.ids[self.given :]


class Streams:
    """Texts that one model writes as rows of one product, which reads its weights once for all.

    Each is the text that a `Generation` writes with its seed, until a draw falls so near to the boundary
    between two characters that rounding decides. A text may be added at any time while there is room.
    """

    def __init__(self, stepper: Stepper, sampling: SamplingConfig, length: int, rows: int) -> None:
        """A text ends after `length` ≥ 1 characters, or after the one that `sampling` names. Its settings
        must be `row_by_row`."""
        self.rows = rows
        self.texts: list[Text] = []
        """Those being written, a row each."""
        self._sampler = Sampler(sampling, stepper.alphabet)
        self._stop, self._length = self._sampler.stop.tolist(), length
        self._start, self._first = stepper.start_state(), stepper.alphabet.start
        self._batch = Batch(stepper, rows)
        self._batch.resize(0)
        self._unread: list[list[int]] = []
        """What is left of each prompt, its last character first."""
        self._log_p: LogProbs = np.empty((0, len(stepper.alphabet)))
        self._seeds: Words | None = None

    def add(self, prompt: Sequence[int], seed: int, state: States | None = None) -> Text:
        """Begin a text. Its prompt is read along with what the others write; if `state` is the one before
        the last character of the prompt, only that is read."""
        row, text = len(self.texts), Text(prompt, seed)
        unread = list(prompt)[::-1] or [self._first]
        self.texts.append(text)
        self._unread.append(unread[:1] if state else unread)
        self._seeds = None
        self._batch.resize(row + 1)
        self._batch.put(row, state or self._start)
        return text

    def advance(self) -> None:
        """Take a step with all texts. Those that are done then make room."""
        ids = np.zeros(len(self.texts), np.int64)
        ids[: len(self._log_p)] = self._drawn(len(self._log_p))
        going = []
        for row, (text, unread, id) in enumerate(
            zip(self.texts, self._unread, ids.tolist(), strict=True)
        ):
            if unread:
                ids[row] = unread.pop()
            else:
                text.ids.append(id)
                if self._ends(text):
                    continue
            going.append(row)
        if len(going) < len(ids):
            self.texts = [self.texts[row] for row in going]
            self._unread = [self._unread[row] for row in going]
            self._seeds = None
            self._batch.keep(np.array(going, np.int64))
            ids = ids[going]
        self._log_p = log_softmax(self._batch.step(ids)) if going else self._log_p[:0]

    def _drawn(self, n: int) -> Ids:
        """A character for each of the first n texts."""
        if self._seeds is None:
            self._seeds = mixed_seeds([text.seed for text in self.texts])
        at = np.array([len(text.ids) for text in self.texts[:n]], np.uint64)
        return draws(self._sampler.distributions(self._log_p), uniforms(self._seeds[:n], at))

    def _ends(self, text: Text) -> bool:
        stop, new = self._stop, len(text.ids) - text.given
        text.ended = 0 < len(stop) <= new and text.ids[-len(stop) :] == stop
        text.done = text.ended or new == self._length
        return text.done

    def rehearse(self) -> None:
        """Take a few steps that lead nowhere, to see how long they take. There must be no texts."""
        self._batch.resize(self.rows)
        for _ in range(4):
            self._batch.step(np.zeros(self.rows, np.int64))
        self._batch.resize(0)


def row_by_row(stepper: AnyStepper, sampling: SamplingConfig) -> bool:
    """Whether `Streams` can write with them: one model as it is, and no setting that looks at what was
    written."""
    return type(stepper) is Stepper and not Sampler(sampling, stepper.alphabet).by_place


class Forks:
    """N texts that begin alike and keep their Steps; each has a seed of its own, from that of the first one
    up.

    If they are many, a single model steps with all of them at once. So a text may differ from the same one
    written alone where rounding decides.
    """

    def __init__(self, generation: Generation, count: int) -> None:
        """The prompt of `generation` has been read."""
        self.texts = [generation.fork(len(generation)) for _ in range(count)]
        for i, text in enumerate(self.texts):
            text.seed = generation.seed + i

    def advance(self, which: Sequence[int]) -> None:
        """Draw a character for each of these."""
        texts = [self.texts[i] for i in which]
        stepper = texts[0].stepper
        if len(texts) < _TOGETHER or not isinstance(stepper, Stepper):
            for text in texts:
                text.advance()
            return
        ids = [text.choose() for text in texts]
        together = tuple(
            tuple(np.stack(rows) for rows in zip(*layer, strict=True))
            for layer in zip(*(text.state for text in texts), strict=True)
        )
        logits, after = stepper.sequence(np.array([ids]), together)
        for row, (text, id) in enumerate(zip(texts, ids, strict=True)):
            own = tuple(tuple(state[row] for state in layer) for layer in after)
            text.force(id, (logits[0, row], own))

"""Several texts that are written at the same time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.network.stepper import Stepper
from engine.writing.generate import Generation

_TOGETHER = 9
"""Fewer texts are written no faster together than in turn."""


class Streams:
    """N texts that begin alike; each has a seed of its own, from that of the first one up.

    If they are many, a single model steps with all of them at once, as rows of one product, which reads its
    weights once for all. So a stream may differ from the same text written alone where rounding decides.
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

"""The text that a network is looked into with, where none is named: one that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import CorpusError, NotFoundError
from engine.network.stepper import Stepper
from engine.runs.heldout import held_out
from engine.vocab import Alphabet, Ids
from engine.writing.generate import Generation


@dataclass(frozen=True)
class UsualText:
    """The ids (N,) of a text, and where it comes from, in a few words."""

    ids: Ids
    source: str

    def content(self, alphabet: Alphabet) -> str | bytes:
        """The text itself, for a model with another alphabet; of bytes, if the ids are those of bytes."""
        text = "".join(alphabet.symbols[i] for i in self.ids.tolist())
        return text if alphabet.units == "char" else text.encode("latin-1")


def usual_text(stepper: Stepper, path: Path | None, most: int) -> UsualText:
    """Up to `most` characters of the held-out part of the corpus of the model at `path`, if that is known;
    if that part is not here, of what the model itself writes, always the same.

    Raises ModelFileError where the logits overflow.
    """
    try:
        part = held_out(stepper.model, path, most)
        ids, _ = stepper.alphabet.encode_known(part.text)
        if len(ids) > 1:
            return UsualText(ids, f"the held-out part of {part.corpus}")
    except (NotFoundError, CorpusError):
        pass
    written = Generation(stepper, stepper.alphabet.encode(""), seed=0, top=1, rewinds=False)
    while len(written) < most:
        written.advance()
    return UsualText(written.ids(), "a text that it wrote itself")

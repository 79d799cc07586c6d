"""The texts that can be read: a file, a paste, and the validation part of a model's corpus."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from corpora.sonnets import TEXT
from engine import places
from engine.errors import HeloError, NotFoundError, UsageError
from engine.runs.heldout import held_out
from engine.text import sources
from engine.text.sources.find import STANDARD_INPUT
from engine.vocab import Alphabet, Ids, normalise
from engine.words import quoted
from tui.phrases import percent
from tui.write.glyphs import Glyphs
from tui.write.session import Opened

MOST = 5_000_000
"""Characters that are read of a longer text."""
VALIDATION = "validation"
"""What names the validation part of the corpus of a model."""
_PART = 1 << 16

Say = Callable[[str], object]


@dataclass(frozen=True)
class Text:
    """A text by its name. `get` fetches it for a model whose units are "char" or "byte", and tells notes
    about it. It may take long, and raises HeloError."""

    name: str
    get: Callable[[str, Say], str | bytes]


def text_of(ref: str, opened: Opened) -> Text:
    """The text that `ref` names: the validation part of a model's corpus, or a file. Touches no file."""
    if ref == VALIDATION:
        return Text("the validation part", partial(_validation, opened))
    return Text(os.path.basename(ref.rstrip(os.sep)) or ref, partial(_file, ref))


def usual(opened: Opened) -> Text:
    """The text that a model is tried on: the validation part of its corpus, else sonnets."""
    try:
        found = held_out(opened.model, opened.path, MOST)
    except HeloError:
        return Text("Shakespeare's sonnets", lambda units, say: TEXT)
    return Text(f"the validation part of {found.corpus}", lambda units, say: found.text)


def pasted(text: str) -> Text:
    """A text that was typed or pasted."""
    return Text("what was pasted", lambda units, say: normalise(text)[:MOST])


def _file(ref: str, units: str, say: Say) -> str | bytes:
    if ref == STANDARD_INPUT:
        raise UsageError("name a text file: the app has no standard input")
    try:
        there = os.path.exists(places.typed(ref))
    except (OSError, ValueError):
        there = False
    if not there:
        raise NotFoundError(f"no file {quoted(ref)}: name a text file")
    return sources.read(ref, units, say, MOST)


def _validation(opened: Opened, units: str, say: Say) -> str | bytes:
    found = held_out(opened.model, opened.path, MOST)
    say(f"of the corpus {found.corpus}")
    if isinstance(found.text, bytes) and units == "char":
        return normalise(found.text.decode("utf-8", "replace"))
    return found.text


@dataclass(frozen=True)
class Known:
    """A text as a model can read it: `ids` (N,), and how many characters it does not know were left out."""

    ids: Ids
    left_out: int
    note: str = ""

    @property
    def share_left_out(self) -> float:
        return self.left_out / max(1, self.left_out + len(self.ids))

    @property
    def told(self) -> str:
        """How many characters were left out, and their share; empty if none were."""
        if not self.left_out:
            return ""
        return f"{self.left_out:,} unknown left out ({percent(self.share_left_out)})"


def known(content: str | bytes, alphabet: Alphabet) -> Known:
    """A text in ids of an alphabet, as `helo score --skip-unknown` reads it."""
    fitted = alphabet.fit(content, strictly=True)
    ids = fitted.ids.astype(np.min_scalar_type(len(alphabet)))
    return Known(ids, fitted.left_out, fitted.note)


def glyphs_of(ids: Ids, alphabet: Alphabet) -> str:
    """The characters that show ids (N,), one for one."""
    glyphs = Glyphs(alphabet)
    for start in range(0, len(ids), _PART):
        glyphs.extend(ids[start : start + _PART].tolist())
    return glyphs.text

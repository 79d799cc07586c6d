"""The text that a model was validated on, the part of its corpus that was held out, and the other part."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.config import TrainConfig, usual_split
from engine.errors import NotFoundError, RunError
from engine.network.modelfile import Model
from engine.runs.rundir import RunDirectory
from engine.text import copies, corpus
from engine.text.corpus import Corpus
from engine.text.sources import catalogue
from engine.vocab import Text
from engine.words import quoted


@dataclass(frozen=True)
class HeldOut:
    """The name of a corpus, and the part of its text that was held out: bytes if its units are bytes."""

    corpus: str
    text: str | bytes


def held_out(model: Model, path: Path | None, most: int) -> HeldOut:
    """The part of a model's corpus that was held out, up to `most` characters.

    For a model at a `path` in the folder of a run, it is what the run held out; for another, or one whose
    path is not known, what is held out usually. Raises NotFoundError if the corpus is not here or has no
    such part, CorpusError.
    """
    found, (_, held) = _parts(model, path)
    if not len(held):
        raise NotFoundError(f"no part of {found.info.name} was held out: name a text file")
    text = _text(found, held, most)
    is_text = found.info.units == "char"
    return HeldOut(found.info.name, text if is_text else text.encode("latin-1"))


def learnt(model: Model, path: Path | None, most: int) -> str:
    """The part of a model's corpus that was not held out, up to `most` symbols.

    Raises NotFoundError if the corpus is not here, CorpusError.
    """
    found, (trained, _) = _parts(model, path)
    return _text(found, trained, most)


def _parts(model: Model, path: Path | None) -> tuple[Corpus, tuple[Text, Text]]:
    """The corpus of a model, and its part for training and the one held out."""
    found = _corpus(model)
    share, way = TrainConfig.validation, usual_split(model.config.lines)
    if path:
        with suppress(RunError):
            config = RunDirectory(path.parent).info().config
            share, way = config.validation, config.split
    return found, found.split(share, way)


def _text(found: Corpus, ids: Text, most: int) -> str:
    symbols = found.info.alphabet.symbols
    return "".join([symbols[i] for i in ids[:most].tolist()])


def _corpus(model: Model) -> Corpus:
    """The imported corpus with the text that a model was trained on.

    Raises NotFoundError, CorpusError.
    """
    sha256, name = model.history.corpus_sha256, model.history.corpus
    if folder := copies.trained_on(sha256, model.alphabet.units):
        return corpus.load(folder)
    entries = catalogue.entries().items() if sha256 else ()
    if known_as := next((key for key, entry in entries if entry.sha256 == sha256), ""):
        raise NotFoundError(
            f"the corpus of {model.name} is not here yet: fetch it with `helo corpora get {known_as}`"
        )
    what = f"the corpus {quoted(name)} of {model.name}" if name else f"the corpus of {model.name}"
    raise NotFoundError(f"{what} is not here: name a text file")

"""Sources into the corpus store: `add`, `obtain`; and `read` for what is only looked at."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from engine import places
from engine.errors import CorpusError, NotFoundError
from engine.storage import check_name
from engine.text import corpus, encoder
from engine.text.corpus import Corpus
from engine.text.sources.document import Report, Source
from engine.text.sources.find import find
from engine.text.sources.local import find_path
from engine.text.sources.reading import Reading
from engine.text.sources.text import blocks

_PLAIN = Reading()


def _silent(*_: object) -> None: ...


@dataclass(frozen=True)
class Imported:
    """A corpus that was added, and lines to tell the user about it."""

    corpus: Corpus
    notes: list[str]


def add(
    ref: str, name: str | None = None, reading: Reading = _PLAIN, report: Report = _silent
) -> Imported:
    """Import the source `ref` under its own name, or `name`.

    Raises NotFoundError, UsageError, CorpusError, StorageError; then, or where `report` raises, nothing is
    left behind.
    """
    return add_source(find(ref, reading), name, reading, report)


def add_source(
    source: Source, name: str | None = None, reading: Reading = _PLAIN, report: Report = _silent
) -> Imported:
    """`add` of a source that was found."""
    source.ledger.report = report
    made = corpus.add(
        blocks(source, reading),
        name or _tidy(source.name),
        source.origin,
        licence=source.licence,
        units=reading.units,
        lines=reading.lines,
        entropy_rate=source.entropy_rate,
        normalise=reading.normalise,
        encoding=lambda: ", ".join(source.ledger.encodings),
    )
    form = reading.normalise
    said = [f"every character brought to {form.upper()}"] if form != "none" else []
    return Imported(made, source.ledger.notes + said)


def obtain(ref: str, report: Report = _silent, say: Callable[[str], object] = _silent) -> Corpus:
    """CORPUS as DESIGN says: the imported corpus that `ref` names, else `ref` imported now; `say` is
    called with what there is to tell of that.

    A source that was imported before, under its name or that name with a number, is taken as it is where
    its text is the same. Raises as `add`.
    """
    try:
        return _obtain(ref, report, say)
    except CorpusError as error:
        if not error.remedy:
            raise
        advice = f"import it by helo corpora add, where {error.remedy}"
        raise CorpusError(error.problem, advice) from error


def _obtain(ref: str, report: Report, say: Callable[[str], object]) -> Corpus:
    if folder := folder_of(ref):
        return corpus.load(folder)
    name, sha256 = _tidy(find(ref, _PLAIN).name), ""
    tried = (name if n == 1 else f"{name}-{n}" for n in count(1))
    for free in tried:
        if not (folder := places.corpora() / free).exists():
            break
        if ref != "-":
            sha256 = sha256 or encoder.digest(blocks(find(ref, _PLAIN), _PLAIN))
            with suppress(CorpusError):  # a damaged one is not the same
                if corpus.read_info(folder).sha256 == sha256:
                    return corpus.load(folder)
    added = add(ref, free, _PLAIN, report)
    for line in added.notes:
        say(line)
    return added.corpus


def read(ref: str, units: str = "char", say: Callable[[str], object] = _silent) -> str | bytes:
    """The whole text of a file, or of standard input for "-": str, or bytes for units "byte".

    Raises NotFoundError, CorpusError.
    """
    reading, path = Reading(units=units), places.typed(ref)
    if os.path.isdir(path):
        raise CorpusError(f"{ref} is a folder: name a text file")
    try:
        source = find(ref, reading) if ref == "-" else find_path(path, reading, path.name, ref)
    except NotFoundError as error:
        raise NotFoundError(
            f"no file {ref!r}: name a text file, or - for standard input"
        ) from error
    try:
        parts = list(blocks(source, reading))
    except CorpusError as error:
        advice = "name a text file in UTF-8" if error.remedy else ""
        raise CorpusError(error.problem, advice) from error
    for line in source.ledger.notes:
        say(line)
    return (b"" if units == "byte" else "").join(parts)  # type: ignore[arg-type]


def folder_of(ref: str) -> Path | None:
    """The folder of the imported corpus that `ref` names or is, else None."""
    for folder in (places.corpora() / ref, places.typed(ref)):
        if os.path.isfile(folder / corpus.INFO):
            return folder
    return None


def _tidy(name: str) -> str:
    """A name that may be one, from a file's."""
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in name).lstrip("._-")[:48]
    return check_name(kept or "corpus")

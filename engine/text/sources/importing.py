"""Imports sources into the corpus store (`add`, `obtain`), or only reads them (`read`)."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from corpora import BUILT_IN
from engine import forms, places
from engine.errors import CorpusError, NotFoundError, UsageError
from engine.storage import check_name
from engine.text import corpus, encoder
from engine.text.corpus import Corpus
from engine.text.sources.document import Report, Source
from engine.text.sources.files import changed_since
from engine.text.sources.find import STANDARD_INPUT, find, is_name
from engine.text.sources.local import find_path
from engine.text.sources.reading import Reading
from engine.text.sources.text import blocks
from engine.words import quoted

_PLAIN = Reading()
_LONGEST_NAME = 48


def _silent(*_: object) -> None: ...


@dataclass(frozen=True)
class Imported:
    """A corpus that was added, and notes for the user."""

    corpus: Corpus
    notes: list[str]


def add(
    ref: str, name: str | None = None, reading: Reading = _PLAIN, report: Report = _silent
) -> Imported:
    """Import the source `ref` as `name`, by default under its own name.

    Raises NotFoundError, UsageError, CorpusError, WebError, StorageError, and what `report` raises. On any
    failure, nothing is left on disk.
    """
    return add_source(find(ref, reading), name, reading, report)


def add_source(
    source: Source, name: str | None = None, reading: Reading = _PLAIN, report: Report = _silent
) -> Imported:
    """Same as `add`, for a source that is already found."""
    source.ledger.report = report
    called = name or tidy(source.name)
    made = corpus.add(
        blocks(source, reading),
        called,
        source.place or source.origin,
        licence=source.licence,
        units=reading.units,
        lines=reading.lines,
        entropy_rate=source.entropy_rate,
        normalise=reading.normalise,
        options=reading.options,
        encoding=lambda: ", ".join(source.ledger.encodings),
    )
    notes = source.ledger.notes
    if reading.normalise != "none":
        notes.append(f"text converted to {reading.normalise.upper()}")
    if not name and called != source.name:
        notes.append(f"named {called}, after {source.name}")
    return Imported(made, notes)


def obtain(ref: str, report: Report = _silent, say: Callable[[str], object] = _silent) -> Corpus:
    """The imported corpus that `ref` names, or else `ref` imported now. `say` is called with each note.

    If a source was imported before, under its name or that name with a number, and its text has not
    changed, that corpus is returned. Raises what `add` raises.
    """
    try:
        if (folder := folder_of(ref)) and (known := _known(ref, folder, say)):
            return known
        return _obtain(ref, report, say)
    except CorpusError as error:
        if not error.remedy:
            raise
        advice = f"import it with `helo corpora add`, where {error.remedy}"
        raise CorpusError(error.problem, advice) from error


def _known(ref: str, folder: Path, say: Callable[[str], object]) -> Corpus | None:
    """The imported corpus in a folder; None if it was imported without options from a path of the same
    name, and what is there has changed. `say` is told what else the name could mean."""
    found, here = corpus.load(folder), os.path.abspath(places.typed(ref))
    if not is_name(ref) or here == os.path.abspath(folder) or not os.path.exists(here):
        return found
    if found.info.source != here:
        say(f"{ref} is the corpus ({found.info.source}); use ./{ref} for the path")
    elif changed_since(here, datetime.fromisoformat(found.info.created)):
        if found.info.options == "":
            return None
        say(f"{ref} is the corpus as it was imported; ./{ref} has changed since")
    return found


def _obtain(ref: str, report: Report, say: Callable[[str], object]) -> Corpus:
    source, sha256 = find(ref, _PLAIN), ""
    name = tidy(source.name)
    tried = (name if n == 1 else f"{name}-{n}" for n in count(1))
    for free in tried:
        if free in BUILT_IN and free != ref:
            continue
        if not (folder := places.corpora() / free).exists():
            break
        if ref != STANDARD_INPUT:
            sha256 = sha256 or encoder.digest(blocks(find(ref, _PLAIN), _PLAIN))
            with suppress(CorpusError):  # a damaged one is not the same
                if corpus.read_info(folder).sha256 == sha256:
                    return corpus.load(folder)
    added = add(ref, free, _PLAIN, report)
    for line in added.notes:
        say(line)
    if free != name:
        say(f"imported as {free}: the corpus {name} has a different text")
    elif name != source.name:
        say(f"named {name}, after {source.name}")
    return added.corpus


def read(
    ref: str,
    units: str = "char",
    say: Callable[[str], object] = _silent,
    most: int | None = None,
) -> str | bytes:
    """The whole text of a file, or of standard input for "-", or the first `most` characters of a longer
    one: str, or bytes for units "byte".

    Raises NotFoundError, UsageError, CorpusError.
    """
    if not ref:
        raise UsageError("name a text file, or - for standard input")
    reading, path = Reading(units=units), places.typed(ref)
    if os.path.isdir(path):
        raise CorpusError(f"{ref} is a folder: name a text file")
    try:
        source = (
            find(ref, reading)
            if ref == STANDARD_INPUT
            else find_path(path, reading, path.name, ref)
        )
    except NotFoundError as error:
        raise NotFoundError(
            f"no file {quoted(ref)}: name a text file, or - for standard input"
        ) from error
    parts: list[Any] = []
    length = 0
    try:
        for block in blocks(source, reading):
            parts.append(block)
            if most and (length := length + len(block)) > most:
                say(f"only the first {most:,} characters are read")
                break
    except CorpusError as error:
        advice = "name a text file in UTF-8" if error.remedy else ""
        raise CorpusError(error.problem, advice) from error
    for line in source.ledger.notes:
        say(line)
    return (b"" if units == "byte" else "").join(parts)[:most]


def folder_of(ref: str) -> Path | None:
    """The folder of the imported corpus that `ref` names, or `ref` itself if it is one; else None."""
    named = [places.corpora() / ref] if is_name(ref) else []
    for folder in (*named, places.typed(ref)):
        if os.path.isfile(folder / corpus.INFO):
            return folder
    return None


def imported_from(ref: str) -> list[str]:
    """The names of the corpora that were imported from the path `ref`."""
    place, names = os.path.abspath(places.typed(ref)), []
    for folder in corpus.corpora():
        with suppress(CorpusError):
            if corpus.read_info(folder).source == place:
                names.append(folder.name)
    return names


def tidy(name: str) -> str:
    """A valid corpus name made from a file's name."""
    composed = forms.composed(name)
    kept = "".join(c for c in composed if not unicodedata.category(c).startswith("M"))
    kept = re.sub(r"[^\w.]+", "-", kept).lstrip("-._")[:_LONGEST_NAME].rstrip("-._")
    return check_name(kept or _called(composed))


def _called(symbols: str) -> str:
    """The Unicode name of the first symbol, in lower case with hyphens."""
    name = unicodedata.name(symbols[:1] or "-", f"U+{ord(symbols[:1] or '-'):04X}")
    return re.sub(r"\W+", "-", name.lower())

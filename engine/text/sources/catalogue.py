"""The catalogue: real corpora by name, and where to get them.

`corpora/catalogue.toml` holds addresses, never texts. Each of its tables is an Entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from engine import outside, places
from engine.errors import CorpusError, DamagedError, NotFoundError
from engine.storage import check_name
from engine.text import take, web
from engine.text.sources.document import Document, Source
from engine.text.sources.reading import Reading
from engine.text.sources.remote import find_address
from engine.words import quoted

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SLACK = 2
"""A download may be this many times its stated `size`: files that change tend to grow."""


@dataclass(frozen=True)
class Entry:
    """A corpus that can be fetched.

    Raises CorpusError for invalid values.
    """

    name: str
    title: str
    url: str
    licence: str
    size: int | None = None
    """Bytes of the download; approximate if the file changes over time."""
    sha256: str | None = None
    """The hash of the download; None if the file changes over time, so that any version is accepted."""
    text_sha256: str | None = None
    """The hash of the only document in the download, before anything is taken out of it."""
    glob: tuple[str, ...] = ()
    units: str = "char"
    lines: bool = False
    between: tuple[str, ...] = ()
    """What the lines before and after a document's text contain."""
    fields: tuple[str, ...] = ()
    """The keys whose values are the text, if the documents are lists of JSON objects."""

    def __post_init__(self) -> None:
        check_name(self.name)
        hashes = [hash for hash in (self.sha256, self.text_sha256) if hash is not None]
        if not (self.title and self.licence and web.is_address(self.url)):
            raise CorpusError("it needs a title, a licence and a url that begins with https://")
        if not all(map(_SHA256.fullmatch, hashes)):
            raise CorpusError("a sha256 has 64 digits of 0-9 and a-f")
        if self.size is not None and self.size < 1:
            raise CorpusError("its size must be at least 1")
        if len(self.between) not in (0, 2):
            raise CorpusError("between takes two texts")

    @property
    def reading(self) -> Reading:
        return Reading(glob=self.glob, units=self.units, lines=self.lines)

    @property
    def taken(self) -> str:
        """What is taken from the download, in words; empty if everything is."""
        parts = [f"files {' '.join(self.glob)}"] if self.glob else []
        if self.fields:
            parts.append(f"of each entry {', '.join(self.fields)}")
        if self.between:
            parts.append(f"the lines between {' and '.join(map(repr, self.between))}")
        if self.lines:
            parts.append("each line an example of its own")
        return ", ".join(parts)

    def source(self) -> Source:
        """The source of its text. Nothing is fetched until the documents are read."""
        most = web.MAX_SIZE if self.size is None else _SLACK * self.size
        found = find_address(self.url, self.reading, self.sha256, most)
        documents = map(self._take, found.documents)
        return replace(found, name=self.name, licence=self.licence, documents=documents)

    def _take(self, document: Document) -> Document:
        blocks: Iterator[bytes] = document.blocks
        if self.text_sha256:
            blocks = take.verified(blocks, self.text_sha256, document.name)
        if self.between:
            first, last = self.between
            blocks = take.between(blocks, first, last, document.name)
        if self.fields:
            blocks = take.fields(blocks, self.fields, document.name)
        return document if blocks is document.blocks else Document(document.name, None, blocks)


def entries() -> dict[str, Entry]:
    """All entries by name, in the catalogue's order.

    Raises CorpusError if the catalogue cannot be read.
    """
    path = places.catalogue()
    with outside.reading(path, CorpusError):
        return {
            name: _entry(name, table)
            for name, table in outside.parse_toml(outside.read(path)).items()
        }


def _entry(name: str, table: Any) -> Entry:
    """The entry of one table. Raises DamagedError."""
    try:
        data = {**table, "name": name} if isinstance(table, dict) else table
        return outside.convert(Entry, data, exact=True)
    except DamagedError as error:
        raise DamagedError(f"{name}: {error}") from error


def find(name: str) -> Entry:
    """The entry `name`.

    Raises NotFoundError if there is none, CorpusError if the catalogue cannot be read.
    """
    try:
        return entries()[name]
    except KeyError:
        known = ", ".join(entries())
        raise NotFoundError(f"no entry {quoted(name)} in the catalogue; it has: {known}") from None

"""Turns anything that a person can name into a text.

A reference is resolved to a source (`find`): a series of documents, which are named streams of bytes. The
documents become blocks of one text (`text`), and the blocks go to the corpus store (`importing`).
"""

from engine.text.sources.document import Document, Ledger, Report, Source
from engine.text.sources.find import as_path, find, nothing
from engine.text.sources.importing import (
    Imported,
    add,
    add_source,
    folder_of,
    imported_from,
    obtain,
    read,
)
from engine.text.sources.local import find_path
from engine.text.sources.reading import Reading, parse_size
from engine.text.sources.text import blocks

__all__ = [
    "Document",
    "Imported",
    "Ledger",
    "Reading",
    "Report",
    "Source",
    "add",
    "add_source",
    "as_path",
    "blocks",
    "find",
    "find_path",
    "folder_of",
    "imported_from",
    "nothing",
    "obtain",
    "parse_size",
    "read",
]

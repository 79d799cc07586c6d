"""Documents as the blocks of one text: decoded, with \\n line ends, one after another."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain

from engine.errors import CorpusError
from engine.sources.document import Document, Source
from engine.sources.reading import Reading


def blocks(source: Source, reading: Reading) -> Iterator[str] | Iterator[bytes]:
    """The text of a source, str for units "char", bytes for "byte".

    Raises CorpusError.
    """
    if reading.units == "byte":
        return chain.from_iterable(document.blocks for document in source.documents)
    return chain.from_iterable(_decoded(document) for document in source.documents)


def _decoded(document: Document) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    read, carry = 0, ""
    advice = "; `helo corpora add --units byte` imports it as bytes"
    for block in chain(document.blocks, (b"",)):  # the empty block is the end
        try:
            text = carry + decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{document.name} is no UTF-8 text (near byte {max(0, read + error.start):,}){advice}"
            ) from error
        if "\0" in text:
            raise CorpusError(f"{document.name} looks binary (it has NUL characters){advice}")
        read += len(block)
        carry = "\r" if text.endswith("\r") and block else ""
        yield text.removesuffix(carry).replace("\r\n", "\n").replace("\r", "\n")

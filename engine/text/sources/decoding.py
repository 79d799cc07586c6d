"""Bytes as text: the encoding found, \\n line ends, no byte-order mark, whatever the blocks' borders."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from engine.errors import CorpusError
from engine.text.sources.document import BLOCK, Document, Ledger
from engine.text.sources.reading import Reading
from engine.text.sources.stream import packed

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_USUAL = (
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
)
"""Encodings that text on disks is in, where it is not UTF-8; where several fit alike, the first is it."""
_NEARLY = 8
"""Good characters beyond ASCII for each bad byte, from which on a text is broken UTF-8."""
_AROUND = 1 << 12


class NoText(Exception):
    """A document that cannot be taken as text; `kind` is what it is."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind)
        self.kind, self.name = kind, name


def decoded(document: Document, reading: Reading, ledger: Ledger) -> Iterator[str]:
    """The text of a document in blocks.

    Raises NoText for what is none; while it is read, CorpusError where that shows later.
    """
    head = b""
    for block in document.blocks:
        head += block
        if len(head) >= BLOCK:
            break
    encoding = _encoding(head, len(head) < BLOCK, document.name, reading, ledger)
    ledger.expect(document.size or 0)
    blocks = ledger.take(chain((head,), document.blocks))
    texts = _normalised(_decode(blocks, encoding, document.name))
    return map(_lowered, texts) if reading.lowercase else texts


def _encoding(head: bytes, whole: bool, name: str, reading: Reading, ledger: Ledger) -> str:
    """The encoding of a text that begins with `head`, which is the `whole` of it or not."""
    marked = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), None)
    known = reading.encoding or marked
    nul = "\0" in head.decode(known, "replace") if known else b"\0" in head
    if nul or packed(head):
        raise NoText("binary file", name)
    if known:
        return known
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
        return "utf-8"
    except UnicodeDecodeError as error:
        text = head.decode("utf-8", "replace")
        bad = text.count("\ufffd")
        good = len(text) - len(text.encode("ascii", "ignore")) - bad
        if good > _NEARLY * bad:
            raise NoText("broken UTF-8 file", f"{name} (byte {error.start:,})") from error
        if not (found := _detect(head, error.start, len(head))):
            raise NoText("binary file", name) from error
        ledger.note(f"read as {found}", name)
        return found


def _detect(data: bytes, place: int, most: int) -> str | None:
    """The encoding that the text around byte `place`, at most so many bytes to either side, is most likely
    in; None where it looks like no text."""
    from charset_normalizer import from_bytes

    first, last = max(0, place - most), place + most
    if first:  # whole lines are not cut within a character
        first = data.find(b"\n", first, place) + 1 or first
    last = data.rfind(b"\n", place, last) + 1 or last
    sample = data[first:last]
    with suppress(UnicodeDecodeError):
        sample.decode()
        return "utf-8"
    matches = from_bytes(sample, cp_isolation=list(_USUAL), enable_fallback=False)
    if not (best := matches.best()):
        return None
    alike = {
        encoding
        for match in matches
        if (match.chaos, match.coherence) == (best.chaos, best.coherence)
        for encoding in match.could_be_from_charset
    }
    return next((encoding for encoding in _USUAL if encoding in alike), best.encoding)


def _decode(blocks: Iterator[bytes], encoding: str, name: str) -> Iterator[str]:
    """Raises CorpusError where a byte cannot be decoded, with the encoding in which it could."""
    decoder, read = codecs.getincrementaldecoder(encoding)(), 0
    for block in chain(blocks, (b"",)):  # the empty block is the end
        read += len(block)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            place = read - len(error.object) + error.start
            other = _detect(error.object, error.start, _AROUND)
            raise _undecodable(name, encoding, place, other) from error
        except UnicodeError as error:
            raise _undecodable(name, encoding, read - len(block), None) from error
        if b"\0" in block if encoding == "utf-8" else "\0" in text:  # the former is much faster
            raise CorpusError(
                f"{name} is binary: it has NUL characters after byte {read - len(block):,}; "
                "--units byte takes bytes as they are"
            )
        yield text


def _undecodable(name: str, encoding: str, place: int, other: str | None) -> CorpusError:
    advice = (
        f"--encoding {other} reads it" if other and other != encoding else "name its --encoding"
    )
    return CorpusError(
        f"{name} is no {encoding} text at byte {place:,}: {advice}, or --units byte takes it as bytes"
    )


def _normalised(texts: Iterator[str]) -> Iterator[str]:
    """Texts without a byte-order mark at the start, and with CRLF and CR as \\n, also across borders."""
    carry, first = "", True
    for text in texts:
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
        if carry or "\r" in text:
            text = carry + text
            carry = "\r" if text.endswith("\r") else ""
            text = text.removesuffix(carry).replace("\r\n", "\n").replace("\r", "\n")
        yield text
    if carry:
        yield "\n"


def _lowered(text: str) -> str:
    # a capital sigma would depend on what follows it, which may be the next block's
    return text.replace("Σ", "σ").lower()

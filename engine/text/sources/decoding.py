"""Decodes documents: the encoding is detected, line ends become \\n and a byte-order mark is dropped.

Where the blocks of bytes are split does not matter.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from threading import local

from engine import forms
from engine.errors import CorpusError
from engine.text.sources import encodings
from engine.text.sources.document import BLOCK, Document, Ledger
from engine.text.sources.reading import Reading
from engine.text.sources.stream import packed
from engine.words import counted

UTF8, CESU8 = "utf-8", "cesu-8"
_AROUND = 1 << 12
_HANDLER = "engine.text.sources.decoding"
"""The name under which codecs find the handler for undecodable bytes."""
_CUT = ("unexpected end of data", "truncated data", "incomplete multibyte sequence")
"""The reasons that codecs give for an incomplete character."""
_BEGUN = re.compile(rb"\xed([\xa0-\xaf]([\x80-\xbf](\xed([\xb0-\xbf])?)?)?)?\Z")
"""The beginning of a CESU-8 surrogate pair, at the end of the data."""
_TOLD = {"replace": "replaced by U+FFFD", "drop": "dropped"}
_RESCUE = "--errors drop or --errors replace reads the rest"
_BYTES = "--units byte takes bytes as they are"
_OF_NULS = f"{_RESCUE}, --units byte reads a binary file as it is"


class NoText(Exception):
    """A document that cannot be read as text: its kind, a remark, and the options that would read it."""

    def __init__(self, kind: str, remark: object = "", remedy: str = _BYTES) -> None:
        super().__init__(kind)
        self.kind, self.remedy = kind, remedy
        self.remark = f" ({remark})" if remark else ""


@dataclass(frozen=True)
class _Place:
    """A byte of a document, and the number of its line, from 1."""

    byte: int
    line: int

    def __str__(self) -> str:
        return f"byte {self.byte:,}, line {self.line:,}"


class _Fault(Exception):
    """Bytes that are not text, from `start` in `data`."""

    def __init__(self, place: _Place, data: bytes, start: int, nul: bool = False) -> None:
        super().__init__(str(place))
        self.place, self.data, self.start, self.nul = place, data, start, nul


class _Decoder:
    """Decodes bytes piece by piece.

    Bytes that cannot be read raise _Fault, or are replaced or dropped, and counted. An incomplete character
    at the very end is left out.
    """

    def __init__(self, encoding: str, errors: str = "strict") -> None:
        self.encoding, self._errors = encoding, errors
        self._decoder = codecs.getincrementaldecoder(encoding)(_HANDLER)
        self._held, self._final = b"", False
        self._read, self._lines = 0, 1
        self.beyond = False
        """Whether there were characters beyond ASCII so far."""
        self.tail = b""
        """The incomplete character at the very end."""
        self.pairs = 0
        """How many characters were surrogate pairs, as CESU-8 writes them."""
        self.faults = 0
        self.first: _Place | None = None

    def decode(self, block: bytes, final: bool = False) -> str:
        """Decode the next block.

        Raises _Fault, or UnicodeError if the document does not begin as its encoding requires.
        """
        if self.encoding == UTF8:
            block = self._held + block
            half = None if final else _BEGUN.search(block, max(0, len(block) - 5))
            block, self._held = (block[: half.start()], half[0]) if half else (block, b"")
        begins = self._read - len(self._decoder.getstate()[0])
        self._read, self._final = self._read + len(block), final
        _working.decoder = self
        text = self._decoder.decode(block, final)
        # searching bytes is much faster
        if b"\0" in block if self.encoding == UTF8 else "\0" in text:
            text = self._without_nuls(text, begins, block)
        self._lines += _line_ends(text)
        self.beyond = self.beyond or not text.isascii()
        return text

    def repair(self, error: UnicodeDecodeError) -> tuple[str, int]:
        """The replacement for bytes that cannot be decoded, and the index at which to continue."""
        data, end = error.object, error.end
        if self.encoding == UTF8:
            if encodings.PAIR.match(data, error.start):
                self.pairs += 1
                return _joined(data[error.start : error.start + 6]), error.start + 6
            if lone := encodings.HALF.match(data, error.start):
                end = lone.end()
        begins = error.reason in _CUT or (self.encoding == UTF8 and _BEGUN.match(data, error.start))
        if self._final and begins:
            self.tail = data[error.start :]
            return "", len(data)
        place = self._read - len(data) + error.start
        if self._errors == "strict" or not self.first:
            before = data[: error.start].decode(self.encoding, "replace")
            at = _Place(place, self._lines + _line_ends(before))
            if self._errors == "strict":
                raise _Fault(at, data, error.start)
            self.first = at
        return self._stand_in(1), end

    def _stand_in(self, faults: int) -> str:
        self.faults += faults
        return "\ufffd" if self._errors == "replace" else ""

    def _without_nuls(self, text: str, begins: int, block: bytes) -> str:
        before = text[: text.index("\0")]
        place = begins + len(before.encode(self.encoding, "replace"))
        at = _Place(place, self._lines + _line_ends(before))
        if self._errors == "strict":
            raise _Fault(at, block, 0, nul=True)
        self.first = self.first or at
        return text.replace("\0", self._stand_in(text.count("\0")))

    @property
    def length(self) -> int:
        """How many bytes were read."""
        return self._read

    def place(self, before_end: int) -> _Place:
        """The place of the byte this many bytes before the end, which must be in the last line."""
        return _Place(self._read - before_end, self._lines)


_working = local()
codecs.register_error(_HANDLER, lambda error: _working.decoder.repair(error))


def _joined(pair: bytes) -> str:
    """The character that a CESU-8 surrogate pair stands for."""
    _, a, b, _, c, d = pair
    return chr(0x10000 + ((a & 0xF) << 16 | (b & 0x3F) << 10 | (c & 0xF) << 6 | d & 0x3F))


def _line_ends(text: str) -> int:
    return text.count("\n") or text.count("\r")  # if it has both, lines end with CRLF


def decoded(document: Document, reading: Reading, ledger: Ledger) -> Iterator[str]:
    """The text of a document in blocks.

    Raises NoText if it is not text. If that shows only later, reading the blocks raises CorpusError.
    """
    head = b""
    for block in document.blocks:
        head += block
        if len(head) >= BLOCK:
            break
    encoding = _encoding(head, len(head) < BLOCK, document, reading, ledger)
    ledger.expect(document.size or 0)
    blocks = ledger.take(chain((head,), document.blocks))
    texts = _lines(_decode(blocks, encoding, document, reading, ledger))
    texts = map(_lowered, texts) if reading.lowercase else texts
    return forms.normalised(texts, reading.normalise)


def _encoding(
    head: bytes, whole: bool, document: Document, reading: Reading, ledger: Ledger
) -> str:
    """The encoding of a document that begins with `head`, or is `head` if `whole`. Raises NoText."""
    marked = (encoding for mark, encoding in encodings.MARKS.items() if head.startswith(mark))
    told = reading.encoding and codecs.lookup(reading.encoding).name
    known = UTF8 if document.made else told or next(marked, None)
    name, strict = document.name, reading.errors == "strict"
    if packed(head):
        raise NoText("binary file")
    if "\0" in head.decode(known, "replace") if known else b"\0" in head:
        if not known and (found := encodings.wide(head)):
            ledger.note(f"read as {found}", name)
            return found
        if strict or not (known or encodings.looks_plain(head)):
            raise _with_nuls(head, known)
        return known or UTF8
    if known:
        return known
    decoder = _Decoder(UTF8)
    try:
        decoder.decode(head, whole)
        if not decoder.tail or decoder.beyond or encodings.only_begins(decoder.tail):
            return UTF8
        place = len(head) - len(decoder.tail)
    except _Fault as fault:
        if encodings.looks_utf8(head):
            if not strict:
                return UTF8
            raise NoText("broken UTF-8 file", fault.place, _RESCUE) from fault
        place = fault.place.byte
    if not (found := encodings.detect(head, place, len(head))):
        raise NoText("binary file")
    ledger.note(f"read as {found}", name)
    return found


def _with_nuls(head: bytes, known: str | None) -> NoText:
    """The error for a document with NULs at its beginning."""
    if found := known and encodings.wide(head):
        return NoText("binary file", f"it looks like {found}", f"--encoding {found} may read it")
    text = head.decode(known or UTF8, "replace")
    if 10 * text.count("\0") <= len(text) and (known or encodings.looks_plain(head)):
        try:
            _Decoder(known or UTF8).decode(head)
        except _Fault as fault:
            if fault.nul:
                return NoText("file with NUL characters", fault.place, _OF_NULS)
    return NoText("binary file")


def _decode(
    blocks: Iterator[bytes], encoding: str, document: Document, reading: Reading, ledger: Ledger
) -> Iterator[str]:
    """The text in blocks. Raises CorpusError for unreadable bytes, with the options that would help."""
    name, decoder, nothing = document.name, _Decoder(encoding, reading.errors), True
    for block, final in chain(zip(blocks, repeat(False)), [(b"", True)]):
        try:
            text = decoder.decode(block, final)
        except _Fault as fault:
            raise _unreadable(name, decoder, fault) from fault
        except UnicodeError as error:
            problem = f"{name} is not {encoding} text: {error}"
            raise CorpusError(problem, f"name its --encoding, or {_BYTES}") from error
        nothing = nothing and text in ("", "\ufeff")
        yield text
    if tail := decoder.tail:
        sure = encoding != UTF8 or reading.encoding or decoder.beyond or encodings.only_begins(tail)
        if nothing or not sure:
            raise _unreadable(name, decoder, _Fault(decoder.place(len(tail)), tail, 0))
    _tell(decoder, name, reading, ledger)
    if not document.made:
        ledger.encodings.setdefault(CESU8 if decoder.pairs else encoding)


def _unreadable(name: str, decoder: _Decoder, fault: _Fault) -> CorpusError:
    """The error for a fault in a document, with the options that would help."""
    if fault.nul:
        return CorpusError(f"{name} has a NUL character at {fault.place}", _OF_NULS)
    encoding = decoder.encoding
    if encoding == UTF8 and (decoder.beyond or encodings.looks_utf8(fault.data)):
        return CorpusError(f"{name} is broken UTF-8 at {fault.place}", _RESCUE)
    other = encodings.detect(fault.data, fault.start, _AROUND)
    better = (
        f"--encoding {other} reads it" if other not in (None, encoding) else "name its --encoding"
    )
    return CorpusError(
        f"{name} is not {encoding} text at {fault.place}", f"{better}, {_RESCUE}, or {_BYTES}"
    )


def _tell(decoder: _Decoder, name: str, reading: Reading, ledger: Ledger) -> None:
    """Note what the user should know about a document that was read."""
    if decoder.pairs:
        ledger.note("read as CESU-8, its pairs of surrogates joined", name)
    if decoder.tail:
        cut = f"{decoder.encoding.upper()} cut short within a character, which is left out"
        ledger.note(cut, f"{name} (byte {decoder.length:,})")
    if decoder.first:
        times = counted(decoder.faults, "place")
        what = f"unreadable bytes {_TOLD[reading.errors]}"
        ledger.note(what, f"{name} ({times}, the first at {decoder.first})")


def _lines(texts: Iterator[str]) -> Iterator[str]:
    """The texts with CRLF and CR as \\n, even if split between texts, and without a byte-order mark at the
    start."""
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
    # lower() looks at what follows a capital sigma, which may be in the next block
    return text.replace("Σ", "σ").lower()

"""The files in zip and tar archives, read in place: nothing is unpacked to disk."""

from __future__ import annotations

import math
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from struct import error as StructError
from typing import Self

from engine.text.sources import document
from engine.text.sources.document import Document, Ledger
from engine.text.sources.files import RegularFile
from engine.text.sources.reading import Reading
from engine.text.sources.stream import Stream, blocks, stream
from engine.words import shortened

_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:[/\\]|(.*[/\\])?\.\.([/\\]|$)", re.DOTALL)
_ENTRY = b"PK\x01\x02"
_ENTRY_SIZE = 46
"""The fewest bytes of an entry in a zip's directory."""
_DIRECTORY = 128
"""The most bytes of an entry in a zip's directory, on average."""
_ENCRYPTED, _UNIX = 1, 3
_HEADERS = 1 << 20
"""The most bytes of tar headers before one member."""


def _path(name: str, ledger: Ledger) -> str | None:
    """A member's name as a path below the archive's root; None if it points elsewhere."""
    if _OUTSIDE.match(name):
        ledger.leave_out("unsafe name", shortened(name))
        return None
    return "/".join(part for part in name.split("/") if part not in ("", "."))


@contextmanager
def _damage() -> Iterator[None]:
    """Turn what zipfile and tarfile raise for damaged headers into tarfile.ReadError."""
    try:
        yield
    except (ValueError, LookupError, ArithmeticError, RuntimeError, StructError) as error:
        raise tarfile.ReadError(str(error)) from error


class _Zip:
    """A file for zipfile, which holds a zip's whole directory in memory. Refuses one that is too large."""

    def __init__(self, file: RegularFile) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        most = document.MOST_FILES
        if size > _DIRECTORY * most:
            raise document.too_many_files()
        data = self._file.read(size) or b""
        if len(data) > _ENTRY_SIZE * most and data.count(_ENTRY) > most:
            raise document.too_many_files()
        return data


def in_zip(file: Stream, reading: Reading, ledger: Ledger) -> Iterator[Document]:
    """The members of a zip archive that `reading` wants, sorted by path."""
    with _damage(), zipfile.ZipFile(_Zip(file.raw)) as archive:
        members = [(_path(info.filename, ledger), info) for info in archive.infolist()]
        for name, info in sorted(members, key=lambda member: member[0] or ""):
            if not name or info.is_dir() or not reading.wants(name):
                continue
            if kind := _unread(info):
                ledger.leave_out(kind, shortened(name))
                continue
            with archive.open(info) as member:
                yield Document(
                    shortened(name), info.file_size, blocks(stream(blocks(member), ledger.unpack))
                )


def _unread(info: zipfile.ZipInfo) -> str:
    """Why a member cannot be read; empty if it can. bzip2 and LZMA are not read, as their memory is
    unbounded inside a zip."""
    if info.flag_bits & _ENCRYPTED:
        return "encrypted file"
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "link" if stat.S_ISLNK(mode) else "special file"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "file with unsupported compression"
    return ""


class _Header(tarfile.TarInfo):
    """A tar header that raises an error if it is damaged, rather than end the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # a block of zeros: the regular end
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error


class _Guarded:
    """A stream for tarfile that raises an error if it ends early or one member's headers are too large."""

    def __init__(self, file: Stream) -> None:
        self._file = file
        self.most: float = _HEADERS

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.most -= len(data)
        if not data:
            raise EOFError("it ends in the middle")
        if self.most < 0:
            raise tarfile.ReadError("a header is too large")
        return data


def is_tar(head: bytes) -> bool:
    """Whether a stream begins with a tar header."""
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def in_tar(file: Stream, reading: Reading, ledger: Ledger) -> Iterator[Document]:
    """The members of a tar archive that `reading` wants, in the archive's order, in one pass."""
    guarded, before, in_order = _Guarded(file), "", True
    with (
        _damage(),
        tarfile.open(fileobj=guarded, mode="r|", tarinfo=_Header) as archive,  # type: ignore[call-overload]
    ):
        for member in _members(archive, guarded):
            ledger.see_file()
            name = _path(member.name, ledger)
            if not name or member.isdir() or not reading.wants(name):
                continue
            if not member.isreg() or member.issparse():
                linked = member.issym() or member.islnk()
                ledger.leave_out("link" if linked else "special file", shortened(name))
                continue
            if in_order and name < before:
                in_order = False
                ledger.note(
                    "read in the archive's own order, which is not sorted; first out of place",
                    shortened(name),
                )
            before = name
            content = archive.extractfile(member)
            if content is not None:
                yield Document(shortened(name), member.size, blocks(content))


def _members(archive: tarfile.TarFile, guarded: _Guarded) -> Iterator[tarfile.TarInfo]:
    while member := archive.next():
        archive.members.clear()  # type: ignore[attr-defined]  # else it keeps every member
        guarded.most = math.inf
        yield member
        archive.fileobj.seek(archive.offset)  # skip what was not read
        guarded.most = _HEADERS

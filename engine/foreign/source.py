"""What the user named: a file, an archive of named members, or a folder of files, read within bounds."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from engine import outside
from engine.errors import DamagedError
from engine.foreign.bounds import MOST_BYTES
from engine.words import quoted

_HEAD = 4096
_MOST_NAMES = 4096
_MOST_RATIO, _SLACK = 20, 1 << 20
"""All that is read of a zip is at most so many times its size, and so many bytes more."""


class Source:
    """A path, and what tells whose it is. Everything is read when it is asked for, and once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unpacked = 0

    @cached_property
    def is_folder(self) -> bool:
        return self.path.is_dir()

    @cached_property
    def head(self) -> bytes:
        """The first 4,096 bytes of a file; of a folder b"". Raises OSError."""
        if self.is_folder:
            return b""
        outside.require_file(self.path)
        with open(self.path, "rb") as file:
            return file.read(_HEAD)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The files of a folder, or the members of a zip, sorted; else (). Raises OSError, DamagedError."""
        if self.is_folder:
            with os.scandir(self.path) as entries:
                found = [entry.name for entry in entries if entry.is_file()]
        elif self.head.startswith(b"PK"):
            with self._zip() as archive:
                found = archive.namelist()
        else:
            return ()
        if len(found) > _MOST_NAMES:
            raise DamagedError(f"{len(found):,} files in it")
        return tuple(sorted(found))

    def data(self, most: int = MOST_BYTES) -> bytes:
        """The whole file. Raises OSError, DamagedError."""
        return outside.read(self.path, most)

    def member(self, name: str, most: int = MOST_BYTES) -> bytes:
        """A file of the folder, or a member of the zip. Raises OSError, DamagedError."""
        if name not in self.names:
            raise DamagedError(f"{quoted(name)} is missing")
        if self.is_folder:
            return outside.read(self.path / name, most)
        with self._zip() as archive, archive.open(name) as file:
            room = _SLACK + _MOST_RATIO * os.path.getsize(self.path) - self._unpacked
            data = file.read(min(most, room) + 1)
            self._unpacked += len(data)
        if len(data) > room:
            raise DamagedError("it unpacks to far more than its size")
        if len(data) > most:
            raise DamagedError(f"{quoted(name)} is larger than {most:,} bytes")
        return data

    @cached_property
    def json(self) -> Any:
        """The file's JSON object; None if it does not begin as one. Raises OSError, DamagedError."""
        if not self.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return None
        return outside.parse_json(self.data(outside.LARGE))

    @contextmanager
    def _zip(self) -> Iterator[ZipFile]:
        """The archive. Whatever a damaged one makes zipfile raise becomes a DamagedError."""
        try:
            with ZipFile(self.path) as archive:
                yield archive
        except (BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise DamagedError("not a whole zip archive") from error
        except (KeyError, ValueError, OverflowError, struct.error) as error:
            raise DamagedError("not a whole zip archive") from error

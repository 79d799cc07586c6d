"""Files that are either whole or not there."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import StorageError, UsageError

_NAME = re.compile(r"[^\W_][\w.-]{0,63}")
_LONGEST = 200
"""Bytes of a name: file systems take 255, and suffixes come on top."""


def check_name(name: str) -> str:
    """`name` itself, where it may name a model, a run or a corpus.

    Raises UsageError: a name is a letter or digit, then up to 63 letters, digits, '.', '_' or '-'.
    """
    if not _NAME.fullmatch(name) or len(name.encode()) > _LONGEST:
        raise UsageError(
            f"{name!r} cannot be a name: begin with a letter or digit, then letters, digits, . _ and -"
        )
    return name


def storage_error(path: Path, error: OSError) -> StorageError:
    """The one line for a write that the system refused."""
    return StorageError(f"cannot write {path}: {error.strerror or error}")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power loss."""
    with suppress(OSError):  # some file systems have no fsync for folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_held(lock: Path) -> bool:
    """Whether a living process holds a lock file: probed with a shared lock, so that two who look do not
    take each other for one."""
    try:
        with open(lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file beside, let it take the path's name, fsync the folder.

    Raises StorageError; then what was at the path still is and nothing is left beside it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            make(beside)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error
    sync_folder(path.parent)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write beside, fsync, replace, fsync the folder: a reader sees the old file or the new one.

    Raises StorageError; then the old file still stands and nothing is left beside it.
    """

    def make(beside: Path) -> None:
        with open(beside, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())

    _replace(path, make)


def share(path: Path, whole: Path) -> None:
    """Put what is in a file that is never written to again at another path too, atomically: as a second
    name of it, or as a copy where the file system has no such names.

    Raises StorageError as `write_atomically` does.
    """
    try:
        _replace(path, lambda beside: os.link(whole, beside))
    except StorageError:
        write_atomically(path, lambda file: file.write(whole.read_bytes()))


def write_bytes(path: Path, data: bytes) -> None:
    """`write_atomically` of bytes at hand."""
    write_atomically(path, lambda file: file.write(data))


def write_json(path: Path, data: Any) -> None:
    """`write_atomically` of one JSON value, readable by people."""
    write_bytes(path, encode_json(data, indent=1) + b"\n")


def encode_json(data: Any, indent: int | None = None) -> bytes:
    """A JSON value as UTF-8; the lone surrogates of odd file names and arguments are escaped."""
    return json.dumps(data, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace")


def remove_folder(folder: Path) -> None:
    """Delete a run or a corpus: renamed away first, so that half of one is never seen.

    Raises StorageError.
    """
    gone = folder.with_name(f".{folder.name}.removed")
    try:
        if gone.exists():  # from a removal that was cut short
            shutil.rmtree(gone)
        folder.rename(gone)
        shutil.rmtree(gone)
    except OSError as error:
        raise StorageError(f"cannot remove {folder}: {error.strerror or error}") from error


def folders(parent: Path, marker: str) -> list[Path]:
    """The folders in `parent` that hold a file named `marker`, by name."""
    return sorted(file.parent for file in parent.glob(f"[!.]*/{marker}"))

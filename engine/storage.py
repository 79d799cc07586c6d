"""Writing files so that a reader finds the whole of one, or nothing."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine import places
from engine.errors import StorageError, UsageError
from engine.words import quoted

if TYPE_CHECKING:
    import numpy.typing as npt

_NAME = re.compile(r"[^\W_][\w.-]{0,63}")
_LONGEST = 200
"""Bytes in a name: file systems allow 255, and suffixes are added."""


def check_name(name: str) -> str:
    """Return `name` if it may name a model, a run or a corpus.

    Raises UsageError otherwise: a name is a letter or digit, then up to 63 letters, digits, '.', '_' or
    '-'.
    """
    if not _NAME.fullmatch(name) or len(name.encode()) > _LONGEST:
        raise UsageError(
            f"{quoted(name)} is not a valid name: start with a letter or digit, "
            "then letters, digits, . _ and -"
        )
    return name


def storage_error(path: Path, error: OSError) -> StorageError:
    """The error for a write that the system refused, in one line."""
    return StorageError(f"cannot write {path}: {error.strerror or error}")


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where there is none; helo's home is open to its owner alone.

    Raises OSError.
    """
    home = places.home()
    if folder.is_relative_to(home):
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power loss."""
    with suppress(OSError):  # some file systems have no fsync for folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_held(lock: Path) -> bool:
    """Whether a living process holds a lock file. Probed with a shared lock, so that two probes at once do
    not mistake each other for a holder."""
    try:
        with open(lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file beside the path, rename it to the path, fsync the folder.

    Raises StorageError, with what was at the path still there and nothing left beside it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            make_folder(path.parent)
            make(beside)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error
    sync_folder(path.parent)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write beside, fsync, replace, fsync the folder: a reader sees the old file or the new one.

    Raises StorageError, with the old file still there and nothing left beside it.
    """

    def make(beside: Path) -> None:
        with open(beside, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())

    _replace(path, make)


def write_tensors(
    path: Path, tensors: Mapping[str, npt.NDArray[Any]], metadata: dict[str, str]
) -> None:
    """`write_atomically` for a .safetensors file. Holds no second copy of rows that are in order, and does
    not keep Python's other threads waiting.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    rows = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}

    def make(beside: Path) -> None:
        try:
            save_file(rows, beside, metadata)
        except SafetensorError as error:
            raise OSError(str(error)) from error
        with open(beside, "rb") as file:
            os.fsync(file.fileno())

    _replace(path, make)


def share(path: Path, whole: Path) -> None:
    """Give a file that is never written to again a second path, atomically: a hard link, or a copy where
    the file system has none.

    Raises StorageError as `write_atomically` does.
    """
    try:
        _replace(path, lambda beside: os.link(whole, beside))
    except StorageError:
        write_atomically(path, lambda file: file.write(whole.read_bytes()))


def write_bytes(path: Path, data: bytes) -> None:
    """`write_atomically` for bytes in memory."""
    write_atomically(path, lambda file: file.write(data))


def write_json(path: Path, data: Any) -> None:
    """`write_atomically` for one JSON value, indented."""
    write_bytes(path, encode_json(data, indent=1) + b"\n")


def encode_json(data: Any, indent: int | None = None) -> bytes:
    """A JSON value as UTF-8. Lone surrogates, as in odd file names, are escaped."""
    return json.dumps(data, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace")


def remove_folder(folder: Path) -> None:
    """Delete a run or a corpus. It is renamed first, so that nobody sees half of one.

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

"""The logs of a run: files of lines that one process appends to while others read them."""

from __future__ import annotations

import os
from pathlib import Path

from engine.storage import storage_error


class LineReader:
    """Reads the complete lines of a growing file, starting at an offset."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path, self.offset = path, offset
        self.more = False
        """Whether the last call may have left complete lines unread."""

    def read(self, most: int = -1) -> list[str]:
        """The complete lines since the last call, or those in the next `most` bytes, including all of the
        last one. An incomplete line waits for its end."""
        self.more = False
        try:
            if self.path.stat().st_size <= self.offset:
                return []
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                data = file.read(most)
                if len(data) == most:
                    data += file.readline()
                    self.more = data.endswith(b"\n")
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        return whole.decode("utf-8", "replace").split("\n")[:-1]


def append(path: Path, line: str) -> None:
    """Add one line to a log in one write.

    Raises StorageError.
    """
    try:
        with open(path, "ab") as file:
            file.write(line.encode() + b"\n")
    except OSError as error:
        raise storage_error(path, error) from error


def close_torn_tail(path: Path) -> None:
    """End a last line that a killed process left without its newline.

    Raises StorageError.
    """
    try:
        with open(path, "rb+") as file:
            if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                file.write(b"\n")
    except FileNotFoundError:
        pass
    except OSError as error:
        raise storage_error(path, error) from error

"""The files of all sessions: what is in them, which are too many, and whether the last one was cut off."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine import outside, places
from engine.errors import DamagedError, StorageError
from engine.storage import is_held

MOST_SESSIONS = 200
MOST_BYTES = 100_000_000
"""What is kept at most; beyond that, the oldest sessions are deleted."""
_TAIL = 4096
_COUNT = re.compile(rb'^\{"kind":"wrote","count":(\d{1,9}),', re.MULTILINE)
_WROTE = re.compile(rb'^\{"kind":"wrote",.*\n', re.MULTILINE)
_BEGUN = re.compile(rb'^\{"kind":"begun",.*\n', re.MULTILINE)
_OPENING = 160
"""Characters of a session's beginning that are told."""


@dataclass(frozen=True)
class Summary:
    """What a list says of a session."""

    path: Path
    changed: float
    """When it was last written to, in seconds since 1970."""
    models: tuple[str, ...]
    opening: str
    length: int
    """The characters in all its passages and branches."""
    open: bool
    """Whether this helo or another one has it open."""


def paths() -> list[Path]:
    """The sessions, those first that were written to last."""
    found = []
    for path in places.sessions().glob("*.jsonl"):
        with suppress(OSError):
            if path.suffixes == [".jsonl"]:  # not what was set aside
                found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found, reverse=True)]


def summaries() -> Iterator[Summary]:
    """What is in the sessions, those first that were written to last."""
    for path in paths():
        with suppress(OSError):
            yield summary(path)


def summary(path: Path) -> Summary:
    """What is in a session. Raises OSError."""
    outside.require_file(path)
    data = path.read_bytes()
    models = dict.fromkeys(_text(match[0], "name") for match in _BEGUN.finditer(data))
    opening = "".join(_text(match[0], "text") for match in islice(_WROTE.finditer(data), 3))
    return Summary(
        path,
        path.stat().st_mtime,
        tuple(name for name in models if name),
        opening[:_OPENING],
        sum(int(match[1]) for match in _COUNT.finditer(data)),
        is_held(path),
    )


def _text(line: bytes, key: str) -> str:
    with suppress(DamagedError):
        data = outside.parse_json(line)
        value = data.get(key) if isinstance(data, dict) else ""
        return value if isinstance(value, str) else ""
    return ""


def delete(path: Path) -> None:
    """Delete a session. Raises StorageError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot delete {path}: {error.strerror or error}") from error


def tidy() -> None:
    """Delete the oldest sessions beyond what is kept, but none that is open."""
    room = MOST_BYTES
    for number, path in enumerate(paths()):
        with suppress(OSError):
            room -= path.stat().st_size
            if (number >= MOST_SESSIONS or room < 0) and not is_held(path):
                path.unlink()


def cut_off() -> bool:
    """Whether the session that was written to last ended without helo being left: a crash, or a kill."""
    for path in paths()[:1]:
        with suppress(OSError), open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            return not (is_held(path) or file.read().endswith(b'{"kind":"ended"}\n'))
    return False

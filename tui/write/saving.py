"""`/save`: a passage as a file, of the kind that the suffix of its name says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Lock

from engine.errors import UsageError
from engine.storage import write_atomically
from engine.words import counted, quoted
from engine.writing.generate import Generation
from tui.write.branch import GIVEN
from tui.write.command import Host
from tui.write.passage import Passage
from tui.write.saved_html import html
from tui.write.saved_svg import svg

_one_at_a_time = Lock()


def save(host: Host, argument: str) -> None:
    """Write the passage to a file, beside everything else. Asks before it overwrites one.

    Raises UsageError.
    """
    if (passage := host.passage) is None:
        raise UsageError("there is no passage to save yet")
    try:
        path = Path(argument).expanduser()
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, RuntimeError) as error:  # a name that is too long; a user that does not exist
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{quoted(argument)} cannot be written: {why}") from error
    if is_folder:
        raise UsageError(f"{path} is a folder: name a file in it")
    parts = parts_of(passage, path.suffix)
    length = counted(passage.shown, "character")

    def write() -> str:
        with _one_at_a_time:
            write_atomically(path, lambda file: file.writelines(parts))
        return f"{length} saved to {path}"

    def do() -> None:
        host.in_background(write)

    if exists:
        host.confirm(f"{path} exists already.", "Overwrite it", "Keep it", do)
    else:
        do()


def parts_of(passage: Passage, suffix: str) -> Iterable[bytes]:
    """The content of a file with this suffix, of a passage as it is now. May be read in another thread.

    Raises UsageError if the Steps are asked for of what the network has not read.
    """
    suffix = suffix.lower()
    if suffix == ".jsonl":
        if passage.reading:
            raise UsageError(
                "the prompt has not been read yet: without it there are no predictions"
            )
        return _steps(passage.generation, bytes(passage.kinds))
    if page := _PAGES.get(suffix):
        return map(str.encode, page(passage))
    return [passage.exact_bytes()]


_PAGES: dict[str, Callable[[Passage], Iterator[str]]] = {".html": html, ".svg": svg}


def _steps(generation: Generation, kinds: bytes) -> Iterator[bytes]:
    """What `helo sample --json` writes of each character. For a Generation, all that stands before
    appended text is given; here only what the user gave."""
    for i, kind in enumerate(kinds):
        step = replace(generation.step(i), given=kind == GIVEN)
        yield json.dumps(step.to_json()).encode() + b"\n"

"""Completing a path as a shell does. Independent of screens."""

from __future__ import annotations

import os
from typing import NamedTuple

from engine import places
from engine.text import web
from tui.text import common_prefix


class Completed(NamedTuple):
    """What was typed, completed as far as it is clear."""

    text: str
    offers: tuple[str, ...] = ()
    """The names that it could become, folders with a slash, if there are several."""


def complete(typed: str) -> Completed:
    """Complete a path. Hidden names count only if the dot is typed, and names that cannot be typed never.
    `~` is a home folder; an @ before the path, as of a list of sources, stays. Reads a folder."""
    if typed[:1] == "@":
        done = complete(typed[1:])
        return done._replace(text=f"@{done.text}")
    if not typed or web.is_address(typed):
        return Completed(typed)
    head, slash, start = typed.rpartition("/")
    if start[:1] == "~" and not slash:
        return Completed(f"{typed}/" if os.path.isdir(places.typed(typed)) else typed)
    names = sorted(_names(f"{head}{slash}", start))
    end = common_prefix(names)
    offers = tuple(names) if len(names) > 1 else ()
    return Completed(f"{head}{slash}{end}" if names else typed, offers)


def _names(folder: str, start: str) -> list[str]:
    """The names in a folder that begin so; folders with a slash."""
    try:
        with os.scandir(places.typed(folder or ".")) as entries:
            return [
                f"{entry.name}/" if entry.is_dir() else entry.name
                for entry in entries
                if entry.name.startswith(start)
                and entry.name.isprintable()
                and (start or entry.name[0] != ".")
            ]
    except (OSError, ValueError):  # no such folder, no permission, a null character
        return []

"""What can be asked for when a text is imported, in words, and how it becomes what the command takes.
Independent of screens."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import UsageError
from engine.storage import check_name
from engine.text.sources import Reading, parse_size
from tui.told import label

SOURCE = "source"
_NAMED = re.compile(r"--([a-z]+(?:-[a-z]+)*)")


@dataclass(frozen=True)
class Option:
    """An option of an import. It is typed, and `empty` stands there while nothing is, or chosen: `choices`
    are values and their words, the usual one first."""

    key: str
    hint: str
    empty: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """The name of the option on the screen."""
        return label(self.key)


OPTIONS = (
    Option("name", "of the new corpus", "same as the source"),
    Option("glob", "patterns: *.md !drafts/", "all text files"),
    Option("encoding", "such as utf-8 or cp1252", "auto"),
    Option(
        "errors",
        "that are not text",
        choices=(("strict", "refuse"), ("replace", "replace"), ("drop", "leave out")),
    ),
    Option(
        "units",
        "bytes: for other data",
        choices=(("char", "characters"), ("byte", "bytes")),
    ),
    Option(
        "lines",
        "such as a list of names",
        choices=(("", "one text"), ("on", "each an example")),
    ),
    Option(
        "lowercase",
        "lower-case: fewer characters",
        choices=(("", "keep"), ("on", "lower-case")),
    ),
    Option(
        "normalise",
        "é as one character, or two",
        choices=(("none", "keep"), ("nfc", "one character"), ("nfd", "two characters")),
    ),
    Option("max_size", "such as 500MB", "10GB"),
)


@dataclass(frozen=True)
class Asked:
    """A source, the name of its corpus, if one was given, and how to read it."""

    ref: str
    name: str | None
    reading: Reading


def asked(values: Mapping[str, str]) -> Asked:
    """What was typed and chosen, by the keys of `OPTIONS` and `SOURCE`.

    Raises UsageError as the command does.
    """
    value = {key: text.strip() for key, text in values.items()}
    ref, name = value[SOURCE], value["name"] or None
    if not ref:
        raise UsageError("name a file, a folder, an archive or a web address")
    if ref == "-":
        raise UsageError("name a file: the app has no standard input")
    try:
        glob = tuple(shlex.split(value["glob"]))
    except ValueError as error:
        raise UsageError("--glob has a quote that is not closed") from error
    encoding = value["encoding"]
    reading = Reading(
        glob=glob,
        encoding=None if encoding.lower() in ("", "auto") else encoding,
        units=value["units"],
        lines=bool(value["lines"]),
        lowercase=bool(value["lowercase"]),
        max_size=parse_size(value["max_size"]) if value["max_size"] else None,
        errors=value["errors"],
        normalise=value["normalise"],
    )
    return Asked(ref, name and check_name(name), reading)


def at_fault(problem: str) -> str:
    """The key of the option that a message names first, else `SOURCE`."""
    keys = {option.key for option in OPTIONS}
    named = (name.replace("-", "_") for name in _NAMED.findall(problem))
    return next((key for key in named if key in keys), SOURCE)

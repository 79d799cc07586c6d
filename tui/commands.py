"""Parsing and completing slash commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tui.text import common_prefix, visible
from tui.write.slash import COMMANDS, Command, commands

_LINE = re.compile(r"/([a-z-]+)(?:\s+(.*))?", re.DOTALL)
_ESCAPED = re.compile(r"/(/+([a-z-]+)(?:\s.*)?)", re.DOTALL)

Values = Callable[[], Iterable[str]]

_BY_NAME = {command.name: command for command in COMMANDS}


def parse(text: str) -> tuple[Command, str] | None:
    """The command and its argument; None if the text is a seed."""
    match = _LINE.fullmatch(text)
    if match and (command := _BY_NAME.get(match[1])):
        return command, (match[2] or "").strip(" " if command.keeps_lines else None)
    return None


def seed_of(text: str) -> str:
    """The seed for a line that is not a command: the line itself, or, if two or more slashes precede a
    command's name, the line without the first slash."""
    match = _ESCAPED.fullmatch(text)
    return match[1] if match and match[2] in _BY_NAME else text


class Completion:
    """Completes the commands of a place, and arguments if `values` lists them for the command."""

    def __init__(self, place: str, values: dict[str, Values]) -> None:
        self._commands = commands(place)
        self._values = values

    def matches(self, text: str) -> list[Command]:
        """The commands that the text could be the beginning of."""
        if not text.startswith("/") or "\n" in text:
            return []
        word, space, _ = text[1:].partition(" ")
        if space:
            return [c for c in self._commands if c.name == word and c.argument]
        return [c for c in self._commands if c.name.startswith(word)]

    def _wholes(self, text: str) -> list[str]:
        matches = self.matches(text)
        if " " not in text:
            return [f"/{c.name}" + (" " if c.argument else "") for c in matches]
        if not matches or matches[0].name not in self._values:
            return []
        head, _, rest = text.partition(" ")
        values = self._values[matches[0].name]()
        return [
            f"{head} {value}"
            for value in sorted(values)
            if value.startswith(rest) and visible(value) == value
        ]

    def complete(self, text: str) -> str:
        """The text extended as far as all completions agree; empty if they add nothing."""
        wholes = self._wholes(text)
        longest = common_prefix(wholes)
        return longest if len(longest) > len(text) else ""

    def ghost(self, text: str) -> str:
        """What the first completion would add to the text."""
        if len(text) < 2:
            return ""
        return next((w[len(text) :].rstrip() for w in self._wholes(text)), "")

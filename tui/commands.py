"""How a line with a slash command is read, and how it is completed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tui.text import common_prefix, visible
from tui.write.slash import COMMANDS, Command

_LINE = re.compile(r"/([a-z-]+)(?:\s+(.*))?", re.DOTALL)
_ESCAPED = re.compile(r"/(/+([a-z-]+)(?:\s.*)?)", re.DOTALL)

Values = Callable[[], Iterable[str]]

_BY_NAME = {command.name: command for command in COMMANDS}


def parse(text: str) -> tuple[Command, str] | None:
    """The command of a line and its argument; None where the text is a seed."""
    match = _LINE.fullmatch(text)
    if match and (command := _BY_NAME.get(match[1])):
        return command, (match[2] or "").strip(" " if command.keeps_lines else None)
    return None


def seed_of(text: str) -> str:
    """The seed that a line stands for which is no command: itself, or with one slash less where two or
    more stand before the name of a command."""
    match = _ESCAPED.fullmatch(text)
    return match[1] if match and match[2] in _BY_NAME else text


class Completion:
    """Completes commands, and the arguments of those that `values` knows."""

    def __init__(self, values: dict[str, Values]) -> None:
        self._values = values

    def matches(self, text: str) -> list[Command]:
        """The commands that the text may become, or is the beginning of."""
        if not text.startswith("/") or "\n" in text:
            return []
        word, space, _ = text[1:].partition(" ")
        if space:
            return [c for c in COMMANDS if c.name == word and c.argument]
        return [c for c in COMMANDS if c.name.startswith(word)]

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
        """The text as far as it is clear how it goes on; empty where nothing is to be added."""
        wholes = self._wholes(text)
        longest = common_prefix(wholes)
        return longest if len(longest) > len(text) else ""

    def ghost(self, text: str) -> str:
        """What would come after the text, by the first thing it may become."""
        if len(text) < 2:
            return ""
        return next((w[len(text) :].rstrip() for w in self._wholes(text)), "")

"""The slash commands: what there is, how a line is read, and how it is completed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tui.text import common_prefix, visible

_LINE = re.compile(r"/([a-z-]+)(?:\s+(.*))?", re.DOTALL)

Values = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Command:
    """A word after a slash, the argument it takes (or none), and what it does."""

    name: str
    argument: str
    about: str

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.argument}".rstrip()


COMMANDS = (
    Command("model", "NAME", "write with another model, from the next passage on"),
    Command(
        "temperature",
        "F",
        "below 1 favours the likely, above 1 the unlikely; 0 always takes the likeliest",
    ),
    Command("top-k", "N", "draw from the N likeliest; 0 from all"),
    Command("top-p", "F", "draw from the likeliest that hold this share; 1 from all"),
    Command("min-p", "F", "draw from those this share as likely as the top; 0 from all"),
    Command("rng", "N", "the random seed of the next passages; -1 takes a new one each time"),
    Command("length", "N", "characters that Enter asks for"),
    Command("speed", "N", "characters a second; max is as fast as the model writes"),
    Command("append", "TEXT", "put TEXT at the end of the passage and go on from there"),
    Command("colour", "", "colour the text by surprisal, or stop it"),
    Command("branch", "", "show the next branch of the passage"),
    Command("save", "FILE", "write the passage to a file, exactly as it is"),
    Command("clear", "", "empty the transcript"),
    Command("walk", "", "look at each character, step, take another one (Esc)"),
    Command("write", "", "this screen (F2)"),
    Command("train", "", "train a network, watch a training (F3)"),
    Command("race", "", "train networks of several cells in turns, and compare them"),
    Command("library", "", "models, runs and corpora (F5)"),
    Command("theme", "NAME", "other colours"),
    Command("palette", "", "everything by name (ctrl+p)"),
    Command("help", "", "keys and commands (F1)"),
    Command("quit", "", "leave helo (ctrl+q)"),
)
_BY_NAME = {command.name: command for command in COMMANDS}


def parse(text: str) -> tuple[Command, str] | None:
    """The command of a line and its argument; None where the text is a seed."""
    match = _LINE.fullmatch(text)
    if match and (command := _BY_NAME.get(match[1])):
        return command, (match[2] or "").strip(" " if command.name == "append" else None)
    return None


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

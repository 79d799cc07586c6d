"""Parsing and completing slash commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from engine.errors import UsageError
from engine.words import shortened
from tui.text import common_prefix, one_line, visible
from tui.write.command import Command
from tui.write.slash import COMMANDS, FORMS, commands

_COMMAND = r"/(?=[^\W_]|\?|\s*\Z)"
"""How a command begins. Comments such as `/* …` begin otherwise."""
_LINE = re.compile(rf"{_COMMAND}(\S*)(?:\s+(.*))?", re.DOTALL)
_ESCAPED = re.compile(rf"/(?=/*{_COMMAND})")
_SET = re.compile(r"(?:parameter\s+)?([^\s=]+)(?:\s*=\s*|\s+|\Z)(.*)", re.DOTALL)
_ALIKE = 0.7
"""The smallest similarity, from 0 to 1, at which a command is suggested for a mistyped one."""
_LONGEST = 40
"""The most characters of an unknown command that an error shows."""

Values = Callable[[], Iterable[str]]


def parse(text: str, place: str) -> tuple[Command, str] | None:
    """The command and its argument; None if the text is a prompt.

    Raises UsageError if the text begins like a command, but not with the name of one or the beginning of
    the name of exactly one.
    """
    if not (match := _LINE.fullmatch(text)):
        return None
    name, argument = match[1], match[2] or ""
    if _plain(name) != "set":
        command = _resolve(name, place)
    elif assigned := _SET.fullmatch(argument):
        command, argument = _resolve(assigned[1], place), assigned[2]
        if not command.sets:
            raise UsageError(f"/{command.name} is not a setting: type /{command.name} alone")
    else:
        raise UsageError("/set needs a setting and its value, as in /set temperature 0.7")
    return command, argument.strip(" " if command.keeps_lines else None)


def prompt_of(text: str) -> str:
    """The prompt for a line that is not a command: the line itself, or, if it would be a command with one
    or more slashes less, the line without its first slash."""
    return text[1:] if _ESCAPED.match(text) else text


def _resolve(typed: str, place: str) -> Command:
    """The command with this name, or the only one whose name begins so. Raises UsageError."""
    found = _find(typed, place)
    if len(found) == 1:
        return found[0]
    shown = "/" + shortened(one_line(typed), _LONGEST)
    if not typed:
        raise UsageError("a command is missing after the slash: /help lists them")
    if found:
        raise UsageError(
            f"{shown} can be {' or '.join(f'/{c.name}' for c in found)}: type more of it"
        )
    near = _nearest(_plain(typed), place)
    meant = f"; did you mean /{near}?" if near else ": /help lists the commands."
    raise UsageError(f"there is no command {shown}{meant} To begin a prompt with it, type /{shown}")


def _find(typed: str, place: str) -> list[Command]:
    """The commands that are meant: those with this name, else those of the place whose name begins so,
    else those of another place."""
    name = _plain(typed)
    if not name:
        return []
    if exact := [c for c in COMMANDS if name in c.names]:
        return exact
    begun = [c for c in COMMANDS if c.name.startswith(name)]
    return [c for c in begun if c.place in ("", place)] or begun


def _plain(typed: str) -> str:
    """A name as the table has it, for one in capitals or with underscores."""
    return typed.lower().replace("_", "-")


def _nearest(typed: str, place: str) -> str:
    """The name most like this one, or whose beginning is; empty if none is like it."""

    def likeness(name: str) -> float:
        beginnings = name, name[: len(typed)], name[: len(typed) + 1]
        return max(SequenceMatcher(None, typed, each).ratio() for each in beginnings)

    name = max((name for c in commands(place) for name in c.names), key=likeness)
    return name if likeness(name) >= _ALIKE else ""


@dataclass(frozen=True)
class Choice:
    """A line of the menu of commands."""

    text: str
    """The input if this is chosen; empty if the line only tells what to type."""
    label: str
    about: str = ""


class Completion:
    """Completes the commands of a place, and arguments if `values` lists them for the command."""

    def __init__(
        self, place: str, values: dict[str, Values], key_of: Callable[[str], str] | None = None
    ) -> None:
        """`key_of` names the key of a binding; without it, no keys are shown."""
        self._place = place
        self._values = values
        self._key_of = key_of

    def choices(self, text: str) -> list[Choice]:
        """What the text could become: commands by their names, or values of a command's argument. If the
        argument can be anything, some usual ones, and once it is begun one line that cannot be chosen."""
        if not text.startswith("/") or "\n" in text:
            return []
        head, space, rest = text.partition(" ")
        if not space:
            return self._names(head[1:])
        if _plain(head[1:]) != "set":
            return self._arguments(head, head[1:], rest)
        name, space, value = rest.partition(" ")
        if space:
            return self._arguments(f"{head} {name}", name, value)
        return [
            replace(choice, text=f"{head} {choice.text[1:]}", label=choice.label[1:])
            for choice in self._names(name, settings=True)
        ]

    def _names(self, typed: str, settings: bool = False) -> list[Choice]:
        """The commands whose names begin so, or those of them that set something."""
        found = [
            Choice(
                f"/{c.name}" + (" " if c.argument else ""), c.usage, c.about_on_screen(self._key_of)
            )
            for c in commands(self._place)
            if c.name.startswith(_plain(typed)) and (c.sets or not settings)
        ]
        if not settings and "set".startswith(_plain(typed)):
            found.append(Choice("/set ", *FORMS[0]))
        return found

    def _arguments(self, head: str, name: str, typed: str) -> list[Choice]:
        """What can follow the head, which ends with the name of a command."""
        found = _find(name, self._place)
        if len(found) != 1 or not found[0].argument:
            return []
        command = found[0]
        values = sorted(set(self._values[command.name]())) if command.name in self._values else []
        offered = [] if typed else [*command.usual]
        return [
            Choice(f"{head} {value}", value)
            for value in (*offered, *values)
            if value.startswith(typed) and visible(value) == value
        ] or [Choice("", command.usage, command.about_on_screen(self._key_of))]

    def complete(self, text: str) -> str:
        """The text extended as far as all completions agree; empty if they add nothing."""
        longest = common_prefix([c.text for c in self.choices(text) if c.text])
        return longest if len(longest) > len(text) else ""

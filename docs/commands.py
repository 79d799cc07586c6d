"""Writes docs/commands.md from the commands themselves: `make docs`, or `python docs/commands.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tui.cli.main import command as whole
from tui.cli.shared.answers import ANSWERS, Answer, events

PAGE = Path(__file__).with_suffix(".md")
_INTRODUCTION = """\
# Commands

This page is made from the commands themselves by `make docs`. `helo COMMAND --help` says the same.

## JSON

With `--json` a command prints nothing but JSON on stdout, in ASCII. Notes and errors go to stderr. An
answer has one of three shapes: one object, a list of objects, or one object per line, which can be read as
they come. All keys of an answer are always there; null stands for what is not known. Keys keep their names
and meanings from version to version; new ones may be added. Losses are in nats per character unless the key
says bits.

Commands without `--json` change something and print no data, with four exceptions in plain text:
`helo runs keep` prints the path of the model, `helo runs sample` the text, `helo runs export` a curve as
CSV, and `helo config`, if there is a `config.toml` already, what would stand in a new one.
"""
_EVENTS = """\
## Events

`helo train --json`, `helo race --json` and `helo runs attach --json` print the events of a training as they
happen. They are also the lines of `events.jsonl` in a run's folder. Each kind has these keys of its own.

"""


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command with its path, in the order of the help."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines
    )


def paragraphs(text: str) -> str:
    """A docstring without the line ends within its paragraphs."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def parameters(command: Any) -> Iterator[tuple[str, str]]:
    """What a command takes, and what that means."""
    for each in command.params:
        about = each.help or ""
        if each.param_type_name == "argument":
            yield f"`{each.metavar}`", about
            continue
        names = ", ".join(f"`{name}`" for name in each.opts)
        if each.metavar:
            names += f" `{each.metavar}`"
        shown = each.show_default and each.metavar and each.default not in (None, "")
        default = ", ".join(each.default) if isinstance(each.default, list) else each.default
        yield names, f"{about} Default: {default}." if shown else about


def json_of(answer: Answer) -> str:
    text = f"`--json` prints {answer.shape}.\n\n"
    text += table(("key", "meaning"), ((f"`{key}`", about) for key, about in answer.keys.items()))
    if answer.note:
        text += f"\n{answer.note}\n"
    if answer.events:
        text += "\nEach [kind of event](#events) has keys of its own.\n"
    return text


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for path, command in commands(whole()):
        words = [each.metavar for each in command.params if each.param_type_name == "argument"]
        part = f"## helo {path}\n\n    {' '.join(['helo', path, *words])}\n\n"
        part += f"{paragraphs(command.help)}\n"
        if rows := list(parameters(command)):
            part += "\n" + table(("argument", "meaning"), rows)
        if answer := ANSWERS.get(path):
            part += "\n" + json_of(answer)
        parts.append(part)
    kinds = ((f"`{name}`", keys, about) for name, keys, about in events())
    parts.append(_EVENTS + table(("event", "keys", "meaning"), kinds))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

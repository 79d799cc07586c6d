"""What the engine says, in the words of the app.

Errors and notes of the engine name options and commands of the command line. On a screen, each is said by
the field, the slash command or the place that does the same.
"""

from __future__ import annotations

import re

from engine.writing.settings import SETTINGS

_LABELS = {
    "by": "Keep equal",
    "dtype": "Precision",
    "epochs": "How long",
    "errors": "Bad bytes",
    "glob": "Files",
    "init-from": "Start from",
    "length": "How long",
    "lowercase": "Capitals",
    "lr": "Learning rate",
    "lr-to": "Final rate",
    "max-size": "Size limit",
    "normalise": "Accents",
    "seconds": "How long",
    "seq-length": "Sequence",
    "steps": "How long",
}
"""The labels of fields that are not named like their options."""
_VALUES = {
    "--errors drop": "Bad bytes: leave out",
    "--errors replace": "Bad bytes: replace",
    "--units byte": "Units: bytes",
}
"""Options with values that the app calls otherwise."""
_PLACES = {
    "corpora add": "the Library's Import",
    "corpora get": "the Library's Get",
    "corpora list": "the Library",
    "models list": "the Library",
    "runs list": "the Library",
    "runs stop": "Stop in Train",
    "train --resume": "Resume in Train",
}
"""What does in the app the same as a command."""
_OPTION = re.compile(rf"(?<![^\s(])(?<!helo )(?:{'|'.join(_VALUES)}|--([a-z]+(?:-[a-z]+)*))")
_COMMAND = re.compile("`helo ([^`]*)`")


def label(key: str) -> str:
    """The label of the field for an option, whose name is written with - or _."""
    option = key.replace("_", "-")
    return _LABELS.get(option) or option.replace("-", " ").capitalize()


def in_app(text: object) -> str:
    """An error or a note of the engine as the app says it."""
    return _OPTION.sub(_field, _COMMAND.sub(_place, str(text)))


def _field(option: re.Match[str]) -> str:
    """The slash command for an option in a text, or the name of its field, in quotation marks except at its
    beginning."""
    if option[1] and option[1].replace("-", "_") in SETTINGS:
        return f"/{option[1]}"
    name = _VALUES.get(option[0]) or label(option[1])
    return f"“{name}”" if option.start() or option[0] in _VALUES else name


def _place(command: re.Match[str]) -> str:
    """The place that does the same as a command in a text."""
    words = f"{command[1]} "
    return next(
        (there for name, there in _PLACES.items() if words.startswith(f"{name} ")), command[0]
    )

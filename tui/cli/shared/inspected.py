"""What the commands that look inside a network share: its model, and the text it reads."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from engine.errors import UsageError
from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.runs import library
from engine.runs.usual_text import UsualText, usual_text
from engine.text import sources
from engine.vocab import Ids
from engine.words import counted
from tui.cli.shared.output import note, write

WIDTH = 76
"""Columns of what is written."""


@dataclass(frozen=True)
class Inspected:
    """A model, and a text in its ids."""

    stepper: Stepper
    text: UsualText


def inspected(refs: list[str], file: str | None, most: int) -> list[Inspected]:
    """Models, and up to `most` characters of a file, or of the usual text of the first model. What a model
    does not know is left out, and said.

    Raises UsageError for models of bytes and of characters, and what opening and reading raise.
    """
    paths = [library.model_path(ref) for ref in refs]
    steppers = [Stepper(modelfile.load(path)) for path in paths]
    alphabet = steppers[0].alphabet
    if any(each.alphabet.units != alphabet.units for each in steppers):
        raise UsageError("one of the models counts bytes, the other characters: name two alike")
    if file is None:
        first = usual_text(steppers[0], paths[0], most)
        content, source = first.content(alphabet), first.source
    else:
        content = sources.read(file, alphabet.units, note, most)
        source = "standard input" if file == "-" else file
    return [Inspected(each, UsualText(_ids(each, content), source)) for each in steppers]


def _ids(stepper: Stepper, content: str | bytes) -> Ids:
    fitted = stepper.alphabet.fit(content, strictly=True)
    if fitted.note:
        note(fitted.note)
    if fitted.left_out:
        left = counted(fitted.left_out, "character")
        note(f"{stepper.model.name}: {left} left out as unknown")
    return fitted.ids


def say(text: str) -> None:
    """Write a sentence, in lines."""
    lines = wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    write("".join(f"{line}\n" for line in lines))

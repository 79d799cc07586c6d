"""The fields of the training form: what each one is, and how its text becomes a setting."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.cells import CELLS
from engine.config import (
    DEFAULT_CELL,
    DEFAULT_SECONDS,
    DEVICES,
    SPLITS,
    ModelConfig,
    TrainConfig,
    held_out,
    time_span,
)
from engine.errors import UsageError
from engine.runs import launch, recipe
from engine.text import web
from engine.words import quoted

LENGTHS = ("seconds", "epochs", "steps")
_SWITCH = ("off", "on")
_AUTO = "auto"


@dataclass(frozen=True)
class Field:
    """A setting that is typed as a number or, if there are `choices`, chosen. If `usual` is empty, the
    recipe finds the value."""

    key: str
    label: str
    hint: str
    usual: str = ""
    whole: bool = False
    choices: tuple[str, ...] = ()
    read: Callable[[str], Any] | None = None
    """Turns what is typed into the setting, if it is no plain number. Raises UsageError."""


def _switch(key: str, label: str, hint: str, usual: bool) -> Field:
    return Field(key, label, hint, _SWITCH[usual], choices=_SWITCH)


FIELDS = (
    Field("length", "How long", "", f"{DEFAULT_SECONDS:g}"),
    Field("unit", "", "", LENGTHS[0], choices=LENGTHS),
    Field("cell", "Cell", CELLS[DEFAULT_CELL].hint, DEFAULT_CELL, choices=tuple(CELLS)),
    Field("hidden", "Hidden", "units per layer", whole=True),
    Field("layers", "Layers", "stacked on each other", whole=True),
    _switch("layer_norm", "Layer norm", "each layer's output normalised", ModelConfig.layer_norm),
    _switch("residual", "Residual", "upper layers add to their input", ModelConfig.residual),
    Field("batch", "Batch", "columns of the text read side by side", whole=True),
    Field("seq_length", "Sequence", "characters between two updates", whole=True),
    Field("dropout", "Dropout", "share of units dropped while training"),
    Field("lr", "Learning rate", "at its peak, after a warm-up"),
    Field("device", "Device", "auto takes the fastest", TrainConfig.device, choices=DEVICES),
    Field(
        "early_stop",
        "Early stop",
        "patience; 0 never stops",
        str(TrainConfig.early_stop),
        whole=True,
    ),
    Field(
        "validation",
        "Validation",
        "held out: a share, or none",
        f"{TrainConfig.validation:.0%}",
        read=held_out,
    ),
    Field("split", "Split", "where that lies", _AUTO, choices=(_AUTO, *SPLITS)),
    Field("processes", "Processes", "split a batch; 1 per GPU", "1", whole=True),
)
FOUND = tuple(field.key for field in FIELDS if not field.usual)
"""The fields that the recipe fills in if they are empty."""
_NO_SETTINGS = frozenset({"length", "unit", "processes"})
"""Fields that are not, by themselves, part of a run's configuration."""


def given(values: Mapping[str, str]) -> dict[str, Any]:
    """The settings that differ from the usual ones, and the length, as arguments for `recipe.complete`.
    `values` holds what was typed and chosen, by `Field.key`.

    Raises UsageError.
    """
    found: dict[str, Any] = {}
    for field in FIELDS:
        value = values[field.key].strip()
        if value != field.usual and field.key not in _NO_SETTINGS:
            found[field.key] = meant(field, value)
    unit = values["unit"]
    read = time_span if unit == "seconds" else None
    length = Field(unit, "", "", whole=unit == "steps", read=read)
    found[unit] = meant(length, values["length"])
    recipe.check(found)
    return found


def processes(values: Mapping[str, str], found: Mapping[str, Any]) -> int:
    """The number of processes to train in, given the settings that `given` returned.

    Raises UsageError.
    """
    field = next(field for field in FIELDS if field.key == "processes")
    number = int(meant(field, values[field.key]))
    launch.check_processes(number, found.get("batch", number))
    return number


def meant(field: Field, text: str) -> Any:
    """The value of a field from what was typed or chosen.

    Raises UsageError.
    """
    if field.read:
        return field.read(text)
    if field.choices:
        return text == "on" if field.choices == _SWITCH else text
    try:
        return int(text) if field.whole else float(text)
    except ValueError:
        kind = "a whole number" if field.whole else "a number"
        option = field.key.replace("_", "-")
        raise UsageError(f"--{option} must be {kind}, not {quoted(text)}") from None


def at_fault(problem: str, fields: Sequence[Field] = FIELDS) -> Field | None:
    """The field that an error about a command-line option is about, if it is in the form."""
    option, _, _ = problem.partition(" ")
    key = option.removeprefix("--").replace("-", "_") if option.startswith("--") else ""
    known = {field.key: field for field in fields}
    return known.get(key) or (known.get("length") if key in LENGTHS else None)


def in_words(problem: str, fields: Sequence[Field] = FIELDS) -> str:
    """An error about a command-line option in the words of the form; any other error unchanged."""
    field = at_fault(problem, fields)
    return f"{field.label} {problem.partition(' ')[2]}" if field else problem


def command(given: Mapping[str, Any], ref: str, verb: str = "train") -> str:
    """The command line that starts the same training, or with another `verb` a command with the same
    options."""
    words = ["helo", verb, web.shown(ref)]
    for key, value in given.items():
        words.append(f"--{key.replace('_', '-')}")
        if value is not True:
            whole = isinstance(value, float) and value.is_integer()
            words.append(f"{value:.0f}" if whole else f"{value}")
    return shlex.join(words)

"""The fields of the training form: what each is, and how what was typed becomes a configuration."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.cells import CELLS
from engine.config import DEFAULT_CELL, DEFAULT_SECONDS, DEVICES, ModelConfig, TrainConfig
from engine.errors import UsageError
from engine.runs import launch, recipe

LENGTHS = ("seconds", "epochs", "steps")
_SWITCH = ("off", "on")
_QUOTED = 24
_LONGEST = 1e15


@dataclass(frozen=True)
class Field:
    """One setting; a number is typed, else one of `choices` is taken. What is usually empty is found."""

    key: str
    label: str
    hint: str
    usual: str = ""
    whole: bool = False
    choices: tuple[str, ...] = ()


def _switch(key: str, label: str, hint: str, usual: bool) -> Field:
    return Field(key, label, hint, _SWITCH[usual], choices=_SWITCH)


FIELDS = (
    Field("length", "How long", "", f"{DEFAULT_SECONDS:g}"),
    Field("unit", "", "", LENGTHS[0], choices=LENGTHS),
    Field("cell", "Cell", CELLS[DEFAULT_CELL].hint, DEFAULT_CELL, choices=tuple(CELLS)),
    Field("hidden", "Hidden", "units a layer", whole=True),
    Field("layers", "Layers", "one on another", whole=True),
    _switch("layer_norm", "Layer norm", "each layer's output normalised", ModelConfig.layer_norm),
    _switch("residual", "Residual", "upper layers add to their input", ModelConfig.residual),
    Field("batch", "Batch", "columns of the text read side by side", whole=True),
    Field("seq_length", "Sequence", "characters between two updates", whole=True),
    Field("dropout", "Dropout", "share of units silenced while training"),
    Field("lr", "Learning rate", "at its peak, after a warm-up"),
    Field(
        "device", "Device", "auto takes the fastest there is", TrainConfig.device, choices=DEVICES
    ),
    Field(
        "early_stop",
        "Early stop",
        "patience; 0 never stops",
        str(TrainConfig.early_stop),
        whole=True,
    ),
    Field("processes", "Processes", "share each batch; 1 a GPU", "1", whole=True),
)
FOUND = tuple(field.key for field in FIELDS if not field.usual)
"""The fields that the recipe fills in where nothing is typed."""
_NO_SETTINGS = frozenset({"length", "unit", "processes"})
"""What is no part of a run's configuration by itself."""


def given(values: Mapping[str, str]) -> dict[str, Any]:
    """The settings that differ from the usual, and the length, as `recipe.complete` takes them, from
    what was typed and chosen by `Field.key`.

    Raises UsageError.
    """
    found: dict[str, Any] = {}
    for field in FIELDS:
        value = values[field.key].strip()
        if value != field.usual and field.key not in _NO_SETTINGS:
            found[field.key] = meant(field, value)
    unit = values["unit"]
    length = Field("length", unit.capitalize(), "", whole=unit == "steps")
    found[unit] = meant(length, values["length"])
    recipe.check(found)
    if found[unit] > _LONGEST:
        raise UsageError(f"--{unit} must be at most {_LONGEST:g}")
    return found


def processes(values: Mapping[str, str], found: Mapping[str, Any]) -> int:
    """In how many processes to train, with what `given` found.

    Raises UsageError.
    """
    field = next(field for field in FIELDS if field.key == "processes")
    number = int(meant(field, values[field.key]))
    launch.check_processes(number, found.get("batch", number))
    return number


def meant(field: Field, text: str) -> Any:
    """What was typed or chosen for a field.

    Raises UsageError.
    """
    if field.choices:
        return text == "on" if field.choices == _SWITCH else text
    try:
        return int(text) if field.whole else float(text)
    except ValueError:
        kind = "a whole number" if field.whole else "a number"
        raise UsageError(f"{field.label} must be {kind}, not {text[:_QUOTED]!r}") from None


def in_words(problem: str) -> str:
    """An error in the form's words where it is in the command line's."""
    option, _, rest = problem.partition(" ")
    if not option.startswith("--"):
        return problem
    key = option.removeprefix("--").replace("-", "_")
    label = next((field.label for field in FIELDS if field.key == key), key.capitalize())
    return f"{label} {rest}"


def command(given: Mapping[str, Any], ref: str, verb: str = "train") -> str:
    """The command line that starts the same training, or what else has these options."""
    words = ["helo", verb, ref]
    for key, value in given.items():
        words.append(f"--{key.replace('_', '-')}")
        if value is not True:
            whole = isinstance(value, float) and value.is_integer()
            words.append(f"{value:.0f}" if whole else f"{value}")
    return shlex.join(words)

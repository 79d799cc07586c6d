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
    DTYPES,
    LENGTHS,
    SPLITS,
    ModelConfig,
    TrainConfig,
    held_out,
    time_span,
)
from engine.errors import HeloError, UsageError
from engine.runs import beginning, launch, recipe, rundir
from engine.text import web
from engine.words import quoted
from tui.told import label

_LENGTH = ("length", "unit")
"""The fields that together say how long to train."""
_SWITCH = ("off", "on")
AUTO = "auto"


@dataclass(frozen=True)
class Field:
    """A setting that is typed or, if there are `choices`, chosen. If `usual` is empty, the value is chosen
    for the user. Only a `common` one is shown at first."""

    key: str
    hint: str
    usual: str = ""
    whole: bool = False
    choices: tuple[str, ...] = ()
    read: Callable[[str], Any] | None = None
    """Turns what is typed into the setting, if it is no plain number. Raises UsageError."""
    common: bool = False

    @property
    def label(self) -> str:
        """The name of the field on the screen."""
        return label(self.key)


def _switch(key: str, hint: str, usual: bool) -> Field:
    return Field(key, hint, _SWITCH[usual], choices=_SWITCH)


def _free_name(text: str) -> str:
    """The name of a new run. Raises UsageError if it is invalid or taken."""
    try:
        rundir.check_free(text)
    except HeloError as error:
        raise UsageError(f"--name: {error}") from error
    return text


FIELDS = (
    Field("length", "", f"{DEFAULT_SECONDS:g}", common=True),
    Field("unit", "", LENGTHS[0], choices=LENGTHS, common=True),
    Field("name", "name of the run", read=_free_name, common=True),
    Field("cell", CELLS[DEFAULT_CELL].hint, DEFAULT_CELL, choices=tuple(CELLS), common=True),
    Field("hidden", "units per layer", whole=True, common=True),
    Field("layers", "number of stacked layers", whole=True, common=True),
    Field("init_from", "a model or a run", read=str),
    _switch("layer_norm", "normalise each layer's output", ModelConfig.layer_norm),
    _switch("residual", "add each layer's input to its output", ModelConfig.residual),
    Field("batch", "columns of text read side by side", whole=True),
    Field("seq_length", "characters between two updates", whole=True),
    Field("dropout", "share of units dropped"),
    Field("weight_decay", "how much weights shrink per step"),
    Field("lr", "peak, after a warm-up"),
    Field("lr_to", "where it decays to at the end"),
    Field(
        "early_stop",
        "stop after N evaluations without improvement; 0 = off",
        str(TrainConfig.early_stop),
        whole=True,
    ),
    Field(
        "validation",
        "share of the text held out, or none",
        f"{TrainConfig.validation:.0%}",
        read=held_out,
    ),
    Field("split", "where the held-out part is", AUTO, choices=(AUTO, *SPLITS)),
    Field("seed", "for initial weights and dropout", str(TrainConfig.seed), whole=True),
    Field("save_every", "seconds between saves", f"{TrainConfig.save_every:g}"),
    Field("device", "auto uses the fastest", TrainConfig.device, choices=DEVICES),
    Field("dtype", "number format", TrainConfig.dtype, choices=DTYPES),
    Field("processes", "split each batch; one per GPU", "1", whole=True),
)
FOUND = ("hidden", "layers", "batch", "seq_length", "dropout", "weight_decay", "lr", "lr_to")
"""The fields that the recipe fills in if they are empty."""


@dataclass(frozen=True)
class Asked:
    """The training that the form asks for."""

    given: dict[str, Any]
    """The settings that differ from the usual ones, and the length, as arguments for `recipe.complete`."""
    settings: dict[str, Any]
    """The same with the sizes of the network that the training starts from, if they are known."""
    processes: int = 1
    name: str = ""
    """The name of the run; empty for one that is chosen."""
    init_from: str = ""
    """The MODEL or RUN@POINT to start from, if any."""

    def command(self, ref: str) -> str:
        """The command line that starts the same training on the CORPUS `ref`."""
        more: dict[str, Any] = {"name": self.name, "init_from": self.init_from}
        if self.processes > 1:
            more["processes"] = self.processes
        return command(self.given | {key: value for key, value in more.items() if value}, ref)


def changed(values: Mapping[str, str], begun: ModelConfig | None = None) -> list[Field]:
    """The fields, apart from the length, in which the user has set something. `values` holds what was typed
    and chosen, by `Field.key`. `begun` is the network that the training starts from, if any: its sizes are
    what stands in the form if the user sets nothing.
    """
    typed = ((field, values[field.key].strip()) for field in FIELDS)
    return [
        field
        for field, text in typed
        if text != usual(field, begun) and (text or field.usual) and field.key not in _LENGTH
    ]


def usual(field: Field, begun: ModelConfig | None) -> str:
    """What stands in a field if the user sets nothing, in a training that starts from this network."""
    own = getattr(begun, field.key, None)
    if own is None:
        return field.usual
    return _SWITCH[own] if field.choices == _SWITCH else str(own)


def asked(values: Mapping[str, str], begun: ModelConfig | None = None) -> Asked:
    """What the form asks for, with arguments as in `changed`.

    Raises UsageError.
    """
    found = {field.key: meant(field, values[field.key].strip()) for field in changed(values, begun)}
    name, init_from = found.pop("name", ""), found.pop("init_from", "")
    processes = found.pop("processes", 1)
    unit = values["unit"]
    read = time_span if unit == "seconds" else None
    found[unit] = meant(Field(unit, "", whole=unit == "steps", read=read), values["length"])
    settings = beginning.as_begun(begun, found) if begun else found
    recipe.check(settings)
    launch.check_processes(processes, found.get("batch", processes))
    return Asked(found, settings, processes, name, init_from)


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
    option = problem.partition(" ")[0].rstrip(":")
    key = option.removeprefix("--").replace("-", "_") if option.startswith("--") else ""
    known = {field.key: field for field in fields}
    return known.get(key) or (known.get("length") if key in LENGTHS else None)


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

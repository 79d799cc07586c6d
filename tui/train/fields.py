"""The fields of the training form: what each is, and how what was typed becomes a configuration."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from engine.config import CELLS, DEFAULT_SECONDS, DEVICES, ModelConfig, TrainConfig
from engine.errors import UsageError

LENGTHS = ("seconds", "epochs", "steps")
KINDS = {
    "rnn": "the plain recurrent step",
    "rnn-relu": "the plain step, cut at zero",
    "lstm": "gates around a memory",
    "peephole": "gates that see the memory",
    "coupled": "one gate forgets and takes",
    "gru": "two gates, no memory apart",
    "mlstm": "a matrix for each character",
    "mingru": "gates blind to state; fast",
}
"""What each cell is, in a few words."""
_SWITCH = ("off", "on")
_QUOTED = 24
USUAL = TrainConfig(seconds=DEFAULT_SECONDS)


@dataclass(frozen=True)
class Field:
    """One setting; a number is typed, else one of `choices` is taken."""

    key: str
    label: str
    hint: str
    usual: str
    whole: bool = False
    choices: tuple[str, ...] = ()


def _number(key: str, label: str, hint: str, usual: float) -> Field:
    return Field(key, label, hint, f"{usual:g}", isinstance(usual, int))


def _switch(key: str, label: str, hint: str, usual: bool) -> Field:
    return Field(key, label, hint, _SWITCH[usual], choices=_SWITCH)


FIELDS = (
    Field("cell", "Cell", KINDS[ModelConfig.cell], ModelConfig.cell, choices=CELLS),
    _number("hidden", "Hidden", "units a layer", ModelConfig.hidden),
    _number("layers", "Layers", "one on another", ModelConfig.layers),
    _switch("layer_norm", "Layer norm", "each layer's output normalised", ModelConfig.layer_norm),
    _switch("residual", "Residual", "upper layers add to their input", ModelConfig.residual),
    _number("batch", "Batch", "columns of the text read side by side", TrainConfig.batch),
    _number("seq_length", "Sequence", "characters between two updates", TrainConfig.seq_length),
    _number("dropout", "Dropout", "share of units silenced while training", TrainConfig.dropout),
    _number("lr", "Learning rate", "at its peak, after a warm-up", TrainConfig.lr),
    Field(
        "device", "Device", "auto takes the fastest there is", TrainConfig.device, choices=DEVICES
    ),
    Field("length", "How long", "", f"{DEFAULT_SECONDS:g}"),
    Field("unit", "", "", LENGTHS[0], choices=LENGTHS),
)


def settings(values: Mapping[str, str]) -> TrainConfig:
    """The configuration that the typed values stand for, by `Field.key`.

    Raises UsageError.
    """
    numbers = {
        field.key: _parse(field.label, values[field.key], field.whole)
        for field in FIELDS
        if not field.choices and field.key != "length"
    }
    unit = values["unit"]
    length = _parse(unit.capitalize(), values["length"], unit == "steps")
    shape = {key: numbers.pop(key) for key in ("hidden", "layers")}
    switches = {
        field.key: values[field.key] == "on" for field in FIELDS if field.choices == _SWITCH
    }
    model = ModelConfig(values["cell"], **shape, **switches)  # type: ignore[arg-type]
    return TrainConfig(model=model, device=values["device"], **{unit: length}, **numbers)  # type: ignore[arg-type]


def _parse(label: str, text: str, whole: bool) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise UsageError(f"{label} must be {kind}, not {text[:_QUOTED]!r}") from None


def in_words(problem: str) -> str:
    """An error in the form's words where it is in the command line's."""
    option, _, rest = problem.partition(" ")
    if not option.startswith("--"):
        return problem
    key = option.removeprefix("--").replace("-", "_")
    label = next((field.label for field in FIELDS if field.key == key), key.capitalize())
    return f"{label} {rest}"


def command(config: TrainConfig, ref: str) -> str:
    """The command line that starts the same training."""
    usual = asdict(USUAL) | asdict(USUAL.model)
    words = ["helo", "train", ref]
    for key, value in (asdict(config) | asdict(config.model)).items():
        if key != "model" and value is not None and value != usual[key]:
            words.append(f"--{key.replace('_', '-')}")
            words += [] if value is True else [f"{value}"]
    return shlex.join(words)

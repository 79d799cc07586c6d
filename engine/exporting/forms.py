"""What a model can be exported as: a row for each form, and its writer in a file of its own.

The table itself needs no NumPy, since help and completion read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cells import CELLS
from engine.config import ModelConfig, check_choice
from engine.errors import UsageError
from engine.words import quoted

if TYPE_CHECKING:
    from engine.network.modelfile import Model

Files = dict[str, bytes]
"""What to write, by suffix; first the file that is asked for, then those beside it."""


@dataclass(frozen=True)
class Form:
    """A row of the table."""

    ending: str
    """What follows the model's name in the name of the file, if none is given. Its suffix is required."""
    hint: str
    """A few words on what it is."""
    write: Callable[[Model, str], Files]
    """From a model and the text of its card, which may be empty."""
    cells: tuple[str, ...]
    """The cells that it has."""
    stacks: bool = True
    """Whether it has layer norm and residual layers."""
    lines: bool = True
    """Whether it resets the state at a newline by itself, where `ModelConfig.lines` says so."""

    @property
    def suffix(self) -> str:
        return Path(self.ending).suffix or self.ending

    def lacks(self, config: ModelConfig) -> str:
        """What a network has that this form cannot say; "" if nothing."""
        if config.cell not in self.cells:
            return f"{config.cell} cell"
        if config.layer_norm and not self.stacks:
            return "layer norm between layers"
        return "residual layers" if config.residual and not self.stacks else ""


def _torch(model: Model, _: str) -> Files:
    from engine.exporting import torch_file

    return torch_file.write(model)


def _onnx(model: Model, _: str) -> Files:
    from engine.exporting import onnx

    return onnx.write(model)


def _html(model: Model, card: str) -> Files:
    from engine.exporting import html

    return html.write(model, card)


def _numpy(model: Model, _: str) -> Files:
    from engine.exporting import script

    return script.write(model)


FORMS = {
    "torch": Form(
        "_torch.safetensors",
        "weights under torch's names, and a script that loads them",
        _torch,
        cells=("rnn", "rnn-relu", "lstm", "coupled", "gru"),
        stacks=False,
        lines=False,
    ),
    "onnx": Form(
        ".onnx",
        "for onnxruntime and all that reads ONNX",
        _onnx,
        cells=("rnn", "rnn-relu", "lstm", "peephole", "coupled", "gru"),
    ),
    "html": Form(
        ".html",
        "one page that writes in any browser, without a network",
        _html,
        cells=tuple(CELLS),
    ),
    "numpy": Form(
        ".py",
        "a script that needs nothing but NumPy, to read and to run",
        _numpy,
        cells=("rnn", "rnn-relu", "lstm", "peephole", "coupled", "gru", "mlstm", "mingru"),
    ),
}


def possible(config: ModelConfig) -> list[str]:
    """The forms that can say this network."""
    return [name for name, form in FORMS.items() if not form.lacks(config)]


def check(config: ModelConfig, to: str) -> None:
    """Raises UsageError for an unknown form, or one that cannot say this network."""
    check_choice("to", to, tuple(FORMS))
    if missing := FORMS[to].lacks(config):
        others = ", ".join(possible(config))
        raise UsageError(f"{to} has no {missing}; --to can be one of {others}")


def export(model: Model, to: str, path: Path | None = None, card: str = "") -> dict[Path, bytes]:
    """The files of an export, not yet written: the one at `path`, or in this folder under the model's
    name, and those beside it.

    Raises UsageError as `check` does, or if the suffix is another one.
    """
    check(model.config, to)
    form = FORMS[to]
    path = path or default_path(model.name, to)
    if path.suffix != form.suffix:
        raise UsageError(f"a file for {to} ends in {form.suffix}, not as {quoted(str(path))} does")
    return {path.with_suffix(suffix): data for suffix, data in form.write(model, card).items()}


def default_path(name: str, to: str) -> Path:
    """The file of an export if no other is named."""
    return Path(f"{name}{FORMS[to].ending}")


def note(config: ModelConfig, to: str) -> str:
    """What whoever uses an export has to do by himself; "" if nothing."""
    if not config.lines or FORMS[to].lines:
        return ""
    return (
        "each line is an example of its own: begin every line with a newline, from a state of zeros"
    )

"""The trainer's state as a file: everything the next step depends on, in one .safetensors.

model.*  optim.<parameter>.*  optim.scale  optim.sound  carried.<layer>.<state>  rng.torch  rng.cuda
and as JSON, the `Cursor` of `engine.runs.points`
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.errors import RunError
from engine.network.parameters import Weights
from engine.runs.points import FORMAT, Cursor
from engine.storage import write_tensors
from engine.training.model import CharRNN, States
from engine.training.optim import Optimiser

_MODEL = "model."


@dataclass(frozen=True)
class Snapshot:
    """A copy of a run's state, to be written while the training goes on."""

    cursor: Cursor
    tensors: dict[str, npt.NDArray[np.generic]]

    def weights(self) -> Weights:
        """The network's parameters as float32."""
        own = (k for k in self.tensors if k.startswith(_MODEL))
        return {k.removeprefix(_MODEL): self.tensors[k].astype(np.float32, copy=False) for k in own}

    def write(self, path: Path) -> None:
        """Write the state.

        Raises StorageError, with the earlier states still there.
        """
        metadata = {"format": FORMAT, "cursor": json.dumps(asdict(self.cursor))}
        write_tensors(path, self.tensors, metadata)


def snapshot(cursor: Cursor, model: CharRNN, optimiser: Optimiser, carried: States) -> Snapshot:
    """Copy the state of a run, in the layout that memory has it in: to turn matrices is left to the
    writing."""
    tensors: dict[str, Tensor] = {f"{_MODEL}{k}": v for k, v in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        for key, value in optimiser.moments[parameter].named().items():
            tensors[f"optim.{name}.{key}"] = value
    if optimiser.scale is not None:
        tensors |= {"optim.scale": optimiser.scale, "optim.sound": optimiser.sound}
    for l, state in enumerate(carried):
        for s, value in zip(model.cell.states, state, strict=True):
            tensors[f"carried.{l}.{s}"] = value
    tensors["rng.torch"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["rng.cuda"] = torch.cuda.get_rng_state()
    own = {k: v.detach().cpu().numpy().copy(order="K") for k, v in tensors.items()}
    return Snapshot(deepcopy(cursor), own)


def restore(path: Path, model: CharRNN, optimiser: Optimiser, carried: States) -> States:
    """Load the state in `path` into the model, the optimiser and torch's random number generators. Returns
    the carried states, with the shapes of `carried`.

    Raises RunError if the file is damaged or belongs to another network; then nothing has changed.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}
        _check(tensors, model, optimiser, carried)
        torch.set_rng_state(tensors["rng.torch"])
        model.load_state_dict(_part(tensors, _MODEL))
        for name, parameter in model.named_parameters():
            for key, value in optimiser.moments[parameter].named().items():
                # the states of step 0 that helo 0.1.0 wrote have none
                value.copy_(tensors.get(f"optim.{name}.{key}", torch.zeros(())))
        if optimiser.scale is not None:
            optimiser.scale.copy_(tensors["optim.scale"])
            optimiser.sound.copy_(tensors["optim.sound"])
        if torch.cuda.is_available() and "rng.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["rng.cuda"])
        return tuple(
            tuple(
                tensors[f"carried.{l}.{s}"].to(zeros).reshape(zeros.shape)
                for s, zeros in zip(model.cell.states, state, strict=True)
            )
            for l, state in enumerate(carried)
        )
    except (OSError, SafetensorError, KeyError, RuntimeError, TypeError) as error:
        raise RunError(f"{path} is damaged: {str(error).splitlines()[0]}") from error


def _check(
    tensors: dict[str, Tensor], model: CharRNN, optimiser: Optimiser, carried: States
) -> None:
    """Raises KeyError, RuntimeError for tensors that are not those of the model, its optimiser and its
    states."""
    shapes = {f"{_MODEL}{name}": value.shape for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        if _part(tensors, f"optim.{name}."):
            moments = optimiser.moments[parameter].named()
            shapes |= {f"optim.{name}.{key}": value.shape for key, value in moments.items()}
    if optimiser.scale is not None:
        shapes |= {f"optim.{k}": getattr(optimiser, k).shape for k in ("scale", "sound")}
    for name, shape in shapes.items():
        if tensors[name].shape != shape:
            raise RuntimeError(f"{name} has shape {list(tensors[name].shape)}, not {list(shape)}")
    for l, state in enumerate(carried):
        for s, zeros in zip(model.cell.states, state, strict=True):
            tensors[f"carried.{l}.{s}"].reshape(zeros.shape)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

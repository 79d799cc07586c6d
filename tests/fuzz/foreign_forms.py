"""Models of PyTorch, recurrentjs and min-char-rnn to damage, each a file named x in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engine.foreign.value import Array
from tests.engine.foreign import small_files, torch_files
from tests.engine.foreign.known import SYMBOLS, known, two_biases


def _weights() -> dict[str, Array]:
    model = two_biases(known("PyTorch", "lstm", "ifgo", (4, 4), embedding=3))
    return torch_files.state_dict(model)


def _state_dict(folder: Path) -> None:
    torch_files.zipped(folder / "x", {"state_dict": _weights(), "tokens": SYMBOLS})


def _module(folder: Path) -> None:
    torch_files.zipped(folder / "x", torch_files.module(_weights(), mode="LSTM"))


def _row(folder: Path) -> None:
    torch_files.in_row(folder / "x", torch_files.module(_weights(), chars=list(SYMBOLS)))


def _safetensors(folder: Path) -> None:
    from safetensors.numpy import save_file

    about = {"alphabet": json.dumps({"units": "char", "symbols": "".join(sorted(SYMBOLS))})}
    arrays = {name: np.ascontiguousarray(array) for name, array in _weights().items()}
    save_file(arrays, folder / "x", about)


def _recurrentjs(folder: Path) -> None:
    made = small_files.saved("lstm", small_files.recurrentjs("lstm"))
    (folder / "x").write_text(json.dumps(made))


def _npz(folder: Path) -> None:
    stored = {"chars": np.array(list(SYMBOLS)), "ids": np.array({"a": 1}, dtype=object)}
    np.savez(folder / "x.npz", **small_files.min_char_rnn(), **stored)
    (folder / "x.npz").rename(folder / "x")


FORMS = (_state_dict, _module, _row, _safetensors, _recurrentjs, _npz)

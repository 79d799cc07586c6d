"""Writes Keras's files: of versions 1 and 2 (HDF5), of 3 (an archive)."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from engine.foreign.value import Array, Foreign

h5py: Any = __import__("h5py")
KINDS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN", "rnn-relu": "SimpleRNN"}
Part = tuple[str, dict[str, Any], dict[str, Array]]
"""A layer: its class, its settings, and its arrays by the names of Keras 2."""


def layers(foreign: Foreign, gate: str = "sigmoid", distributed: bool = False) -> list[Part]:
    """The layers of a model with dropout between them."""
    shape = {"batch_input_shape": [None, 7, len(foreign.W_hy.T)]}
    found: list[Part] = []
    if foreign.embedding is not None:
        found.append(("Embedding", {"input_dim": 5}, {"embeddings": foreign.embedding}))
    for layer in foreign.layers:
        settings: dict[str, Any] = {"units": len(layer.W_hh), "activation": "tanh"}
        if foreign.cell == "rnn-relu":
            settings["activation"] = "relu"
        else:
            settings |= {"recurrent_activation": gate, "return_sequences": True}
        arrays = {"kernel": layer.W_xh, "recurrent_kernel": layer.W_hh}
        if layer.b_h is not None:
            two = layer.b_hh is not None
            arrays["bias"] = np.stack([layer.b_h, layer.b_hh]) if two else layer.b_h  # type: ignore[list-item]
            settings |= {"reset_after": True} if two else {}
        found.append((KINDS[foreign.cell], settings, arrays))
        found.append(("Dropout", {"rate": 0.2}, {}))
    dense = {"kernel": foreign.W_hy} | ({} if foreign.b_y is None else {"bias": foreign.b_y})
    settings = {"units": 5, "activation": "softmax"}
    if distributed:
        settings = {"layer": {"class_name": "Dense", "config": settings}}
    found.append(("TimeDistributed" if distributed else "Dense", settings, dense))
    found[0][1].update(shape)
    return found


def config(parts: Sequence[Part], functional: int = 0) -> dict[str, Any]:
    """The configuration of a Sequential model, or a functional one as Keras 2 or 3 writes it; its layers
    are then listed from the end."""
    listed: list[dict[str, Any]] = []
    for i, (kind, settings, _) in enumerate(parts):
        name = f"layer_{i}"
        layer: dict[str, Any] = {"class_name": kind, "config": {"name": name} | settings}
        if functional:
            before = [] if i == 0 else [[[f"layer_{i - 1}", 0, 0, {}]]]
            if functional == 3 and i:
                history = {"keras_history": [f"layer_{i - 1}", 0, 0]}
                tensor = {"class_name": "__keras_tensor__", "config": history}
                before = [{"args": [tensor], "kwargs": {}}]  # type: ignore[list-item]
            layer |= {"name": name, "inbound_nodes": before}
        listed.append(layer)
    kind = "Functional" if functional else "Sequential"
    return {
        "class_name": kind,
        "config": {"name": "x", "layers": listed[:: -1 if functional else 1]},
    }


def hdf5(
    path: Path,
    parts: Sequence[Part],
    version: str = "2.4.0",
    functional: int = 0,
    weights_alone: bool = False,
    of_1: bool = False,
) -> None:
    """A file of a whole model, or of its weights alone; `of_1` names arrays as Keras 1 does."""
    with h5py.File(path, "w") as file:
        root = file if weights_alone else file.create_group("model_weights")
        if not weights_alone:
            file.attrs["model_config"] = json.dumps(config(parts, functional)).encode()
            optimizer = file.create_group("optimizer_weights")
            optimizer.create_dataset("iterations", data=np.int64(3))
        file.attrs["keras_version"] = version
        names = [f"layer_{i}" for i in range(len(parts))]
        root.attrs["layer_names"] = [name.encode() for name in names]
        for name, (kind, _, arrays) in zip(names, parts, strict=True):
            group = root.create_group(name)
            order = {"LSTM": "ifco", "GRU": "zrh"}.get(kind, "")
            for leaf, array in arrays.items():
                if not of_1:
                    group.create_dataset(f"{name}/{leaf}:0", data=array)
                    continue
                letter = {"kernel": "W", "recurrent_kernel": "U", "bias": "b"}.get(leaf, "W")
                blocks = np.split(array, len(order), axis=-1) if order else [array]
                for gate, block in zip(order or [""], blocks, strict=True):
                    end = f"{letter}_{gate}" if gate else letter
                    group.create_dataset(f"{name}_{end}", data=block)


def archive(path: Path, parts: Sequence[Part], root: str = "layers") -> None:
    """An archive of Keras 3."""
    buffer, count = BytesIO(), dict[str, int]()
    with h5py.File(buffer, "w") as file:
        file.create_group("optimizer/vars").create_dataset("0", data=np.int64(9))
        for kind, _, arrays in parts:
            own = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn"}.get(kind, kind.lower())
            own = {"timedistributed": "time_distributed"}.get(own, own)
            count[own] = count.get(own, -1) + 1
            name = f"{own}_{count[own]}" if count[own] else own
            inner = {"time_distributed": "/layer", "lstm": "/cell", "gru": "/cell"}.get(own, "")
            inner = "/cell" if own == "simple_rnn" else inner
            for i, array in enumerate(arrays.values()):
                file.create_dataset(f"{root}/{name}{inner}/vars/{i}", data=array)
            if kind == "Dropout":
                seeds = np.zeros(2, np.uint32)
                file.create_dataset(f"{root}/{name}/seed_generator/vars/0", data=seeds)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("metadata.json", '{"keras_version": "3.4.1"}')
        made.writestr("config.json", json.dumps(config(parts)))
        made.writestr("model.weights.h5", buffer.getvalue())

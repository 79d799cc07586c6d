"""Writes PyTorch's files without PyTorch: both forms of pickle, of a state dict or a whole module."""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.foreign.value import Array, Foreign

MAGIC = 0x1950A86A20F9469CFC6C


@dataclass(frozen=True)
class Object:
    """An instance of a class, with its attributes."""

    kind: str
    state: dict[str, Any]


def state_dict(foreign: Foreign) -> dict[str, Array]:
    """A model's weights by torch's names."""
    found: dict[str, Array] = {}
    if foreign.embedding is not None:
        found["encoder.weight"] = foreign.embedding
    for l, layer in enumerate(foreign.layers):
        own = {"weight_ih": layer.W_xh.T, "weight_hh": layer.W_hh.T}
        own |= {"bias_ih": layer.b_h, "bias_hh": layer.b_hh}  # type: ignore[dict-item]
        found |= {f"rnn.{name}_l{l}": array for name, array in own.items() if array is not None}
    return found | {"decoder.weight": foreign.W_hy.T, "decoder.bias": foreign.b_y}  # type: ignore[dict-item]


def module(weights: dict[str, Array], **more: Any) -> Object:
    """A whole module with these weights."""
    parts: dict[str, dict[str, Array]] = {}
    for name, array in weights.items():
        part, _, own = name.rpartition(".")
        parts.setdefault(part, {})[own] = array
    inner = {
        part: Object("torch.nn.modules.x.Any", {"_parameters": own, "_modules": {}})
        for part, own in parts.items()
    }
    return Object("model.Net", {"_parameters": {}, "_modules": inner, "training": True} | more)


class _Pickle:
    """A pickle of protocol 2, and the storages that it refers to."""

    def __init__(self, old: bool = False) -> None:
        self._old = old
        """Whether as in 2017: classes with their source, tensors in a `Parameter`, sizes in a `Size`."""
        self.storages: list[bytes] = []

    def __call__(self, value: Any) -> bytes:
        return b"\x80\x02" + self._put(value) + b"."

    def _put(self, value: Any) -> bytes:
        match value:
            case None:
                return b"N"
            case bool():
                return b"\x88" if value else b"\x89"
            case int():
                size = value.bit_length() // 8 + 1
                return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)
            case str():
                data = value.encode()
                return b"X" + struct.pack("<I", len(data)) + data
            case tuple():
                return b"(" + b"".join(map(self._put, value)) + b"t"
            case list():
                return b"](" + b"".join(map(self._put, value)) + b"e"
            case dict():
                pairs = b"".join(self._put(k) + self._put(v) for k, v in value.items())
                return b"}(" + pairs + b"u"
            case Object():
                return self._kind(value.kind) + b")\x81" + self._put(value.state) + b"b"
        return self._tensor(value)

    def _kind(self, name: str) -> bytes:
        if not self._old:
            return _named(name)
        source = b"".join(map(self._put, ("model.py", "class Net: ...")))
        return b"(" + self._put("module") + _named(name) + source + b"tQ"

    def _tensor(self, array: Array) -> bytes:
        kind = {4: "FloatStorage", 8: "DoubleStorage", 2: "HalfStorage"}[array.itemsize]
        key = str(len(self.storages))
        self.storages.append(np.ascontiguousarray(array).tobytes())
        strides = tuple(n // array.itemsize for n in np.ascontiguousarray(array).strides)
        id = b"(" + self._put("storage") + _named(f"torch.{kind}")
        id += b"".join(map(self._put, (key, "cpu", array.size))) + b"tQ"
        if self._old:
            id = id[:-2] + b"NtQ"
            size = _named("torch.Size") + b"(" + self._put(array.shape) + b"tR"
            tensor = _named("torch._utils._rebuild_tensor") + b"(" + id + self._put(0) + size
            state = self._put((True, False, {})) + b"b"
            parameter = _named("torch.nn.parameter.Parameter")
            return parameter + tensor + self._put(strides) + b"tR\x85\x81" + state
        rest = b"".join(map(self._put, (0, array.shape, strides, False, {})))
        return _named("torch._utils._rebuild_tensor_v2") + b"(" + id + rest + b"tR"


def _named(name: str) -> bytes:
    module, _, own = name.rpartition(".")
    return f"c{module}\n{own}\n".encode()


def zipped(path: Path, value: Any) -> None:
    """The form since torch 1.6."""
    pickle = _Pickle()
    data = pickle(value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/byteorder", "little")
        for key, storage in enumerate(pickle.storages):
            archive.writestr(f"archive/data/{key}", storage)
        archive.writestr("archive/version", "3\n")


def in_row(path: Path, value: Any) -> None:
    """The form before that, as it was in 2017."""
    pickle, sizes = _Pickle(old=True), {"little_endian": True, "protocol_version": 1001}
    head = [pickle(MAGIC), pickle(1001), pickle(sizes), pickle(value)]
    keys = pickle([str(i) for i in range(len(pickle.storages))])
    tail = [struct.pack("<q", len(data) // 4) + data for data in pickle.storages]
    path.write_bytes(b"".join([*head, keys, *tail]))

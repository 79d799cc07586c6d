"""The messages of ONNX that a network needs, as bytes (https://github.com/onnx/onnx, onnx.proto3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.protobuf import block, single, whole

IR, OPSET = 8, 17
FLOAT, INT64 = 1, 7
_LARGEST = 2**31 - 1
"""Bytes in a message of Protocol Buffers, at most."""
_F, _I, _GRAPH, _STRINGS = 1, 2, 5, 8
"""Kinds of attributes."""

Attribute = int | float | bytes | tuple[str, ...]
"""The value of an attribute; bytes are a graph."""


def model(graph: bytes, version: str, about: Mapping[str, str]) -> bytes:
    """A ModelProto, with `about` in its metadata.

    Raises UsageError if it is too large for the format.
    """
    told = (block(14, block(1, key) + block(2, value)) for key, value in about.items())
    maker = block(2, "helo") + block(3, version)
    data = whole(1, IR) + maker + block(7, graph) + block(8, whole(2, OPSET)) + b"".join(told)
    if len(data) > _LARGEST:
        raise UsageError("onnx has room for 2 GB, and this model is larger")
    return data


def graph(
    name: str,
    nodes: Iterable[bytes],
    inputs: Iterable[bytes],
    outputs: Iterable[bytes],
    tensors: Mapping[str, npt.NDArray[np.generic]] = {},
) -> bytes:
    """A GraphProto. `tensors` are its constants."""
    parts = [block(1, each) for each in nodes]
    parts.append(block(2, name))
    parts += [block(5, _tensor(each, value)) for each, value in tensors.items()]
    parts += [block(11, each) for each in inputs]
    parts += [block(12, each) for each in outputs]
    return b"".join(parts)


def value(name: str, kind: int, *shape: int | str) -> bytes:
    """A ValueInfoProto: an input or an output; a size with a name is free."""
    sizes = (whole(1, n) if isinstance(n, int) else block(2, n) for n in shape)
    tensor = whole(1, kind) + block(2, b"".join(block(1, size) for size in sizes))
    return block(1, name) + block(2, block(1, tensor))


def node(
    operator: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Attribute
) -> bytes:
    """A NodeProto. An input that is left out is ""."""
    parts = [block(1, each) for each in inputs] + [block(2, each) for each in outputs]
    parts.append(block(4, operator))
    parts += [block(5, _attribute(name, each)) for name, each in attributes.items()]
    return b"".join(parts)


def _attribute(name: str, of: Attribute) -> bytes:
    if isinstance(of, int):
        kind, data = _I, whole(3, of)
    elif isinstance(of, float):
        kind, data = _F, single(2, of)
    elif isinstance(of, bytes):
        kind, data = _GRAPH, block(6, of)
    else:
        kind, data = _STRINGS, b"".join(block(9, text) for text in of)
    return block(1, name) + data + whole(20, kind)


def _tensor(name: str, of: npt.NDArray[np.generic]) -> bytes:
    kind = INT64 if of.dtype.kind == "i" else FLOAT
    data = np.ascontiguousarray(of, "<i8" if kind == INT64 else "<f4").tobytes()
    sizes = b"".join(whole(1, n) for n in of.shape)
    return sizes + whole(2, kind) + block(8, name) + block(9, data)

"""torch's tensors, as its pickles name them: a view of a storage whose bytes lie elsewhere in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import DamagedError, ForeignError
from engine.foreign.bounds import MOST_BYTES, strided, within
from engine.foreign.pickles import Named
from engine.foreign.value import Array
from engine.words import quoted

TYPES = {
    "Float": "f4",
    "Double": "f8",
    "Half": "f2",
    "BFloat16": "bf16",
    "Long": "i8",
    "Int": "i4",
    "Short": "i2",
    "Char": "i1",
    "Byte": "u1",
    "Bool": "u1",
    "Untyped": "u1",
}
"""The types of storages by torch's names; bfloat16 is the upper half of a float32."""
_SIZES = {name: 2 if kind == "bf16" else np.dtype(kind).itemsize for name, kind in TYPES.items()}
_SAME = {"float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16"}


@dataclass(frozen=True)
class Tensor:
    """An array in a file, whose values are read when they are needed."""

    shape: tuple[int, ...]
    read: Callable[[], Array]
    """Raises DamagedError or OSError."""


@dataclass(frozen=True)
class Storage:
    """Values in a row, to which tensors refer by its key."""

    key: str
    type: str
    """One of `TYPES`."""
    count: int
    offset: int = 0
    """Where it begins in the storage with this key, in values."""

    @property
    def size(self) -> int:
        """Bytes of a value."""
        return _SIZES[self.type]


Bytes = Callable[[Storage], memoryview]
"""The bytes of a whole storage, wherever they are."""


def values(data: memoryview | bytes, type: str, order: str = "<") -> Array:
    """Bytes as values of one of `TYPES`. `order` is < for little-endian, > for big-endian.

    Raises ForeignError for what are no floating-point numbers.
    """
    kind = TYPES[type]
    if kind == "bf16":
        halves = np.frombuffer(data, f"{order}u2").astype(np.uint32)
        return (halves << 16).view(np.float32)
    if kind[0] != "f":
        raise ForeignError(f"has weights of type {type.lower()}, which are no real numbers")
    found: Array = np.frombuffer(data, f"{order}{kind}")
    return found


def storage(id: object) -> object:
    """What torch's persistent ids refer to: a storage, or the class of a module.

    Raises DamagedError.
    """
    if isinstance(id, tuple) and len(id) >= 2 and id[0] == "module":
        return id[1]
    if not isinstance(id, tuple) or len(id) not in (5, 6) or id[0] != "storage":
        raise DamagedError("it names what is no storage")
    _, kind, key, _, count, *view = id
    name = kind.name.rpartition(".")[2].removesuffix("Storage") if isinstance(kind, Named) else ""
    if name not in TYPES or not isinstance(key, str):
        raise DamagedError("it has a storage of an unknown type")
    most = MOST_BYTES // _SIZES[name]
    whole = within(count, most, "the size of a storage")
    if view and view[0] is not None:  # a part of another: its own key, offset and size
        if not isinstance(view[0], tuple) or len(view[0]) != 3:
            raise DamagedError("a view of a storage is no view")
        offset = within(view[0][1], whole, "the offset of a storage")
        return Storage(key, name, within(view[0][2], whole - offset, "a storage's size"), offset)
    return Storage(key, name, whole)


def rebuilders(bytes_of: Bytes, order: str) -> dict[str, Callable[..., object]]:
    """The functions of torch that its pickles call, for `engine.foreign.pickles`."""

    def tensor(own: object, offset: object, sizes: object, strides: object, *_: object) -> Tensor:
        if not isinstance(own, Storage):
            raise DamagedError("a tensor has no storage")
        shape = _plain(sizes)
        for n in shape:
            within(n, MOST_BYTES, "a size of a tensor")

        def read() -> Array:
            flat = values(bytes_of(own), own.type, order)[own.offset : own.offset + own.count]
            return strided(flat, shape, "a tensor", offset, _plain(strides))

        return Tensor(shape, read)

    def typed(own: object, *rest: object) -> Tensor:
        """A tensor that says its type, over a storage of bytes."""
        kind = rest[5] if len(rest) > 5 else None
        name = _SAME.get(kind.name.removeprefix("torch.")) if isinstance(kind, Named) else None
        if not isinstance(own, Storage) or name is None:
            raise DamagedError("a tensor is of an unknown type")
        count = own.count * own.size // _SIZES[name]
        return tensor(Storage(own.key, name, count), *rest[:3])

    def again(call: object, _kind: object, args: object, *_: object) -> object:
        """What is a subclass of a tensor."""
        rebuild = known.get(call.name) if isinstance(call, Named) else None
        if rebuild is None or rebuild is again or not isinstance(args, tuple):
            raise DamagedError("a tensor is rebuilt in an unknown way")
        return rebuild(*args)

    def first(data: object = None, *_: object) -> object:
        return data

    known: dict[str, Callable[..., object]] = {
        "torch._utils._rebuild_tensor": tensor,
        "torch._utils._rebuild_tensor_v2": tensor,
        "torch._utils._rebuild_tensor_v3": typed,
        "torch._utils._rebuild_parameter": first,
        "torch._utils._rebuild_parameter_with_state": first,
        "torch._tensor._rebuild_from_type_v2": again,
        "torch.nn.parameter.Parameter": first,
        "torch.autograd.variable.Variable": first,
        "torch.Tensor": first,
        "torch.Size": first,
    }
    return known


def _plain(sizes: object) -> tuple[Any, ...]:
    if not isinstance(sizes, tuple):
        raise DamagedError(f"a shape is {quoted(type(sizes).__name__)}")
    return sizes


class Storages:
    """The storages of a file, read once each."""

    def __init__(self, read: Callable[[str], memoryview | bytes]) -> None:
        self._read, self._known = read, dict[str, memoryview]()

    def __call__(self, own: Storage) -> memoryview:
        if own.key not in self._known:
            self._known[own.key] = memoryview(self._read(own.key))
        data = self._known[own.key]
        if len(data) < (own.offset + own.count) * own.size:
            raise DamagedError(f"the storage {quoted(own.key)} is cut off")
        return data[: len(data) // own.size * own.size]

"""PyTorch's .pt, .pth and .net: state dicts, dicts that hold one, and whole modules, in both forms of file.

Since torch 1.6 the file is a zip with `data.pkl` and a member for each storage. Before that it was five
pickles in a row (a number, a version, facts about the machine, what was saved, the keys of the storages),
then the storages, each with its length before it (torch/serialization.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.errors import DamagedError, ForeignError
from engine.foreign import found, pickles, torch_names
from engine.foreign.bounds import MOST_BYTES, MOST_DEPTH, Cursor, within
from engine.foreign.pickles import Made
from engine.foreign.source import Source
from engine.foreign.tensors import Storage, Storages, Tensor, rebuilders, storage
from engine.foreign.value import Foreign

_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_PICKLE = "data.pkl"


def recognises(source: Source) -> bool:
    return _is_row(source) or _pickle(source) is not None


def _is_row(source: Source) -> bool:
    return source.head[:1] == b"\x80" and source.head[2 : 2 + len(_MAGIC)] == _MAGIC


def _pickle(source: Source) -> str | None:
    """The member of a zip that is torch's pickle."""
    if source.is_folder:
        return None
    names = (name for name in source.names if name.rpartition("/")[2] == _PICKLE)
    return min(names, key=len, default=None)


def read(source: Source) -> Foreign:
    saved = _row(source) if _is_row(source) else _zip(source)
    for value in found.everything(saved):
        tensors, relu = _named(value)
        if torch_names.is_recurrent(tensors):
            foreign = torch_names.network(tensors, relu)
            return replace(foreign, symbols=found.symbols(saved, foreign.W_hy.shape[1]))
    raise ForeignError("has no recurrent layer of torch's (weight_ih, weight_hh)")


def _zip(source: Source) -> object:
    """What was saved in a zip."""
    name = _pickle(source)
    assert name is not None
    folder = name.removesuffix(_PICKLE)
    order = "<"
    if f"{folder}byteorder" in source.names:
        order = ">" if source.member(f"{folder}byteorder", 16).strip() == b"big" else "<"
    storages = Storages(lambda key: source.member(f"{folder}data/{key}"))
    data = source.member(name, MOST_BYTES)
    return pickles.loads(data, rebuilders(storages, order), storage)


def _row(source: Source) -> object:
    """What was saved as pickles in a row."""
    cursor = Cursor(source.data())
    sizes, places = dict[str, int](), dict[str, memoryview]()

    def persistent(id: object) -> object:
        known = storage(id)
        if isinstance(known, Storage):
            sizes[known.key] = known.size
        return known

    pickles.loads(cursor)
    pickles.loads(cursor)
    machine = pickles.loads(cursor)
    little = machine.get("little_endian", True) if isinstance(machine, dict) else True
    order = "<" if little else ">"
    saved = pickles.loads(cursor, rebuilders(Storages(lambda key: places[key]), order), persistent)
    keys = pickles.loads(cursor)
    for key in keys if isinstance(keys, list) else ():
        if not isinstance(key, str) or key not in sizes:
            raise DamagedError("it has a storage that nothing refers to")
        count = within(cursor.number(f"{order}q"), MOST_BYTES, "the size of a storage")
        places[key] = cursor.take(count * sizes[key])
    if missing := sizes.keys() - places.keys():
        raise DamagedError(f"{len(missing)} storages are missing")
    return saved


def _named(value: object) -> tuple[dict[str, Tensor], set[str] | None]:
    """The tensors of a state dict or a whole module by name, and the prefixes of the layers that cut at 0;
    a state dict does not say."""
    if isinstance(value, dict):
        items = value.items()
        return {k: v for k, v in items if isinstance(k, str) and isinstance(v, Tensor)}, None
    tensors, relu = dict[str, Tensor](), set[str]()
    for prefix, module in _modules(value):
        state = module.state
        assert isinstance(state, dict)
        own = state.get("_parameters", state)
        for name, tensor in own.items() if isinstance(own, dict) else ():
            if isinstance(name, str) and isinstance(tensor, Tensor):
                tensors[f"{prefix}{name}"] = tensor
        if "relu" in str(state.get("mode") or state.get("nonlinearity") or "")[:20].lower():
            relu.add(prefix)
    return tensors, relu


def _modules(root: object) -> Iterator[tuple[str, Made]]:
    """A whole module and those in it, with the prefixes of their parameters."""
    waiting, seen = [("", root, 0)], set[int]()
    while waiting:
        prefix, module, depth = waiting.pop()
        if not isinstance(module, Made) or not isinstance(module.state, dict):
            continue
        if id(module) in seen or depth > MOST_DEPTH:
            continue
        seen.add(id(module))
        yield prefix, module
        inner = module.state.get("_modules", module.state)
        if isinstance(inner, dict):
            each = [(f"{prefix}{k}.", m, depth + 1) for k, m in inner.items() if isinstance(k, str)]
            waiting += reversed(each)

"""char-rnn-tensorflow's checkpoints: a bundle of variables, and its alphabet in a pickle beside it. Keras
can save its weights as such a bundle too.

The user names the folder, or any file of it. TensorFlow finds a checkpoint's files by their names, which
share a stem, and the newest checkpoint by what the file `checkpoint` says; so does this.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from engine import outside
from engine.errors import DamagedError, ForeignError
from engine.foreign import bundle, chain, pickles, stack, variables
from engine.foreign.alphabet import by_id
from engine.foreign.bundle import Index
from engine.foreign.source import Source
from engine.foreign.value import Array, Foreign
from engine.words import counted

_KERAS = "/.ATTRIBUTES/VARIABLE_VALUE"
_SLOT = re.compile(r"/\.OPTIMIZER_SLOT/|(^|/)_?optimizer/")
_STATE = "checkpoint"
_NEWEST = re.compile(rb'^model_checkpoint_path: *"(.*)"', re.MULTILINE)
_PART = re.compile(r"(.+)\.(data-\d{5}-of-\d{5}|meta)")
_PICKLES = b"\x80", b"(", b"c"
_MOST_PICKLES = 64
"""Files beside a checkpoint that are looked into for its alphabet."""


def recognises(source: Source) -> bool:
    return bool(_tables(source))


def read(source: Source) -> Foreign:
    tables = _tables(source)
    folder = tables[0].parent
    path = tables[0] if len(tables) == 1 else _newest(folder, tables)
    index = bundle.read(path)
    if any(name.endswith(_KERAS) for name in index.entries):
        return _of_keras(path, index)
    plan = variables.plan({name: e.shape for name, e in index.entries.items() if e.kind})
    ids = next(filter(None, map(_ids, _pickles(Source(folder)))), None)
    symbols = None if ids is None else by_id(ids, index.entries[plan.W_hy].shape[1])
    values = partial(bundle.value, path, index)
    return variables.assemble("char-rnn-tensorflow", plan, values, symbols)


def _of_keras(path: Path, index: Index) -> Foreign:
    """The model whose weights Keras saved, each layer under an attribute's name."""
    layers = dict[str, dict[str, Array]]()
    for name, entry in index.entries.items():
        *scope, leaf = name.removesuffix(_KERAS).split("/")
        if name.endswith(_KERAS) and entry.kind and entry.shape and not _SLOT.search(name):
            layer = "/".join(scope).removesuffix("/cell")
            layers.setdefault(layer, {})[leaf] = bundle.value(path, index, name)
    return stack.foreign(chain.ordered(layers), old=False)


def _tables(source: Source) -> list[Path]:
    """The tables of the checkpoints that a source may mean."""
    path, head = source.path, source.head
    if not source.is_folder:
        if bundle.is_table(path):
            return [path]
        if part := _PART.fullmatch(path.name):
            index = path.with_name(f"{part[1]}.index")
            return [index] if index.is_file() and bundle.is_table(index) else []
        newest = _NEWEST.search(head)
        if not newest and not (head[:1] in _PICKLES and _is_beside(path)):
            return []
        source = Source(path.parent)
    try:
        found = [source.path / name for name in source.names]
        return [path for path in found if bundle.is_table(path)]
    except (DamagedError, OSError):  # of files beside the one that was named
        return []


def _newest(folder: Path, tables: list[Path]) -> Path:
    """The checkpoint that TensorFlow would load."""
    state = folder / _STATE
    told = _NEWEST.search(outside.read(state)) if state.is_file() else None
    if told:
        stem = re.split(r"[/\\]", told[1].decode("utf-8", "replace"))[-1]
        for path in tables:
            if path.stem == stem:
                return path
    raise ForeignError(f"holds {counted(len(tables), 'checkpoint')}: name a file of one of them")


def _pickles(folder: Source) -> list[Path]:
    """The files of a folder that may be pickles."""
    found = []
    for name in folder.names:
        path = folder.path / name
        with path.open("rb") as file:
            if file.read(1) in _PICKLES and path.stat().st_size <= outside.SMALL:
                found.append(path)
    return found[:_MOST_PICKLES]


def _pickled(path: Path) -> object:
    """The value of a small pickle; None if a file is none."""
    try:
        return pickles.loads(outside.read(path))
    except DamagedError:
        return None


def _is_beside(path: Path) -> bool:
    """Whether a file is one of the two pickles beside a checkpoint: the arguments, or the alphabet."""
    match _pickled(path):
        case pickles.Made(kind=pickles.Named(name="argparse.Namespace")):
            return True
    return _ids(path) is not None


def _ids(path: Path) -> dict[str, object] | None:
    """The id of each character, where a file is a pair of the characters and their ids."""
    match _pickled(path):
        case (_, dict(ids)) if all(isinstance(char, str) for char in ids):
            return ids
    return None

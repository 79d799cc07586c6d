"""Writes what TensorFlow's char-rnn and ml5 leave: variables by name, in a checkpoint or a folder."""

from __future__ import annotations

import json
import pickle
import struct
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.foreign.value import Array, Foreign

NEW = "rnnlm/multi_rnn_cell/cell_{}/basic_{}_cell/kernel", "bias"
OLD = "rnnlm/multi_rnn_cell/cell_{}/basic_{}_cell/weights", "biases"
OLDEST = "rnnlm/MultiRNNCell/Cell{}/Basic{}Cell/Linear/Matrix", "Bias"
ALONE = "rnnlm/{:.0}{}_cell/kernel", "bias"


def variables(foreign: Foreign, names: tuple[str, str] = NEW) -> dict[str, Array]:
    """The variables of a model, and what Adam keeps of them."""
    found: dict[str, Array] = {"beta1_power": np.float32(0.5)[...], "rnnlm/softmax_w": foreign.W_hy}
    if foreign.embedding is not None:
        found["embedding"] = foreign.embedding
    if foreign.b_y is not None:
        found["rnnlm/softmax_b"] = foreign.b_y
    for l, layer in enumerate(foreign.layers):
        kind = foreign.cell.upper() if names is OLDEST else foreign.cell
        kernel = names[0].format(str(l) if names is ALONE else l, kind)
        found[kernel] = np.concatenate([layer.W_xh, layer.W_hh])
        if layer.b_h is not None:
            found[f"{kernel.rpartition('/')[0]}/{names[1]}"] = layer.b_h
    kept = {f"{n}/{s}": v * 0 for n, v in found.items() if v.ndim for s in ("Adam", "Adam_1")}
    return found | kept


def ml5(folder: Path, values: Mapping[str, Array], ids: Mapping[str, int]) -> None:
    """A folder of ml5's charRNN."""
    folder.mkdir(exist_ok=True)
    manifest = {
        name: {"filename": name.replace("/", "_"), "shape": [*value.shape]}
        for name, value in values.items()
    }
    for name, value in values.items():
        (folder / name.replace("/", "_")).write_bytes(value.astype("<f4").tobytes())
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "vocab.json").write_text(json.dumps(ids))


def checkpoint(
    folder: Path,
    values: Mapping[str, Array],
    ids: Mapping[str, int] | None = None,
    stem: str = "model.ckpt-9",
    order: str = "<",
    kind: int = 1,
    block: int = 200,
) -> None:
    """A checkpoint and what stands beside it; `kind` is 1 for float32, 2 for float64, 19 for float16."""
    folder.mkdir(exist_ok=True)
    data, entries = b"", {b"": _number(1, 1) + _number(2, order == ">") + b"\x1a\2\x08\1"}
    for name, value in sorted(values.items()):
        raw = value.astype(order + {1: "f4", 2: "f8", 19: "f2"}[kind]).tobytes()
        shape = b"".join(_message(2, _number(1, n)) for n in value.shape)
        where = _number(4, len(data)) + _number(5, len(raw)) + b"\x35crc!"
        entries[name.encode()] = _number(1, kind) + _message(2, shape) + where
        data += raw
    (folder / f"{stem}.data-00000-of-00001").write_bytes(data)
    (folder / f"{stem}.index").write_bytes(_table(entries, block))
    (folder / f"{stem}.meta").write_bytes(b"\n\1x")
    state = f'model_checkpoint_path: "/there/save/{stem}"\nall_model_checkpoint_paths: "x"\n'
    (folder / "checkpoint").write_text(state)
    (folder / "config.pkl").write_bytes(pickle.dumps(Namespace(model="lstm", rnn_size=4), 2))
    if ids is not None:
        (folder / "chars_vocab.pkl").write_bytes(pickle.dumps((tuple(ids), dict(ids)), 2))


def varint(n: int) -> bytes:
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)


def _number(field: int, n: int) -> bytes:
    return bytes([field << 3]) + varint(n) if n else b""


def _message(field: int, data: bytes) -> bytes:
    return bytes([field << 3 | 2]) + varint(len(data)) + data


def _table(entries: Mapping[bytes, bytes], most: int) -> bytes:
    """LevelDB's table of blocks of about `most` bytes, whose keys begin anew every third entry."""
    done, listed = b"", dict[bytes, bytes]()

    def put(pairs: Mapping[bytes, bytes]) -> bytes:
        """Write a block. Returns where it lies."""
        nonlocal done
        made, before, restarts = b"", b"", []
        for i, (key, value) in enumerate(pairs.items()):
            shared = 0
            if i % 3 == 0:
                restarts.append(len(made))
            else:
                while before[: shared + 1] == key[: shared + 1]:
                    shared += 1
            made += varint(shared) + varint(len(key) - shared) + varint(len(value))
            made, before = made + key[shared:] + value, key
        made += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
        place = varint(len(done)) + varint(len(made))
        done += made + b"\0crc!"
        return place

    pending: dict[bytes, bytes] = {}
    for key, value in entries.items():
        pending[key] = value
        if sum(map(len, pending.values())) > most:
            listed[key], pending = put(pending), {}
    if pending:
        listed[max(pending) + b"~"] = put(pending)
    footer = put({}) + put(listed)
    return done + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)

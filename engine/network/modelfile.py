"""The model file: one .safetensors with weights, configuration, alphabet and history.

The metadata is text under four keys: `format` ("helo/1"), and as JSON `config`, `alphabet` and `history`.
Weights are float32 or float16. Nothing in the file is ever executed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from engine.config import ModelConfig
from engine.errors import HeloError, ModelFileError
from engine.network.lines import newline_id
from engine.network.parameters import Weights, shapes
from engine.storage import write_bytes
from engine.vocab import Alphabet

FORMAT = "helo/1"
_DTYPES = {"F32": "float32", "F16": "float16"}
_LARGEST_F16 = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class History:
    """Where a model comes from. Everything is for people to read; nothing is computed from it."""

    corpus: str = ""
    corpus_sha256: str = ""
    steps: int = 0
    chars: int = 0
    best_val_nats: float | None = None
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    command: str = ""


@dataclass(frozen=True)
class Model:
    """A network with all that is needed to write with it. `weights` are float32, shared, not to be
    written to; a model never changes."""

    name: str
    config: ModelConfig
    alphabet: Alphabet
    weights: Weights
    history: History = History()


@dataclass(frozen=True)
class ModelSummary:
    """What a model file says of itself, read without its weights."""

    config: ModelConfig
    alphabet: Alphabet
    history: History
    dtype: str


def save(path: Path, model: Model, dtype: str = "float32") -> None:
    """Write a model as float32 or float16, atomically; weights too large for float16 stay float32.

    Raises StorageError.
    """
    from safetensors.numpy import save as to_bytes

    if dtype == "float16" and any(np.abs(v).max() > _LARGEST_F16 for v in model.weights.values()):
        dtype = "float32"
    tensors = {k: np.ascontiguousarray(v, dtype=dtype) for k, v in model.weights.items()}
    metadata = {
        "format": FORMAT,
        "config": json.dumps(asdict(model.config)),
        "alphabet": json.dumps(
            {"units": model.alphabet.units, "symbols": "".join(model.alphabet.symbols)}
        ),
        "history": json.dumps(asdict(model.history)),
    }
    write_bytes(path, to_bytes(tensors, metadata))


def load(path: Path) -> Model:
    """Read a model whole; the file is closed when this returns.

    Raises ModelFileError where the file is missing, no safetensors, no model of helo's, or its weights
    are not those its configuration asks for.
    """
    from safetensors.numpy import load as from_bytes

    with _refusing(path):
        data = path.read_bytes()
        _check_kind(path, data[:9])
        tensors = from_bytes(data)
        summary = _summary(path, _header(data))
    weights: Weights = {}
    for name in shapes(summary.config, len(summary.alphabet)):
        weights[name] = np.array(tensors[name], dtype=np.float32)
        if not np.isfinite(weights[name]).all():
            raise ModelFileError(f"{path}: {name} holds values that are no numbers")
    name = path.parent.name if path.stem in ("best", "latest") else path.stem
    return Model(name, summary.config, summary.alphabet, weights, summary.history)


def read_summary(path: Path) -> ModelSummary:
    """Read and check everything but the weights' values.

    Raises ModelFileError as `load` does.
    """
    from safetensors import safe_open

    with _refusing(path), open(path, "rb") as file:
        prefix = file.read(9)
        _check_kind(path, prefix)
        with safe_open(path, "numpy"):  # opening is what checks the header and the file's size
            pass
        return _summary(path, _header(prefix + file.read(struct.unpack("<Q", prefix[:8])[0] - 1)))


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Whatever a damaged or foreign file makes the readers raise, as one line."""
    from safetensors import SafetensorError

    try:
        yield
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(
            f"{path} is damaged, cut off or no .safetensors file; copy it again"
        ) from error


def _check_kind(path: Path, prefix: bytes) -> None:
    """Refuse a pickle and a zip by their first bytes, which are a header's length in a safetensors."""
    known = prefix.startswith((b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"))
    if known and prefix[8:] != b"{":
        raise ModelFileError(
            f"{path} is a pickle or a PyTorch checkpoint, which can run code: helo reads .safetensors only"
        )


def _header(data: bytes) -> dict[str, Any]:
    """The JSON header of bytes that safetensors has already checked."""
    header = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
    assert isinstance(header, dict)
    return header


def _history(data: dict[str, Any]) -> History:
    """Raises TypeError for values of the wrong type, which would fail where they are shown."""
    history = History(**data)
    for name, kinds in get_type_hints(History).items():
        value = getattr(history, name)
        if kinds == dict[str, str]:
            fits = isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
        else:
            fits = isinstance(value, kinds) or (isinstance(value, int) and kinds is not str)
        if not fits:
            raise TypeError(f"{name} cannot be {value!r}")
    return history


def _summary(path: Path, header: dict[str, Any]) -> ModelSummary:
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or "format" not in metadata:
        raise ModelFileError(f"{path} holds no helo model: its metadata has no format")
    if metadata["format"] != FORMAT:
        raise ModelFileError(
            f"{path} has format {metadata['format']!r}; this helo reads {FORMAT!r}"
        )
    try:
        config = ModelConfig(**json.loads(metadata["config"]))
        stored = json.loads(metadata["alphabet"])
        alphabet = Alphabet(tuple(stored["symbols"]), stored["units"])
        newline_id(config, alphabet)
        history = _history(json.loads(metadata["history"]))
    except (HeloError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{path}: its configuration cannot be read ({error})") from error
    expected = shapes(config, len(alphabet))
    if wrong := sorted(set(expected) ^ set(header)):
        raise ModelFileError(f"{path}: tensors missing or unknown: {', '.join(wrong[:4])}")
    for name, shape in expected.items():
        tensor = header[name]
        if tensor["dtype"] not in _DTYPES:
            raise ModelFileError(f"{path}: {name} is {tensor['dtype']}; float32 or float16 is read")
        if tuple(tensor["shape"]) != shape:
            raise ModelFileError(f"{path}: {name} has shape {tensor['shape']}, not {list(shape)}")
    return ModelSummary(config, alphabet, history, _DTYPES[header["head.W_hy"]["dtype"]])

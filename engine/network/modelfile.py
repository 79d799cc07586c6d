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
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engine import outside
from engine.config import ModelConfig
from engine.errors import DamagedError, ForeignError, HeloError, ModelFileError
from engine.network.lines import newline_id
from engine.network.parameters import Weights, shapes
from engine.storage import write_tensors
from engine.vocab import Alphabet

FORMAT = "helo/1"
T = TypeVar("T")
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
    project: str = ""
    """Whose model it was, if it was imported from another project."""
    notes: tuple[str, ...] = ()
    """What is only near in one that was imported."""


@dataclass(frozen=True)
class Model:
    """A network with all that is needed to write with it. `weights` are float32, shared, not to be
    written to; a model never changes."""

    name: str
    config: ModelConfig
    alphabet: Alphabet
    weights: Weights = field(repr=False)
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
    if dtype == "float16" and not fits_float16(model.weights):
        dtype = "float32"
    tensors = {k: v.astype(dtype, copy=False) for k, v in model.weights.items()}
    write_tensors(path, tensors, {"format": FORMAT} | metadata(model))


def metadata(model: Model) -> dict[str, str]:
    """`config`, `alphabet` and `history`, each as JSON."""
    known, history = model.alphabet, asdict(model.history)
    for key in ("project", "notes"):  # which earlier versions do not know
        if not history[key]:
            del history[key]
    return {
        "config": json.dumps(asdict(model.config)),
        "alphabet": json.dumps({"units": known.units, "symbols": "".join(known.symbols)}),
        "history": json.dumps(history),
    }


def fits_float16(weights: Weights) -> bool:
    """Whether none of the weights is too large for float16."""
    return all(np.abs(W).max() <= _LARGEST_F16 for W in weights.values())


def load(path: Path) -> Model:
    """Read a model whole; the file is closed when this returns.

    Raises ModelFileError where the file is missing, no safetensors, no model of helo's, or its weights
    are not those its configuration asks for.
    """
    from safetensors.numpy import load as from_bytes

    weights: Weights = {}
    with _refusing(path):
        outside.require_file(path)
        data = path.read_bytes()
        _check_kind(data[:9])
        tensors = from_bytes(data)
        summary = _summary(_header(data))
        for name in shapes(summary.config, len(summary.alphabet)):
            weights[name] = np.array(tensors[name], dtype=np.float32)
            if not np.isfinite(weights[name]).all():
                raise DamagedError(f"{name} holds values that are no numbers")
    name = path.parent.name if path.stem in ("best", "latest") else path.stem
    return Model(name, summary.config, summary.alphabet, weights, summary.history)


def claims(path: Path) -> bool:
    """Whether a file says that it is a model of helo's, of any version; it may yet be damaged.

    Raises OSError.
    """
    outside.require_file(path)
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > outside.LARGE:
            return False
        try:
            header = outside.parse_json(file.read(size))
            return str(header["__metadata__"]["format"]).startswith(FORMAT.partition("/")[0])
        except (DamagedError, LookupError, TypeError):
            return False


def fingerprint(model: Model) -> str:
    """The SHA-256, in hexadecimal, of all that a model computes with: two with the same write the same."""
    digest = sha256()
    alphabet = model.alphabet
    facts = asdict(model.config), alphabet.units, "".join(alphabet.symbols)
    digest.update(json.dumps(facts).encode())
    for name, W in sorted(model.weights.items()):
        digest.update(f"{name}{W.shape}".encode())
        digest.update(np.ascontiguousarray(W).data)
    return digest.hexdigest()


def read_summary(path: Path) -> ModelSummary:
    """Read and check everything but the weights' values.

    Raises ModelFileError as `load` does.
    """
    from safetensors import safe_open

    with _refusing(path):
        outside.require_file(path)
        with open(path, "rb") as file:
            prefix = file.read(9)
            _check_kind(prefix)
            with safe_open(path, "numpy"):  # opening is what checks the header and the file's size
                pass
            return _summary(_header(prefix + file.read(struct.unpack("<Q", prefix[:8])[0] - 1)))


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Whatever a damaged or foreign file makes the readers raise, as one line."""
    from safetensors import SafetensorError

    with outside.reading(path, ModelFileError):
        try:
            yield
        except (SafetensorError, ValueError) as error:
            raise DamagedError("cut off, or not a .safetensors file: copy it again") from error


def _check_kind(prefix: bytes) -> None:
    """Refuse a pickle and a zip by their first bytes, which are a header's length in a safetensors."""
    known = prefix.startswith((b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"))
    if known and prefix[8:] != b"{":
        raise ForeignError(
            "is a pickle or a PyTorch checkpoint, which can run code: helo reads .safetensors only"
        )


def _header(data: bytes) -> dict[str, Any]:
    """The JSON header of bytes that safetensors has already checked."""
    header = outside.parse_json(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
    assert isinstance(header, dict)
    return header


@dataclass(frozen=True)
class _Symbols:
    """The alphabet as a file has it."""

    units: str
    symbols: str


def _summary(header: dict[str, Any]) -> ModelSummary:
    """Raises DamagedError."""
    metadata = header.pop("__metadata__", {})
    outside.check_format(metadata, FORMAT, "helo model")

    def told(key: str, kind: type[T]) -> T:
        try:
            return outside.convert(kind, outside.parse_json(metadata.get(key, "")), exact=True)
        except DamagedError as error:
            raise DamagedError(f"its {key}: {error}") from error

    config, stored, history = (
        told("config", ModelConfig),
        told("alphabet", _Symbols),
        told("history", History),
    )
    try:
        alphabet = Alphabet(tuple(stored.symbols), stored.units)
        newline_id(config, alphabet)
    except HeloError as error:
        raise DamagedError(str(error)) from error
    expected = shapes(config, len(alphabet))
    if wrong := sorted(set(expected) ^ set(header)):
        raise DamagedError(
            f"tensors missing or unknown: {', '.join(name[:40] for name in wrong[:4])}"
        )
    for name, shape in expected.items():
        tensor = header[name]
        if tensor["dtype"] not in _DTYPES:
            raise DamagedError(f"{name} is {tensor['dtype']}; float32 or float16 is read")
        if tuple(tensor["shape"]) != shape:
            raise DamagedError(f"{name} has shape {tensor['shape']}, not {list(shape)}")
    return ModelSummary(config, alphabet, history, _DTYPES[header["head.W_hy"]["dtype"]])

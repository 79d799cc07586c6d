"""Damaged model files. One that still loads is shown, listed, scored and sampled from."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import ModelFileError
from engine.network import modelfile
from engine.network.modelfile import History, Model
from engine.network.parameters import initial
from engine.vocab import Alphabet
from tests.fuzz.mutation import TEXTS, mutate_bytes, mutate_json
from tests.fuzz.watch import Wrong, check_line, helo, loads, refusing

GOOD, MUTANT = "good", "mutant"
_TEXT = "the quick brown fox\njumps over the lazy dog\n"
_WEIGHTS = (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e30, 1e19, 6e4, 1e-45, 0.0, -0.0, 1e4)
_LAST = (0xD7FF, 0xFFFF, 0x10FFFF)


class Models:
    """Makes model files in a home, and asks helo about them."""

    def __init__(self, home: Path) -> None:
        self._folder, self._texts = home / "models", home / "texts"
        self._texts.mkdir(parents=True)
        self._files = [self._save(*each) for each in self._variants()]
        modelfile.save(self._folder / f"{GOOD}.safetensors", self._model("lstm", 8, 1))
        self._kinds: tuple[Callable[[Random, bytes], bytes], ...] = (
            _bytes,
            _header,
            _metadata,
            _metadata,
            _weights,
            _whole,
            _whole,
        )

    def _model(self, cell: str, hidden: int, layers: int, **more: Any) -> Model:
        units, text = more.pop("units", "char"), _TEXT
        config, alphabet = ModelConfig(cell, hidden, layers, **more), tuple(sorted(set(text)))
        history = History("fox", "0" * 64, 9, 90, 1.5, 3.0, {"torch": "2"}, "helo train fox")
        weights = initial(config, len(alphabet), 1)
        return Model(MUTANT, config, Alphabet(alphabet, units), weights, history)

    def _variants(self) -> list[tuple[Model, str]]:
        options = {"layer_norm": True, "residual": True}
        plain = [(self._model(cell, 5, 2), "float32") for cell in CELLS]
        return [
            *plain,
            (self._model("lstm", 5, 2, **options), "float16"),
            (self._model("gru", 5, 1, lines=True), "float32"),
            (self._model("rnn", 5, 1, units="byte"), "float16"),
        ]

    def _save(self, model: Model, dtype: str) -> bytes:
        path = self._folder / "base.safetensors"
        modelfile.save(path, model, dtype)
        data = path.read_bytes()
        path.unlink()
        return data

    def __call__(self, rng: Random) -> str:
        kind = rng.choice(self._kinds)
        path = self._folder / f"{MUTANT}.safetensors"
        path.write_bytes(kind(rng, rng.choice(self._files)))
        model: Model | None = None
        with refusing():
            try:
                model = modelfile.load(path)
            except ModelFileError as error:
                if str(path) not in str(error):
                    raise Wrong(f"no place in {error}") from error
                raise
        if model is None:
            if rng.random() < 0.1:
                self._list(rng)
            return f"{kind.__name__.strip('_')}: refused"
        self._use(rng, model)
        return f"{kind.__name__.strip('_')}: loaded"

    def _list(self, rng: Random) -> None:
        """Both are listed, whatever the one is like."""
        if rng.random() < 0.5:
            answer = helo(rng, "models", "list")
            for name in (GOOD, MUTANT, "shakespeare"):
                if name not in answer.out:
                    raise Wrong(f"{name} is not listed")
            for line in answer.out.splitlines():
                if line.startswith(f"{MUTANT}: "):
                    check_line(line)
        else:
            found = loads(helo(rng, "models", "list", "--json").out)
            if {GOOD, MUTANT} - {entry["name"] for entry in found}:
                raise Wrong("one is not listed")

    def _use(self, rng: Random, model: Model) -> None:
        """What loads can be shown, listed, scored and written with."""
        self._list(rng)
        shown = helo(rng, "models", "show", MUTANT, *rng.choice(((), ("--json",))))
        if shown.status:
            raise Wrong(f"it loads and is not shown: {shown.err[-300:]}")
        chosen = rng.choices(model.alphabet.symbols, k=40)
        text = "".join(chosen).encode(
            "latin-1" if model.alphabet.units == "byte" else "utf-8", "replace"
        )
        file = self._texts / "text"
        file.write_bytes(text if rng.random() < 0.7 else _TEXT.encode())
        way = rng.choice(((), ("--dynamic",), ("--windows", "7"), ("--json",)))
        helo(rng, "score", str(file), "-m", MUTANT, "--skip-unknown", *way)
        settings = rng.choice(
            (
                *((), ("--greedy",), ("--top-k", "3"), ("--top-p", "0.5"), ("--min-p", "0.2")),
                *(("--temperature", "0.01"), ("--temperature", "100"), ("--json",)),
            )
        )
        prompt = rng.choice(("", "the ", "\n", "é漢\x1b"))
        helo(rng, "sample", MUTANT, "-n", "30", "--seed", "3", "-p", prompt, *settings)


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the weights of a file."""
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def _joined(header: bytes, weights: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + weights


def _bytes(rng: Random, data: bytes) -> bytes:
    """Anywhere in the file, or in its header alone."""
    header, weights = _parts(data)
    match rng.randrange(3):
        case 0:
            return mutate_bytes(rng, data)
        case 1:
            return _joined(mutate_bytes(rng, json.dumps(header).encode()), weights)
        case _:
            return _joined(json.dumps(header).encode(), mutate_bytes(rng, weights))


def _header(rng: Random, data: bytes) -> bytes:
    """The JSON that says where each tensor lies, and of what shape it is."""
    header, weights = _parts(data)
    return _joined(mutate_json(rng, json.dumps(header)), weights)


def _metadata(rng: Random, data: bytes) -> bytes:
    """A document within the header: configuration, alphabet, history, format."""
    header, weights = _parts(data)
    told = header["__metadata__"]
    for name in rng.sample([*told], rng.choice((1, 1, 2))):
        if name == "format":
            told[name] = rng.choice(TEXTS)
        else:
            told[name] = mutate_json(rng, told[name]).decode("utf-8", "replace")
    return _joined(json.dumps(header).encode("utf-8", "replace"), weights)


def _weights(rng: Random, data: bytes) -> bytes:
    """Numbers that no training leaves, in a whole file."""
    header, weights = _parts(data)
    order = sorted((v["data_offsets"], v["dtype"]) for k, v in header.items() if k[0] != "_")
    changed = bytearray(weights)
    for (begin, end), dtype in rng.sample(order, rng.choice((1, 2, len(order)))):
        kind = {"F32": "<f4", "F16": "<f2"}[dtype]
        with np.errstate(over="ignore"):
            values = np.frombuffer(weights[begin:end], kind).copy()
            few = rng.random() < 0.5
            value = np.array(rng.choice(_WEIGHTS)).astype(kind)
            values[rng.randrange(len(values)) if few else slice(None)] = value
            if rng.random() < 0.2:
                values = (values.astype("f8") * rng.choice((1e3, 1e20, 1e37))).astype(kind)
        changed[begin:end] = values.tobytes()
    return _joined(json.dumps(header).encode(), bytes(changed))


def _whole(rng: Random, data: bytes) -> bytes:
    """A file that is as it should be, of an odd model: any characters, any history."""
    header, weights = _parts(data)
    told = header["__metadata__"]
    alphabet, history = json.loads(told["alphabet"]), json.loads(told["history"])
    if rng.random() < 0.6:
        most = 0xFF if alphabet["units"] == "byte" else rng.choice(_LAST)
        points = sorted(rng.sample(range(most + 1), len(alphabet["symbols"])))
        alphabet["symbols"] = "".join(map(chr, points))
    for name in rng.sample([*history], 2):
        old = history[name]
        if isinstance(old, str):
            history[name] = rng.choice(TEXTS)
        elif isinstance(old, dict):
            history[name] = {rng.choice(TEXTS): rng.choice(TEXTS)}
        else:
            history[name] = rng.choice((0, 2**63 - 1, 1, 10**9))
    told |= {"alphabet": json.dumps(alphabet), "history": json.dumps(history)}
    return _joined(json.dumps(header).encode(), weights)

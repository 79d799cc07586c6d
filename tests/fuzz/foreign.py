"""Damaged models of other projects: each is refused in a line, or becomes a model that works."""

from __future__ import annotations

import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np

from engine.errors import ModelFileError
from engine.foreign import importing
from engine.foreign.alphabet import told
from engine.network import modelfile
from engine.network.stepper import Stepper
from tests.engine.foreign import keras_files, t7_files, tf_files
from tests.engine.foreign.known import SYMBOLS, known, two_biases
from tests.fuzz import foreign_forms
from tests.fuzz.mutation import mutate_bytes, mutate_json
from tests.fuzz.watch import Wrong, refusing

Files = Mapping[str, bytes]
"""A form's files by name; one alone is the file that is imported, else the folder is."""
_IDS = {symbol: id for id, symbol in enumerate(SYMBOLS)}
_NUMBERS = (0, 1, 2, 3, 7, 127, 128, 255, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1)
_FORMS = "<i", "<I", "<q", ">i", ">q", "<H", "<B"


def _t7(folder: Path) -> None:
    normed = {"running_mean": np.zeros(4, "f4"), "running_var": np.ones(4, "f4")}
    model = known("torch-rnn", "lstm", "ifog", (4, 4), embedding=3)
    (folder / "x").write_bytes(t7_files.written(t7_files.torch_rnn(model, {0: normed})))


def _graph(folder: Path) -> None:
    model = two_biases(known("char-rnn", "lstm", "ifog", (4, 4), symbols=tuple("abcde")))
    (folder / "x").write_bytes(t7_files.written(t7_files.char_rnn(model)))


def _ml5(folder: Path) -> None:
    model = known("ml5", "lstm", "ijfo", (4, 4), embedding=3)
    tf_files.ml5(folder, tf_files.variables(model), _IDS)


def _checkpoint(folder: Path) -> None:
    model = known("char-rnn-tensorflow", "lstm", "ijfo", (4, 4), embedding=3)
    tf_files.checkpoint(folder, tf_files.variables(model), _IDS)


def _hdf5(folder: Path) -> None:
    keras_files.hdf5(folder / "x", keras_files.layers(known("Keras", "lstm", "ifco", (4, 4))))


def _archive(folder: Path) -> None:
    model = two_biases(known("Keras", "gru", "zrh", embedding=3))
    keras_files.archive(folder / "x", keras_files.layers(model))


class Foreign:
    """Makes files of other projects, and reads them."""

    forms: tuple[Callable[[Path], None], ...] = (
        *(_t7, _graph, _ml5, _checkpoint),
        *foreign_forms.FORMS,
    )

    def __init__(self, home: Path) -> None:
        self._folder = home / "theirs"
        self._made: list[tuple[str, Files]] = []
        for form in self.forms:
            self._empty()
            form(self._folder)
            files = {path.name: path.read_bytes() for path in self._folder.iterdir()}
            self._made.append((form.__name__.strip("_"), files))

    def _empty(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    def __call__(self, rng: Random) -> str:
        form, files = rng.choice(self._made)
        self._empty()
        spoilt = rng.choice([*files])
        for name, data in files.items():
            (self._folder / name).write_bytes(_spoilt(rng, data) if name == spoilt else data)
        path = self._folder / "x" if "x" in files else self._folder
        named = told("".join(SYMBOLS)) if rng.random() < 0.9 else None
        with refusing():
            try:
                model = importing.read(path, "x", named)
            except ModelFileError as error:
                if str(path) not in str(error):
                    raise Wrong(f"no place in {error}") from error
                raise
            modelfile.save(self._folder / "ours.safetensors", model)
            again = modelfile.load(self._folder / "ours.safetensors")
            stepper = Stepper(again)
            logits, _ = stepper.sequence(np.zeros(3, int), stepper.start_state())
            if logits.shape != (3, len(model.alphabet)):
                raise Wrong("its logits are none")
            return f"{form}: read"
        return f"{form}: refused"


class Keras(Foreign):
    """The same for the files that h5py reads, in a process each."""

    forms = _hdf5, _archive


def _spoilt(rng: Random, data: bytes) -> bytes:
    """A file with a fault in the manner of its form."""
    if data[:1] == b"{":
        return mutate_json(rng, data.decode())
    if data[:2] == b"PK" and rng.random() < 0.8:
        return _member(rng, data)
    match rng.randrange(5):
        case 0:
            return _nested(rng, data)
        case 1 | 2:
            return _number(rng, data)
        case _:
            return mutate_bytes(rng, data)


def _number(rng: Random, data: bytes) -> bytes:
    """Numbers that say a size, a place or an index say another."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        form = rng.choice(_FORMS)
        size = struct.calcsize(form)
        least, most = (
            (-(256**size) // 2, 256**size // 2 - 1) if form[1] in "iq" else (0, 256**size - 1)
        )
        number = rng.choice((*_NUMBERS, -1, rng.randrange(64)))
        place = rng.randrange(max(1, len(data) - size))
        changed[place : place + size] = struct.pack(form, min(max(number, least), most))
    return bytes(changed)


def _nested(rng: Random, data: bytes) -> bytes:
    """What the file holds, deep in other things: Lua's tables, or what a pickle can nest."""
    depth = rng.choice((10, 300, 5000, 30_000))
    if data[:4] == b"\3\0\0\0":
        tables = (struct.pack("<6i", 3, 9000 + i, 1, 5, 1, 0)[:20] for i in range(depth))
        return b"".join(tables) + data
    if data[:1] == b"\x80":
        return data[:2] + b"]" * depth + b"a" * (depth - 1) + b"0" + data[2:]
    return mutate_bytes(rng, data)


def _member(rng: Random, data: bytes) -> bytes:
    """An archive with a member that is spoilt."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        names = old.namelist()
        spoilt = rng.choice(names)
        for name in names:
            held = old.read(name)
            new.writestr(name, _spoilt(rng, held) if name == spoilt else held)
    return buffer.getvalue()

"""Keras's files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ForeignError, ModelFileError
from engine.foreign import hdf5, importing
from engine.foreign.alphabet import told
from engine.foreign.readers import keras, reader, tensorflow
from engine.foreign.source import Source
from engine.foreign.value import Array, Foreign
from tests.engine.foreign import keras_files, tf_files
from tests.engine.foreign.known import assert_same, known, real, two_biases

h5py: Any = pytest.importorskip("h5py")
ORDERS = {"lstm": "ifco", "gru": "zrh", "rnn": "h", "rnn-relu": "h"}
WINDOW = "near: it learnt windows of 7 characters, helo carries its state on"


def model(cell: str = "lstm", *widths: int, embedding: int = 0, **more: Any) -> Foreign:
    usual = "Keras's examples sort the characters of their text"
    more = {"symbols": None, "usual": usual, "notes": (WINDOW,)} | more
    found = known("Keras", cell, ORDERS[cell], widths or (4,), embedding=embedding, **more)
    return two_biases(found) if cell == "gru" else found


def read(path: Path) -> Foreign:
    source = Source(path)
    assert reader(source) is keras
    return keras.read(source)


@pytest.mark.parametrize("cell", ORDERS)
def test_an_hdf5_file_is_read(tmp_path: Path, cell: str) -> None:
    expected = model(cell, 4, 3, embedding=3)
    keras_files.hdf5(tmp_path / "x", keras_files.layers(expected))
    assert_same(read(tmp_path / "x"), expected)


@pytest.mark.parametrize("functional", [2, 3])
def test_a_functional_model_that_is_a_chain_is_read(tmp_path: Path, functional: int) -> None:
    expected = model("lstm", 4, 4)
    parts = keras_files.layers(expected, distributed=True)
    keras_files.hdf5(tmp_path / "x", parts, functional=functional)
    assert_same(read(tmp_path / "x"), expected)


@pytest.mark.parametrize("cell", ORDERS)
@pytest.mark.parametrize("root", ["layers", "_layer_checkpoint_dependencies"])
def test_an_archive_is_read(tmp_path: Path, cell: str, root: str) -> None:
    expected = model(cell, 4, 4, 4, embedding=3)
    distributed = cell == "rnn"
    keras_files.archive(tmp_path / "x", keras_files.layers(expected, distributed=distributed), root)
    assert_same(read(tmp_path / "x"), expected)


@pytest.mark.parametrize("alone", [False, True])
def test_the_gates_of_keras_1_stand_apart(tmp_path: Path, alone: bool) -> None:
    near = "near: hard_sigmoid is read as sigmoid"
    expected = model("lstm", 4, 4, notes=(near,) if alone else (near, WINDOW))
    parts = keras_files.layers(expected, "hard_sigmoid")
    keras_files.hdf5(tmp_path / "x", parts, "1.2.2", weights_alone=alone, of_1=True)
    assert_same(read(tmp_path / "x"), expected)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_weights_alone_tell_their_layers(tmp_path: Path, cell: str) -> None:
    expected = model(cell, 4, 4, embedding=3, notes=())
    keras_files.hdf5(tmp_path / "x", keras_files.layers(expected), weights_alone=True)
    assert_same(read(tmp_path / "x"), expected)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_weights_alone_of_version_3_are_ordered_by_their_numbers(tmp_path: Path, cell: str) -> None:
    expected = model(cell, *range(2, 14), embedding=3, notes=())
    keras_files.archive(tmp_path / "x", keras_files.layers(expected))
    with zipfile.ZipFile(tmp_path / "x") as made:
        (tmp_path / "y").write_bytes(made.read("model.weights.h5"))
    assert_same(read(tmp_path / "y"), expected)


@pytest.mark.parametrize("attribute", ["layer_with_weights-{}", "model/layer{}"])
def test_weights_that_are_a_checkpoint_of_tensorflows_are_read(
    tmp_path: Path, attribute: str
) -> None:
    expected, values = model("gru", 4, 4, embedding=3, notes=()), dict[str, Array]()
    parts = [part for part in keras_files.layers(expected) if part[2]]
    for i, (kind, _, arrays) in enumerate(parts):
        for leaf, array in arrays.items():
            name = f"{attribute.format(i)}{'/cell' * (kind == 'GRU')}/{leaf}"
            values[f"{name}/.ATTRIBUTES/VARIABLE_VALUE"] = array
            slot = f"{name}/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE"
            values[slot] = array
    values["optimizer/learning_rate/.ATTRIBUTES/VARIABLE_VALUE"] = np.float32(1)[...]
    tf_files.checkpoint(tmp_path, values)
    assert_same(tensorflow.read(Source(tmp_path)), expected)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_cudnn_has_its_matrices_the_other_way_round(tmp_path: Path, cell: str, alone: bool) -> None:
    expected = two_biases(model(cell, 4, notes=() if alone else (WINDOW,)))
    kind, settings, arrays = keras_files.layers(expected)[0]
    n = len(ORDERS[cell])
    packed = {
        "kernel": [k.reshape(k.shape, order="F").T for k in np.hsplit(arrays["kernel"], n)],
        "recurrent_kernel": [k.T for k in np.hsplit(arrays["recurrent_kernel"], n)],
    }
    own = {
        name: np.hstack([k.reshape(-1, 4) for k in blocks]) for name, blocks in packed.items()
    } | {"bias": arrays["bias"].ravel()}
    parts = keras_files.layers(expected)
    parts[0] = f"CuDNN{kind}", settings, own
    keras_files.hdf5(tmp_path / "x", parts, "2.1.5", weights_alone=alone)
    assert_same(read(tmp_path / "x"), expected)


def test_what_is_near_is_told_and_a_state_that_was_carried_is_not(tmp_path: Path) -> None:
    expected = model(notes=("near: hard_sigmoid is read as sigmoid",))
    parts = keras_files.layers(expected, "hard_sigmoid")
    parts[0][1]["stateful"] = True
    keras_files.hdf5(tmp_path / "x", parts)
    assert_same(read(tmp_path / "x"), expected)


def _kind(place: int, kind: str) -> Any:
    def change(parts: list[keras_files.Part]) -> None:
        parts[place] = kind, *parts[place][1:]

    return change


def _setting(place: int, **settings: Any) -> Any:
    return lambda parts: parts[place][1].update(settings)


@pytest.mark.parametrize(
    ("cell", "change", "says"),
    [
        ("lstm", _kind(0, "Bidirectional"), "in both directions"),
        ("lstm", _kind(1, "AttentionWeightedAverage"), "attends to all that it read"),
        ("lstm", _kind(1, "Conv1D"), "a layer that helo's networks do not: 'Conv1D'"),
        ("lstm", _kind(1, "Dense"), "more dense layers than one"),
        ("lstm", _setting(0, activation="relu"), "cells with 'relu', not tanh"),
        ("lstm", _setting(0, recurrent_activation="relu"), "gates that are 'relu'"),
        ("lstm", _setting(0, go_backwards=True), "backwards"),
        ("lstm", _setting(2, activation="sigmoid"), "ends in 'sigmoid'"),
        ("gru", lambda parts: parts[0][2].update(bias=parts[0][2]["bias"][0]), "resets the state"),
        ("lstm", lambda parts: parts[0][2].update(kernel=parts[0][2]["kernel"][:1]), "one number"),
        ("lstm", lambda parts: parts[0][2].update(kernel=parts[0][2]["kernel"][:3]), "reads 3"),
        ("lstm", lambda parts: parts[0][2].pop("kernel"), "'layer_0' has no kernel"),
        ("lstm", lambda parts: parts.pop(0), "a dense layer below"),
    ],
)
def test_what_helo_cannot_be_is_refused(tmp_path: Path, cell: str, change: Any, says: str) -> None:
    parts = keras_files.layers(model(cell))
    change(parts)
    keras_files.hdf5(tmp_path / "x", parts)
    with pytest.raises(ModelFileError, match=says):
        importing.read(tmp_path / "x", "x", told("abcde"))


def _linked(file: Any) -> None:
    file["model_weights"]["more"] = h5py.ExternalLink("/etc/passwd", "/")


def _soft(file: Any) -> None:
    file["model_weights"]["more"] = h5py.SoftLink("/model_weights")


def _packed(file: Any) -> None:
    file["model_weights"].create_dataset("more", data=np.zeros((9, 9), "f4"), compression="gzip")


def _huge(file: Any) -> None:
    file["model_weights"].create_dataset("more", (1 << 20, 1 << 20), "f4")


def _elsewhere(file: Any) -> None:
    file["model_weights"].create_dataset("more", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def _round(file: Any) -> None:
    file["model_weights"]["more"] = file["model_weights"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_linked, "leads to other places"),
        (_soft, "leads to other places"),
        (_packed, "compressed, in pieces"),
        (_huge, "larger than the file"),
        (_elsewhere, "in another file"),
        (_round, "nested too deeply"),
    ],
)
def test_what_leads_elsewhere_or_unpacks_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    keras_files.hdf5(tmp_path / "x", keras_files.layers(model()))
    with h5py.File(tmp_path / "x", "a") as file:
        change(file)
    with pytest.raises(ModelFileError, match=says):
        importing.read(tmp_path / "x", "x", told("abcde"))


@pytest.mark.skipif(sys.platform != "linux", reason="bounds on memory are Linux's")
@pytest.mark.parametrize(
    ("work", "ends"), [("while True: pass", -signal.SIGPROF), ("bytearray(1 << 29)", 1)]
)
def test_the_process_that_reads_ends_in_time_and_in_memory(work: str, ends: int) -> None:
    code = f"import h5py\nfrom engine.foreign import hdf5\nhdf5._limit(1000)\n{work}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode == ends
    assert ends < 0 or done.stderr.endswith(b"MemoryError\n")


def test_without_h5py_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras_files.hdf5(tmp_path / "x", keras_files.layers(model()))
    monkeypatch.setattr(hdf5, "find_spec", lambda name: None)
    with pytest.raises(ModelFileError, match=r"pip install 'helo\[keras\]'"):
        importing.read(tmp_path / "x", "x", told("abcde"))


def test_other_files_and_damage_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x", "w") as file:
        file["data"] = np.zeros(3)
    with pytest.raises(ForeignError, match="without a model of Keras"):
        read(tmp_path / "x")
    keras_files.hdf5(tmp_path / "x", keras_files.layers(model()))
    good = (tmp_path / "x").read_bytes()
    for bad in (good[:500], good[:8] + bytes(2000)):
        (tmp_path / "x").write_bytes(bad)
        with pytest.raises(ModelFileError, match="cannot read it"):
            importing.read(tmp_path / "x", "x", told("abcde"))
    config: Any = json.loads(json.dumps(keras_files.config(keras_files.layers(model()), 2)))
    config["config"]["layers"][0]["inbound_nodes"] = [[["layer_0", 0, 0, {}], ["layer_1", 0, 0]]]
    with h5py.File(tmp_path / "x", "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
    with pytest.raises(ForeignError, match="is no chain of layers: 'layer_2' reads 2 of them"):
        read(tmp_path / "x")


def test_the_real_ones_are_read_or_refused(tmp_path: Path) -> None:
    letters = "".join(chr(code) for code in range(32, 92))
    found = importing.read(real("keras-lstm/shakespeare.h5"), "x", told(letters))
    assert str(found.config) == "lstm 120×1" and len(found.alphabet) == 60
    assert "near: hard_sigmoid is read as sigmoid" in found.history.notes
    assert (
        "near: it learnt windows of 10 characters, helo carries its state on" in found.history.notes
    )
    with pytest.raises(ModelFileError, match="attends to all that it read in a window"):
        importing.read(real("textgenrnn/hacker_news.hdf5"), "x")

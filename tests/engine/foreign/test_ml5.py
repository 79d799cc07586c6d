"""ml5's folders, and which of TensorFlow's variables are what."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DamagedError, ForeignError, ModelFileError
from engine.foreign import importing
from engine.foreign.alphabet import told
from engine.foreign.readers import ml5, reader
from engine.foreign.source import Source
from engine.foreign.value import Foreign
from engine.network.stepper import Stepper
from engine.writing.score import stateful
from tests.engine.foreign import tf_files
from tests.engine.foreign.known import SYMBOLS, assert_same, known, real

IDS = {symbol: id for id, symbol in enumerate(SYMBOLS)}


def lstm(*widths: int, embedding: int = 0) -> Foreign:
    return known("ml5", "lstm", "ijfo", widths or (4,), forget_bias=1.0, embedding=embedding)


def read(folder: Path) -> Foreign:
    source = Source(folder)
    assert reader(source) is ml5
    return ml5.read(source)


@pytest.mark.parametrize("names", [tf_files.NEW, tf_files.OLD, tf_files.OLDEST])
@pytest.mark.parametrize("widths", [(4,), (4, 4), (3, 3, 3)])
@pytest.mark.parametrize("embedding", [0, 3, 5])
def test_a_folder_is_read_whatever_its_names(
    tmp_path: Path, names: tuple[str, str], widths: tuple[int, ...], embedding: int
) -> None:
    model = lstm(*widths, embedding=embedding)
    tf_files.ml5(tmp_path, tf_files.variables(model, names), IDS)
    assert_same(read(tmp_path), model)


def test_a_cell_alone_and_a_plain_one_are_read(tmp_path: Path) -> None:
    model = lstm(4)
    tf_files.ml5(tmp_path, tf_files.variables(model, tf_files.ALONE), IDS)
    assert_same(read(tmp_path), model)
    plain = known("ml5", "rnn", "h", (4, 4))
    tf_files.ml5(tmp_path, tf_files.variables(plain), IDS)
    assert_same(read(tmp_path), plain)


def test_layers_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    model = lstm(*range(2, 14))
    tf_files.ml5(tmp_path, tf_files.variables(model), IDS)
    assert_same(read(tmp_path), model)


@pytest.mark.parametrize(
    ("renamed", "says"),
    [
        ("rnnlm/multi_rnn_cell/cell_0/gru_cell/gates/kernel", "resets the state before"),
        ("rnnlm/multi_rnn_cell/cell_0/nas_cell/kernel", "'nas'"),
        ("bidirectional_rnn/fw/basic_lstm_cell/kernel", "in both directions"),
        ("dense/kernel", "without a recurrent cell"),
    ],
)
def test_what_helo_does_not_have_is_refused(tmp_path: Path, renamed: str, says: str) -> None:
    values = {"rnnlm/softmax_w": np.zeros((4, 5), "f4"), renamed: np.zeros((9, 16), "f4")}
    tf_files.ml5(tmp_path, values, IDS)
    with pytest.raises(ForeignError, match=says):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell/w_f_diag", "more than a plain one"),
        ("rnnlm/attention_w", "attends to what it read before"),
        ("rnnlm/dense_w", "more matrices than an embedding"),
        ("rnnlm/multi_rnn_cell/cell_0/basic_rnn_cell/kernel", "cells of several kinds: 'basic"),
    ],
)
def test_what_stands_beside_is_refused(tmp_path: Path, name: str, says: str) -> None:
    values = tf_files.variables(lstm(4)) | {name: np.zeros((9, 4), "f4")}
    tf_files.ml5(tmp_path, values, IDS)
    with pytest.raises(ForeignError, match=says):
        read(tmp_path)


def test_damage_is_told(tmp_path: Path) -> None:
    tf_files.ml5(tmp_path, tf_files.variables(lstm(4)), IDS)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    for changed, says in (
        ({"filename": "../../x", "shape": [4, 5]}, "'../../x' is missing"),
        ({"filename": "rnnlm_softmax_w", "shape": [4, 50]}, "has 80 bytes, not 800"),
        ({"filename": "rnnlm_softmax_w", "shape": [4, -5]}, "a size in the manifest"),
        ({"filename": "rnnlm_softmax_w"}, "does not say where"),
        ([], "does not say where"),
    ):
        text = json.dumps(manifest | {"rnnlm/softmax_w": changed})
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(DamagedError, match=says):
            read(tmp_path)
    tf_files.ml5(tmp_path, tf_files.variables(lstm(4)), IDS | {"x": 7})
    with pytest.raises(ModelFileError, match=r"the id of a character is 7, not between 0 and 4"):
        importing.read(tmp_path, "x")
    tf_files.ml5(tmp_path, tf_files.variables(lstm(4)), IDS | {"x": 4})
    with pytest.raises(DamagedError, match="two characters have the id 4"):
        read(tmp_path)


def test_the_real_one_says_what_its_project_measured() -> None:
    folder = real("ml5-shakespeare")
    text = (folder.parents[1] / "tinyshakespeare.txt").read_text("utf-8")
    found = importing.read(folder, "x")
    letters = "ids without a character are the only letters that the file lacks: 13 'u', 40 'U'"
    assert found.history.notes == (letters,)  # its vocabulary is damaged
    assert found.alphabet == importing.read(folder, "x", told(text)).alphabet
    ids = found.alphabet.encode(text[:2400])
    assert stateful(Stepper(found), ids).nats_per_char == pytest.approx(1.279, abs=0.02)

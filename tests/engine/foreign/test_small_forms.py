"""recurrentjs's JSON and min-char-rnn's npz, as they write them, and what brain.js writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ModelFileError
from engine.foreign import importing
from engine.foreign.alphabet import told
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from tests.engine.foreign.small_files import (
    ALPHABET,
    LETTERS,
    V,
    min_char_rnn,
    recurrentjs,
    saved,
    some,
)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def logits(model: Model, text: str, order: str) -> Any:
    stepper = Stepper(model)
    ids = model.alphabet.encode(text)
    found, _ = stepper.sequence(ids, stepper.zero_state())
    return found[:, [model.alphabet.ids[char] for char in order]]


def forward(kind: str, p: dict[str, Any], ids: list[int]) -> Any:
    """recurrent.js's forwardLSTM and forwardRNN, with columns."""
    H = [len(p[f"bi{l}" if kind == "lstm" else f"bhh{l}"]) for l in range(2)]
    h, c, out = [np.zeros((n, 1)) for n in H], [np.zeros((n, 1)) for n in H], []
    for id in ids:
        x = p["Wil"][id][:, None]
        for l in range(2):
            if kind == "lstm":
                a = {g: p[f"W{g}x{l}"] @ x + p[f"W{g}h{l}"] @ h[l] + p[f"b{g}{l}"] for g in "ifoc"}
                c[l] = sigmoid(a["f"]) * c[l] + sigmoid(a["i"]) * np.tanh(a["c"])
                h[l] = sigmoid(a["o"]) * np.tanh(c[l])
            else:
                h[l] = np.maximum(0, p[f"Wxh{l}"] @ x + p[f"Whh{l}"] @ h[l] + p[f"bhh{l}"])
            x = h[l]
        out.append((p["Whd"] @ x + p["bd"]).ravel())
    return np.array(out)


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_recurrentjs(tmp_path: Path, kind: str) -> None:
    arrays = recurrentjs(kind)
    (tmp_path / "x").write_text(json.dumps(saved(kind, arrays)))
    model = importing.read(tmp_path / "x", "m")
    assert (model.config.cell, model.config.lines) == (
        "lstm" if kind == "lstm" else "rnn-relu",
        True,
    )
    expected = forward(kind, arrays, [0, 4, 3, 1])
    np.testing.assert_allclose(logits(model, "\nabd", "\n" + LETTERS), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["model"].pop("Wfh1"), "Wfh1 is missing"),
        (lambda s: s["model"]["Wil"].update(n=10**12), "a size of Wil is 1000000000000"),
        (lambda s: s["model"]["Wil"]["w"].update({"0": None}), "some that are no numbers"),
        (lambda s: s["model"]["Wil"]["w"].update({"0": 10**400}), "too large"),
        (lambda s: s["letterToIndex"].update(a=99), "the id of a character is 99, not"),
        (lambda s: s.update(letterToIndex={k * 9: i for i, k in enumerate("abcd", 1)}), "words"),
        (lambda s: s["model"].update(Wih0=s["model"]["Wih1"]), "3×3, not 4×any|not"),
    ],
)
def test_a_damaged_recurrentjs_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    made = saved("lstm", recurrentjs("lstm"))
    change(made)
    (tmp_path / "x").write_text(json.dumps(made))
    with pytest.raises(ModelFileError, match=says):
        importing.read(tmp_path / "x", "m")


def test_brain_js_is_refused_with_its_reason(tmp_path: Path) -> None:
    made = {"type": "LSTM", "hiddenLayers": [{}], "outputConnector": {}, "output": {}}
    (tmp_path / "x").write_text(json.dumps(made))
    with pytest.raises(ModelFileError, match=r"is brain.js's: its forget gate multiplies h"):
        importing.read(tmp_path / "x", "m")


def run(p: dict[str, Any], ids: list[int]) -> Any:
    """min-char-rnn's own loop."""
    h, out = np.zeros_like(p["bh"]), []
    for id in ids:
        x = np.eye(V)[id][:, None]
        h = np.tanh(p["Wxh"] @ x + p["Whh"] @ h + p["bh"])
        out.append((p["Why"] @ h + p["by"]).ravel())
    return np.array(out)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "stored",
    [
        {"chars": np.array(list(ALPHABET))},
        {"char_to_ix": np.array({c: i for i, c in enumerate(ALPHABET)}, dtype=object)},
        {"ix_to_char": np.array(dict(enumerate(ALPHABET)), dtype=object)},
        {"chars": np.array(list(ALPHABET), dtype=object), "mWxh": some(6, V), "hprev": some(6, 1)},
    ],
)
def test_min_char_rnn(tmp_path: Path, save: Any, stored: dict[str, Any]) -> None:
    p = min_char_rnn()
    save(tmp_path / "x.npz", **p, **stored)
    model = importing.read(tmp_path / "x.npz", "m")
    np.testing.assert_allclose(
        logits(model, "ab\ncd", ALPHABET), run(p, [4, 3, 0, 2, 1]), atol=1e-5
    )


def test_children_that_multiply_rows_and_have_other_names(tmp_path: Path) -> None:
    p = min_char_rnn()
    turned = {"W_xh": p["Wxh"].T, "W_hh": p["Whh"].T, "W_hy": p["Why"].T}
    turned = {"W_xh": p["Wxh"].T, "W_hh": np.asfortranarray(p["Whh"].T), "Why": p["Why"].T}
    np.savez(tmp_path / "x.npz", **turned, b_h=p["bh"].ravel(), b_y=p["by"].ravel())
    model = importing.read(tmp_path / "x.npz", "m", told("\nabcd"))
    order = "\nabcd"
    np.testing.assert_allclose(logits(model, "ab", order), run(p, [1, 2]), atol=1e-5)
    np.savez(tmp_path / "y.npz", U=p["Wxh"], W=p["Whh"], V=p["Why"])
    model = importing.read(tmp_path / "y.npz", "m", told("\nabcd"))
    p |= {"bh": p["bh"] * 0, "by": p["by"] * 0}
    np.testing.assert_allclose(logits(model, "ab", order), run(p, [1, 2]), atol=1e-5)


@pytest.mark.parametrize("together", [True, False])
def test_an_lstm_by_gate(tmp_path: Path, together: bool) -> None:
    H = 6
    p = {f"Wh{g}": some(H, H) for g in "ifoc"} | {f"Wx{g}": some(H, V) for g in "ifoc"}
    b = {f"b_{g}": some(H, 1) for g in "ifoc"}
    head = {"Why": some(V, H), "by": some(V, 1)}
    gates = {f"W_{g}": np.hstack([p[f"Wh{g}"], p[f"Wx{g}"]]) for g in "ifoc"} if together else p
    np.savez(tmp_path / "x.npz", **gates, **b, **head, chars=np.array(list(ALPHABET)))
    model = importing.read(tmp_path / "x.npz", "m")
    h, c, out = np.zeros((H, 1)), np.zeros((H, 1)), []
    for id in (4, 3, 0):
        a = {g: p[f"Wx{g}"][:, [id]] + p[f"Wh{g}"] @ h + b[f"b_{g}"] for g in "ifoc"}
        c = sigmoid(a["f"]) * c + sigmoid(a["i"]) * np.tanh(a["c"])
        h = sigmoid(a["o"]) * np.tanh(c)
        out.append((head["Why"] @ h + head["by"]).ravel())
    np.testing.assert_allclose(logits(model, "ab\n", ALPHABET), out, atol=1e-5)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"Whh": None}, "not named as min-char-rnn's"),
        ({"Wxh": None}, "wxh is missing"),
        ({"Wxh2": some(6, 6)}, "more than one recurrent layer"),
        ({"Why": some(V, 4)}, "the head is 4×5, not 6×5"),
        ({"Why": some(V, 6, 2)}, "3 axes"),
        ({"Whh": np.full((6, 6), np.nan)}, "no numbers"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    arrays = {k: v for k, v in (min_char_rnn() | changed).items() if v is not None}
    np.savez(tmp_path / "x.npz", **arrays, chars=np.array(list(ALPHABET)))
    with pytest.raises(ModelFileError, match=says):
        importing.read(tmp_path / "x.npz", "m")

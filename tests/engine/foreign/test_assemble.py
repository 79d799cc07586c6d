"""What every project's model goes through: what comes out computes what its equations say."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DamagedError, ForeignError, UsageError
from engine.foreign import alphabet
from engine.foreign.alphabet import Told, told
from engine.foreign.assemble import assemble
from engine.foreign.value import Array, Foreign, Layer
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper

RNG = np.random.default_rng(5)
SYMBOLS = ("b", "\n", "a", "é", "c")


def some(*shape: int) -> Array:
    return RNG.normal(0, 0.5, shape)


def a_layer(order: str, inputs: int, H: int, **more: Any) -> Layer:
    n = len(order) * H
    return Layer(
        **{"W_xh": some(inputs, n), "W_hh": some(H, n), "order": order, "b_h": some(n)} | more
    )


def a_model(cell: str = "rnn", V: int = 5, **more: Any) -> Foreign:
    layers = (a_layer({"lstm": "ifgo", "gru": "rzn"}.get(cell, "h"), V, 4),)
    return Foreign(
        "theirs", cell, **{"layers": layers, "W_hy": some(4, V), "symbols": SYMBOLS} | more
    )


def logits(model: Model, text: str) -> Array:
    """The logits after each character (N, V), with the columns in the order of SYMBOLS."""
    stepper = Stepper(model)
    found, _ = stepper.sequence(model.alphabet.encode(text), stepper.start_state())
    return found[:, [model.alphabet.ids[s] for s in SYMBOLS]]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def expected(foreign: Foreign, text: str) -> Array:
    """The same by the equations as the textbooks have them, from the arrays as they lie in the file."""
    h = [np.zeros(len(layer.W_hh)) for layer in foreign.layers]
    c = [np.zeros(len(layer.W_hh)) for layer in foreign.layers]
    out = []
    for char in text:
        id = SYMBOLS.index(char)
        x = np.eye(5)[id] if foreign.embedding is None else foreign.embedding[id]
        for l, layer in enumerate(foreign.layers):
            H = len(layer.W_hh)
            b_hh = np.zeros(len(layer.order) * H) if layer.b_hh is None else layer.b_hh
            ours, theirs = x @ layer.W_xh + layer.b_h, h[l] @ layer.W_hh + b_hh
            a = dict(zip(layer.order, ours.reshape(-1, H), strict=True))
            r = dict(zip(layer.order, theirs.reshape(-1, H), strict=True))
            if foreign.cell == "lstm":
                s = {gate: a[gate] + r[gate] for gate in a}
                i, f, o = (sigmoid(s[k] + (layer.forget_bias if k == "f" else 0)) for k in "ifo")
                g = next(s[k] for k in "gjc" if k in s)
                c[l] = f * c[l] + i * np.tanh(g)
                h[l] = o * np.tanh(c[l])
            elif foreign.cell == "gru":
                z, n = sigmoid(a["z"] + r["z"]), "n" if "n" in a else "h"
                h[l] = (1 - z) * np.tanh(a[n] + sigmoid(a["r"] + r["r"]) * r[n]) + z * h[l]
            else:
                h[l] = np.tanh(a["h"] + r["h"])
            x = h[l]
        out.append(x @ foreign.W_hy + (0 if foreign.b_y is None else foreign.b_y))
    return np.array(out)


@pytest.mark.parametrize(
    ("cell", "order"),
    [
        *(("lstm", o) for o in ("ifgo", "ijfo", "ifog", "ifco", "oifg")),
        ("gru", "rzn"),
        ("gru", "zrh"),
    ],
)
@pytest.mark.parametrize("widths", [(3,), (4, 4), (2, 4, 3), (4, 2)])
def test_the_same_function_comes_out(cell: str, order: str, widths: tuple[int, ...]) -> None:
    n, inputs = len(order), (3, *widths)
    more = {"forget_bias": 1.0} if cell == "lstm" else {}
    layers = tuple(
        a_layer(order, inputs[l], H, b_hh=some(n * H), **more) for l, H in enumerate(widths)
    )
    foreign = Foreign(
        "theirs", cell, layers, some(widths[-1], 5), some(5), some(5, 3), symbols=SYMBOLS
    )
    model = assemble("m", foreign)
    assert model.alphabet.symbols == tuple(sorted(SYMBOLS))
    assert model.config.hidden == max(widths)
    np.testing.assert_allclose(logits(model, "cab\né"), expected(foreign, "cab\né"), atol=1e-5)


def test_what_comes_out_is_a_model_of_helos(tmp_path: Path) -> None:
    foreign = a_model(b_y=None, notes=("near",))
    model = assemble("m", foreign)
    modelfile.save(tmp_path / "m.safetensors", model)
    back = modelfile.load(tmp_path / "m.safetensors")
    assert back.history == model.history and back.history.notes == ("near",)
    np.testing.assert_allclose(logits(back, "ab"), expected(foreign, "ab"), atol=1e-5)


def test_an_alphabet_that_is_not_in_the_file_is_named(tmp_path: Path) -> None:
    foreign = a_model(symbols=None)
    with pytest.raises(UsageError, match=r"stores no alphabet: add .* its 5 characters, or"):
        assemble("m", foreign)
    with pytest.raises(UsageError, match="--alphabet has 3 characters, the model 5"):
        assemble("m", foreign, told("abba "))
    (tmp_path / "text").write_bytes(b"\xef\xbb\xbfdebac")
    for asked in ("dacbe", str(tmp_path / "text")):
        model = assemble("m", foreign, told(asked))
        assert model.alphabet.symbols == tuple("abcde")
        assert model.history.notes == ("the alphabet is not in the file: as named, sorted",)
        np.testing.assert_array_equal(model.weights["head.W_hy"], foreign.W_hy.astype("f4"))


def test_the_order_of_printable_is_pythons() -> None:
    foreign = a_model(V=100, symbols=None, layers=(a_layer("h", 100, 4),))
    model = assemble("m", foreign, told("printable"))
    for id in (0, 10, 62, 96):
        place = model.alphabet.ids[string.printable[id]]
        np.testing.assert_array_equal(
            model.weights["head.W_hy"][:, place], foreign.W_hy[:, id].astype("f4")
        )


def test_ids_without_a_character_are_left_out_or_filled() -> None:
    foreign = a_model(symbols=("b", "<pad>", "a", "", "c"), b_y=some(5))
    model = assemble("m", foreign)
    assert model.alphabet.symbols == ("a", "b", "c") and foreign.b_y is not None
    np.testing.assert_array_equal(model.weights["head.b_y"], foreign.b_y[[2, 0, 4]].astype("f4"))
    assert model.history.notes == ("ids without a character left out: 1 '<pad>', 3 ''",)
    model = assemble("m", foreign, told("abcuuuU"))  # the most frequent gets the first
    np.testing.assert_array_equal(
        model.weights["head.b_y"], foreign.b_y[[3, 2, 0, 4, 1]].astype("f4")
    )
    notes = assemble("m", a_model(), told("abcde")).history.notes
    assert notes == ("the alphabet is the file's own, not the one that was named",)
    with pytest.raises(UsageError, match="has 1 character that the file lacks, which has 2 ids"):
        assemble("m", foreign, told("abcu"))


@pytest.mark.parametrize(
    ("order", "holes"),
    [
        (string.ascii_lowercase + string.ascii_uppercase, "uU"),
        (string.ascii_uppercase + " " + string.ascii_lowercase, "Qz"),
        ("etaoinshrdlcumwfgypbvkjxqz. ETAOINSHRDLCUMWFGYPBVKJXQZ", "e"),
    ],
)
def test_the_only_letters_that_are_missing_are_told(order: str, holes: str) -> None:
    symbols = tuple("" if char in holes else char for char in order)
    model = assemble("m", a_model(V=len(order), symbols=symbols))
    assert model.alphabet.symbols == tuple(sorted(order))
    (note,) = model.history.notes
    assert "the only letters that the file lacks" in note and all(repr(c) in note for c in holes)


@pytest.mark.parametrize("holes", ["ab", "a.", "aBc"])
def test_where_it_is_not_clear_which_letter_is_missing_none_is_told(holes: str) -> None:
    order = string.ascii_letters + "."
    symbols = tuple("" if char in holes else char for char in order)
    model = assemble("m", a_model(V=len(order), symbols=symbols))
    assert len(model.alphabet) == len(order) - len(holes)


def test_words_are_refused() -> None:
    with pytest.raises(ForeignError, match="writes words"):
        assemble("m", a_model(symbols=("a", "the", "of", "and", "to")))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"symbols": ("a", "b")}, "2 symbols for 5 ids"),
        ({"symbols": ("a", "b", "a", "c", "d")}, "'a' is the character of two ids"),
        ({"symbols": ("a", "b", "ā", "c", "d"), "units": "byte"}, "above 255"),
        ({"W_hy": some(3, 5)}, "the head is 3×5, not 4×5"),
        ({"W_hy": np.zeros(5)}, "the head"),
        ({"b_y": some(4)}, "the bias of the head is 4, not 5"),
        ({"embedding": some(4, 5)}, "the embedding is 4×5, not 5×any"),
        ({"embedding": some(5, 6)}, "W_xh is 5×4, not 6×4"),
        ({"layers": ()}, "0 layers"),
        ({"layers": (a_layer("h", 5, 4, W_hh=some(4, 5)),)}, "W_hh is 4×5, not 4×4"),
        ({"layers": (a_layer("h", 5, 4, b_h=some(4, 1)),)}, "a bias is 4×1, not 4"),
        ({"b_y": np.array([0, np.nan, 0, 0, 0])}, "head.b_y holds values that are no numbers"),
        ({"b_y": np.array([0, 1e300, 0, 0, 0])}, "head.b_y holds values that are no numbers"),
        (
            {
                "embedding": np.full((5, 5), 3e38),
                "layers": (a_layer("h", 5, 4, W_xh=np.ones((5, 4))),),
            },
            "layers.0.W_xh holds values that are no numbers",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(DamagedError, match=says):
        assemble("m", replace(a_model(), **changed))


def test_an_alphabet_is_a_text_a_file_or_printable(tmp_path: Path) -> None:
    assert told("hello").symbols == ("e", "h", "l", "o")
    assert told("hello").characters[0] == "l"
    assert told("printable") == Told(tuple(string.printable), ordered=True)
    (tmp_path / "t").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not valid UTF-8"):
        told(str(tmp_path / "t"))
    with pytest.raises(UsageError, match="--alphabet is empty"):
        alphabet.told("")

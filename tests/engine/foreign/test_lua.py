"""The files of torch-rnn and char-rnn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ForeignError, ModelFileError
from engine.foreign import importing
from engine.foreign.readers import lua, reader
from engine.foreign.source import Source
from engine.foreign.value import Foreign
from engine.network.stepper import Stepper
from engine.writing.score import stateful
from tests.engine.foreign.known import assert_same, known, real, two_biases
from tests.engine.foreign.t7_files import Object, char_rnn, torch_rnn, written


def read(folder: Path, value: Any, **form: str) -> Foreign:
    """What is read of a file that holds a value."""
    (folder / "x").write_bytes(written(value, **form))
    source = Source(folder / "x")
    assert reader(source) is lua
    return lua.read(source)


@pytest.mark.parametrize(("cell", "order"), [("lstm", "ifog"), ("rnn", "h")])
@pytest.mark.parametrize("widths", [(4,), (4, 4), (3, 3, 3)])
def test_a_model_of_torch_rnn_is_read(
    tmp_path: Path, cell: str, order: str, widths: tuple[int, ...]
) -> None:
    model = known("torch-rnn", cell, order, widths, embedding=3)
    assert_same(read(tmp_path, torch_rnn(model)), model)
    assert_same(read(tmp_path, torch_rnn(model)["model"]), model)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("long", "qi")
@pytest.mark.parametrize("tensor", ["Float", "Double", "Cuda", "Cl"])
def test_any_byte_order_and_size_of_long_and_type_is_read(
    tmp_path: Path, order: str, long: str, tensor: str
) -> None:
    model = known("torch-rnn", "lstm", "ifog", embedding=3)
    assert_same(read(tmp_path, torch_rnn(model), order=order, long=long, tensor=tensor), model)


@pytest.mark.parametrize(("cell", "order"), [("lstm", "ifog"), ("rnn", "h")])
@pytest.mark.parametrize("widths", [(4,), (4, 4), (3, 3, 3)])
def test_a_model_of_char_rnn_is_read(
    tmp_path: Path, cell: str, order: str, widths: tuple[int, ...]
) -> None:
    model = two_biases(known("char-rnn", cell, order, widths, symbols=tuple("abc\n ")))
    assert_same(read(tmp_path, char_rnn(model)), model)


def test_symbols_that_are_no_utf_8_by_themselves_are_bytes(tmp_path: Path) -> None:
    model = two_biases(known("char-rnn", "rnn", "h", symbols=("a", "\xc3", "\xa9", "\n", "b")))
    assert_same(read(tmp_path, char_rnn(model)), replace(model, units="byte"))
    model = known("torch-rnn", "rnn", "h", embedding=2, symbols=("a", "[195]", "[169]", "[", "b"))
    expected = replace(model, units="byte", symbols=("a", "\xc3", "\xa9", "[", "b"))
    assert_same(read(tmp_path, torch_rnn(model)), expected)


@pytest.mark.parametrize("old", [False, True])
def test_batch_normalisation_is_multiplied_into_what_reads_it(tmp_path: Path, old: bool) -> None:
    model = known("torch-rnn", "rnn", "h", (4, 4), embedding=3)
    rng, norms = np.random.default_rng(1), {}
    for l in (0, 1):
        mean, gain, bias = rng.normal(0, 0.5, (3, 4)).astype("f4")
        variance = rng.uniform(0.5, 2, 4).astype("f4")
        spread = {"running_var": variance, "eps": 1e-3}
        if old:
            spread = {"running_std": 1 / np.sqrt(variance + np.float32(1e-3))}
        norms[l] = {"running_mean": mean, "weight": gain, "bias": bias} | spread
        norms[l]["own"] = (
            gain / np.sqrt(variance + 1e-3),
            bias - mean * gain / np.sqrt(variance + 1e-3),
        )
    scales = [norms[l].pop("own") for l in (0, 1)]
    (tmp_path / "x").write_bytes(written(torch_rnn(model, norms)))
    found = importing.read(tmp_path / "x", "x")
    text, h, assert_embedding = "abc\né", [np.zeros(4), np.zeros(4)], model.embedding
    assert model.symbols and assert_embedding is not None and model.b_y is not None
    stepper = Stepper(found)
    logits, _ = stepper.sequence(found.alphabet.encode(text), stepper.start_state())
    columns = [found.alphabet.ids[symbol] for symbol in model.symbols]
    for char, ours in zip(text, logits[:, columns], strict=True):
        x = assert_embedding[model.symbols.index(char)]
        for l, layer in enumerate(model.layers):
            h[l] = np.tanh(x @ layer.W_xh + h[l] @ layer.W_hh + layer.b_h)
            x = h[l] * scales[l][0] + scales[l][1]
        np.testing.assert_allclose(ours, x @ model.W_hy + model.b_y, atol=1e-5)


def test_what_helo_cannot_be_is_refused_with_its_reason(tmp_path: Path) -> None:
    model = two_biases(known("char-rnn", "rnn", "h", symbols=tuple("abcde")))
    with pytest.raises(ForeignError, match="is a gru that resets the state before the product"):
        read(tmp_path, char_rnn(model, gru=True))
    checkpoint = torch_rnn(known("torch-rnn", "rnn", "h", embedding=3))
    checkpoint["model"].fields["net"].fields["modules"][1].name = "nn.GridLSTM"
    with pytest.raises(ForeignError, match="'GridLSTM'"):
        read(tmp_path, checkpoint)
    with pytest.raises(ForeignError, match="without a model of torch-rnn or char-rnn"):
        read(tmp_path, {"weights": 1})


def test_hostile_files_are_refused_in_a_line(tmp_path: Path) -> None:
    ring: dict[Any, Any] = {}
    ring |= {"model": ring, "net": Object("nn.X", {"modules": ring})}
    deep: dict[Any, Any] = {}
    for _ in range(200):
        deep = {"net": deep}
    good = written(torch_rnn(known("torch-rnn", "lstm", "ifog", embedding=3)))
    table = b"\3\0\0\0\1\0\0\0\1\0\0\0" + b"\2\0\0\0\1\0\0\0a"
    chain = b"".join(
        b"\3\0\0\0" + i.to_bytes(4, "little") + b"\1\0\0\0" + b"\5\0\0\0\1\0\0\0"
        for i in range(1, 30_000)
    )
    for data in (
        *(written(ring), written(deep), table, chain, good[:-9], good[: len(good) // 2]),
        b"\3\0\0\0\1\0\0\0\xff\xff\xff\x7f",
        b"\3\0\0\0\1\0\0\0\xff\xff\xff\xff",
        good.replace(b"torch.FloatStorage", b"torch.FloatStorag\xff"),
        good.replace(b"torch.FloatTensor", b"torch.FloatTenso\xff"),
    ):
        (tmp_path / "x").write_bytes(data)
        with pytest.raises(ModelFileError) as refused:
            importing.read(tmp_path / "x", "x")
        assert "\n" not in str(refused.value) and len(str(refused.value)) < 400


def test_a_function_is_skipped(tmp_path: Path) -> None:
    model = known("torch-rnn", "rnn", "h", embedding=2)
    data = written(torch_rnn(model))
    # one more entry, at the front: a name, a function of the newest kind, and its upvalues
    function = b"\2\0\0\0\1\0\0\0f" + b"\x08\0\0\0\xff\0\0\0" + b"\4\0\0\0\x1bLua" + b"\0\0\0\0"
    entries = int.from_bytes(data[8:12], "little") + 1
    (tmp_path / "x").write_bytes(data[:8] + bytes([entries, 0, 0, 0]) + function + data[12:])
    assert_same(lua.read(Source(tmp_path / "x")), model)


def test_the_real_one_says_what_its_project_measured() -> None:
    found = importing.read(real("torch-rnn/checkpoint_17800.t7"), "x")
    text = (real("torch-rnn").parents[1] / "tinyshakespeare.txt").read_text("utf-8")
    begin = len(text) - 2 * (len(text) // 10)  # torch-rnn keeps the last tenth to test
    ids = found.alphabet.encode(text[begin : begin + 3900])
    assert stateful(Stepper(found), ids).nats_per_char == pytest.approx(1.460, abs=0.02)

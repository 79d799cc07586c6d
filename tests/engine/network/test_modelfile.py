"""The model file: what goes in comes out, and nothing else comes out of anything."""

from __future__ import annotations

import json
import math
import os
import pickle
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save as to_bytes

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import ModelFileError
from engine.network import modelfile
from engine.network.modelfile import History, Model
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from tests.conftest import random_model
from tests.engine import networks

HISTORY = History("sonnet", "ab" * 32, 10, 400, 1.5, 2.25, {"torch": "2"}, "helo train 日本 [/x]")


def a_model(cell: str = "lstm") -> Model:
    model = random_model(cell, 3, 2, "abé\n日")
    return Model("m", model.config, model.alphabet, model.weights, HISTORY)


def saved(path: Path, model: Model | None = None) -> Path:
    modelfile.save(path, model or a_model())
    return path


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, str]], object]) -> Path:
    """The file again with its tensors and its metadata changed, as a valid safetensors."""
    model = a_model()
    saved(path, model)
    tensors: dict[str, Any] = dict(model.weights)
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
    metadata = header["__metadata__"]
    change(tensors, metadata)
    path.write_bytes(to_bytes(tensors, metadata))
    return path


def refused(path: Path) -> str:
    """Both readers refuse the file in one line, the same one."""
    with pytest.raises(ModelFileError) as loading:
        modelfile.load(path)
    with pytest.raises(ModelFileError) as looking:
        modelfile.read_summary(path)
    assert str(path) in str(loading.value) and "\n" not in str(loading.value)
    assert str(loading.value) == str(looking.value)
    return str(loading.value)


@pytest.mark.parametrize(("layer_norm", "residual"), networks.NORMED_AND_RESIDUAL)
@pytest.mark.parametrize("cell", CELLS)
def test_float32_comes_back_to_the_bit(
    cell: str, layer_norm: bool, residual: bool, tmp_path: Path
) -> None:
    config = ModelConfig(cell, 3, 2, layer_norm, residual)
    model = replace(networks.random_model(config), history=HISTORY)
    back = modelfile.load(saved(tmp_path / "m.safetensors", model))
    assert (back.name, back.config, back.alphabet, back.history) == (
        "m",
        model.config,
        model.alphabet,
        HISTORY,
    )
    assert set(back.weights) == set(model.weights)
    assert all(np.array_equal(back.weights[k], W) for k, W in model.weights.items())


def test_a_file_from_before_layer_norm_and_residual_is_read(tmp_path: Path) -> None:
    path = rewrite(tmp_path / "m.safetensors", metadata("config", GOOD_CONFIG))
    model = modelfile.load(path)
    assert model.config == ModelConfig("lstm", 3, 2, layer_norm=False, residual=False)
    assert modelfile.read_summary(path).config == model.config
    assert all(np.array_equal(model.weights[k], W) for k, W in a_model().weights.items())


def test_float16_is_half_the_size_and_read_as_float32(tmp_path: Path) -> None:
    model = random_model(hidden=32)
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    modelfile.save(full, model)
    modelfile.save(half, model, "float16")
    assert half.stat().st_size < 0.55 * full.stat().st_size
    back = modelfile.load(half)
    assert all(w.dtype == np.float32 for w in back.weights.values())
    for name, W in model.weights.items():
        np.testing.assert_allclose(back.weights[name], W, rtol=1e-3, atol=1e-4)
    assert modelfile.read_summary(half).dtype == "float16"
    assert modelfile.read_summary(full).dtype == "float32"


def test_weights_that_float16_cannot_hold_are_kept_in_float32(tmp_path: Path) -> None:
    model = random_model()
    model.weights["head.b_y"][0] = 1e6
    path = tmp_path / "m.safetensors"
    modelfile.save(path, model, "float16")
    assert modelfile.load(path).weights["head.b_y"][0] == 1e6


def test_read_summary_agrees_with_load(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.safetensors")
    summary, model = modelfile.read_summary(path), modelfile.load(path)
    assert (summary.config, summary.alphabet, summary.history) == (
        model.config,
        model.alphabet,
        model.history,
    )


def test_an_exported_run_is_called_after_its_folder(tmp_path: Path) -> None:
    (tmp_path / "my-run").mkdir()
    for file in ("best", "latest"):
        assert modelfile.load(saved(tmp_path / "my-run" / f"{file}.safetensors")).name == "my-run"


def test_byte_alphabets_and_lone_surrogates(tmp_path: Path) -> None:
    for alphabet in (Alphabet(("\x00", "\xff"), "byte"), Alphabet(("a", "\ud800"))):
        model = random_model(text="ab")
        model = Model("m", model.config, alphabet, model.weights)
        assert modelfile.load(saved(tmp_path / "m.safetensors", model)).alphabet == alphabet


def test_no_length_of_the_header_looks_like_another_kind_of_file(tmp_path: Path) -> None:
    model, seen = a_model(), set()
    for n in range(0, 1200, 8):
        history = History(command="x" * n)
        path = saved(tmp_path / "m.safetensors", replace(model, history=history))
        assert modelfile.load(path).history == history == modelfile.read_summary(path).history
        seen.add(path.read_bytes()[:2])
    assert b"\x80\x05" in seen, "a header of 1408 bytes begins like a pickle"


def test_the_file_may_be_replaced_under_a_reader(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.safetensors")
    model = modelfile.load(path)
    before = {k: w.copy() for k, w in model.weights.items()}
    path.write_bytes(b"\0" * path.stat().st_size)
    assert all(np.array_equal(model.weights[k], w) for k, w in before.items())


def test_files_cut_off_anywhere(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.safetensors")
    data = path.read_bytes()
    header = 8 + struct.unpack("<Q", data[:8])[0]
    cuts = {0, 1, 2, 7, 8, 9, header // 2, header - 1, header, header + 1, len(data) - 1}
    for cut in sorted(cuts):
        path.write_bytes(data[:cut])
        refused(path)
    path.write_bytes(data + b"\0")
    refused(path)


def test_a_header_longer_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    for length in (2**63, 2**64 - 1, 2**40, 100_000_001, 9):
        path.write_bytes(struct.pack("<Q", length) + b'{"a": 1}')
        refused(path)


def test_other_kinds_of_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    for protocol in range(2, 6):
        path.write_bytes(pickle.dumps({"a": 1}, protocol))
        assert "pickle" in refused(path)
    torch.save({"a": torch.zeros(2)}, path)
    assert "PyTorch" in refused(path)
    for data in (b"hello", b"\x80", b"P", b"{}", b"\x93NUMPY\x01\x00", b"GGUF" * 20):
        path.write_bytes(data)
        refused(path)
    path.write_bytes(to_bytes({"weight": np.zeros((2, 2), np.float32)}))
    assert "no helo model" in refused(path)
    path.write_bytes(to_bytes({"weight": np.zeros(2, np.float32)}, {"format": "pt"}))
    assert "'pt'" in refused(path)


def test_places_that_are_no_file(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.safetensors")
    assert "directory" in refused(tmp_path)


def poison(value: float) -> Callable[[dict[str, Any], dict[str, str]], object]:
    def change(tensors: dict[str, Any], metadata: dict[str, str]) -> None:
        tensors["head.b_y"] = np.full_like(tensors["head.b_y"], value)

    return change


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers(value: float, tmp_path: Path) -> None:
    path = rewrite(tmp_path / "m.safetensors", poison(value))
    with pytest.raises(ModelFileError, match=r"head\.b_y holds values that are no numbers"):
        modelfile.load(path)


WRONG_TENSORS: dict[str, Callable[[dict[str, Any]], object]] = {
    "missing": lambda t: t.pop("head.b_y"),
    "one too many": lambda t: t.update(extra=np.zeros(1, np.float32)),
    "transposed": lambda t: t.update({"head.W_hy": t["head.W_hy"].T.copy()}),
    "longer": lambda t: t.update({"head.b_y": np.zeros(9, np.float32)}),
    "no axes": lambda t: t.update({"head.b_y": np.array(0, np.float32)}),
    "float64": lambda t: t.update({"head.b_y": np.zeros(5)}),
    "whole numbers": lambda t: t.update({"head.b_y": np.zeros(5, np.int32)}),
}


@pytest.mark.parametrize("change", WRONG_TENSORS.values(), ids=WRONG_TENSORS)
def test_tensors_that_are_not_those_of_the_configuration(
    change: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    says = refused(rewrite(tmp_path / "m.safetensors", lambda tensors, _: change(tensors)))
    assert any(word in says for word in ("tensors missing", "shape", "float32 or float16"))


def metadata(key: str, value: Any) -> Callable[[dict[str, Any], dict[str, str]], object]:
    text = value if isinstance(value, str) else json.dumps(value)
    return lambda _, data: data.update({key: text})


GOOD_CONFIG = {"cell": "lstm", "hidden": 3, "layers": 2}
WRONG_METADATA = [
    ("format", "helo/2"),
    *(("config", wrong) for wrong in ("", "{", "[]", "3", "null", '"x"', "[" * 100_000, "{}")),
    *(
        ("config", GOOD_CONFIG | wrong)
        for wrong in (
            {"cell": "transformer"},
            {"cell": ["lstm"]},
            {"hidden": 0},
            {"hidden": 3.0},
            {"hidden": "3"},
            {"hidden": None},
            {"hidden": 10**30},
            {"hidden": 4},
            {"layers": 2.0},
            {"layers": 10**9},
            {"layers": 1},
            {"extra": 1},
            {"layer_norm": True},
            {"layer_norm": 0},
            {"residual": "yes"},
        )
    ),
    *(
        ("alphabet", wrong)
        for wrong in (
            "",
            [],
            {},
            {"symbols": "\nabé日"},
            {"symbols": "", "units": "char"},
            {"symbols": "\nab", "units": "char"},
            {"symbols": "日éba\n", "units": "char"},
            {"symbols": [1, 2, 3, 4, 5], "units": "char"},
            {"symbols": 5, "units": "char"},
            {"symbols": [["a"], ["b"], ["c"], ["d"], ["e"]], "units": "char"},
            {"symbols": [{}, {}, {}, {}, {}], "units": "char"},
            {"symbols": {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, "units": "char"},
            {"symbols": "\nabé日", "units": "byte"},
            {"symbols": "\nabé日", "units": ["char"]},
        )
    ),
    *(
        ("history", wrong)
        for wrong in (
            "",
            [],
            {"unknown": 1},
            {"steps": "many"},
            {"best_val_nats": "low"},
            {"corpus": 5},
            {"versions": [1]},
            {"versions": {"torch": 2}},
            {"seconds": None},
            {"steps": 10**400},
            {"steps": -1},
            {"seconds": 10**400},
            {"seconds": math.nan},
            {"best_val_nats": math.inf},
            {"corpus": ["a"]},
        )
    ),
]


@pytest.mark.parametrize(
    ("key", "value"), WRONG_METADATA, ids=[f"{k}-{str(v)[:30]}" for k, v in WRONG_METADATA]
)
def test_metadata_that_cannot_be(key: str, value: Any, tmp_path: Path) -> None:
    refused(rewrite(tmp_path / "m.safetensors", metadata(key, value)))


def test_a_newer_format_is_told_from_damage(tmp_path: Path) -> None:
    path = rewrite(tmp_path / "m.safetensors", metadata("format", "helo/2"))
    assert "newer helo" in refused(path)
    other = rewrite(tmp_path / "n.safetensors", metadata("format", "helo-state/1"))
    assert "no helo model" in refused(other)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.safetensors")
    assert "not a regular file" in refused(tmp_path / "m.safetensors")


def test_a_missing_key(tmp_path: Path) -> None:
    for key in ("format", "config", "alphabet", "history"):
        path = tmp_path / f"{key}.safetensors"
        refused(rewrite(path, lambda _, data, key=key: data.pop(key)))  # type: ignore[misc]


@pytest.fixture(scope="module")
def bytes_of_a_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = saved(tmp_path_factory.mktemp("fuzz") / "m.safetensors")
    return path, path.read_bytes()


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4), st.booleans()
)
def test_any_damage_is_refused_or_leaves_a_model_that_works(
    bytes_of_a_model: tuple[Path, bytes], changes: list[tuple[float, int]], early: bool
) -> None:
    path, data = bytes_of_a_model
    damaged = bytearray(data)
    reach = 8 + struct.unpack("<Q", data[:8])[0] if early else len(data)
    for where, value in changes:
        damaged[int(where * (reach - 1))] = value
    path.write_bytes(damaged)
    try:
        summary = modelfile.read_summary(path)
    except ModelFileError:
        with pytest.raises(ModelFileError):
            modelfile.load(path)
        return
    try:
        model = modelfile.load(path)
    except ModelFileError as error:
        assert "no numbers" in str(error)
        return
    assert model.config == summary.config and model.alphabet == summary.alphabet
    stepper = Stepper(model)
    with np.errstate(all="ignore"):
        assert stepper.step(0, stepper.zero_state())[0].shape == (len(model.alphabet),)

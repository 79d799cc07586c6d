"""Weights under torch's names, loaded by the script beside them."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from engine.config import ModelConfig
from engine.errors import UsageError
from engine.exporting import forms
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from tests.engine.networks import random_model


def exported(model: Model, folder: Path) -> Path:
    """The script of an export."""
    for path, data in forms.export(model, "torch", folder / "m.safetensors").items():
        path.write_bytes(data)
    return folder / "m.py"


@pytest.mark.parametrize("cell", forms.FORMS["torch"].cells)
@pytest.mark.parametrize("layers", [1, 3])
def test_the_script_gives_the_same_logits(cell: str, layers: int, tmp_path: Path) -> None:
    model = random_model(ModelConfig(cell, 9, layers), reach=0.5)
    script = runpy.run_path(str(exported(model, tmp_path)))
    ids = np.random.default_rng(0).integers(0, 7, (40, 3))
    stepper = Stepper(model)
    wanted, _ = stepper.sequence(ids, stepper.zero_state(3))
    with torch.no_grad():
        first, state = script["logits"](torch.tensor(ids[:15]))
        rest, _ = script["logits"](torch.tensor(ids[15:]), state)
        alone, _ = script["logits"](torch.tensor(ids[:, 1]))
    assert np.abs(torch.cat([first, rest]).numpy() - wanted).max() <= 1e-5
    assert np.abs(alone.numpy() - wanted[:, 1]).max() <= 1e-5
    assert script["alphabet"] == "abcdefg"


def test_the_file_says_what_the_model_is(tmp_path: Path) -> None:
    model = random_model(ModelConfig("gru", 4, 2))
    exported(model, tmp_path)
    with safe_open(tmp_path / "m.safetensors", "numpy") as file:
        about = file.metadata()
        assert file.get_slice("rnn.weight_ih_l1").get_shape() == [12, 4]
        second = file.get_tensor("rnn.bias_hh_l1")
    assert json.loads(about["config"])["hidden"] == 4 and about["format"] == "pt"
    assert json.loads(about["history"])["corpus"] == "sonnet"
    assert np.array_equal(second, [*[0] * 8, *model.weights["layers.1.b_hn"]])


def test_strange_names_bytes_and_lines(tmp_path: Path) -> None:
    config, text = ModelConfig("lstm", 4, 1, lines=True), "\n'\"\\\x85\xff"
    model = random_model(config, text)
    strange = '"""\nraise SystemExit(1)\udcff'
    model = replace(model, name=strange, alphabet=Alphabet(tuple(sorted(text)), "byte"))
    script = runpy.run_path(str(exported(model, tmp_path)))
    assert script["alphabet"] == "".join(sorted(text))
    assert "from a state of None" in script["logits"].__doc__
    assert "from a state of zeros" in forms.note(config, "torch")


@pytest.mark.parametrize(
    "config, word",
    [
        (ModelConfig("mingru", 4, 1), "torch has no mingru cell; --to can be one of "),
        (ModelConfig("lstm", 4, 2, layer_norm=True), "torch has no layer norm between layers"),
        (ModelConfig("lstm", 4, 2, residual=True), "torch has no residual layers"),
    ],
)
def test_what_torch_does_not_have_is_refused(config: ModelConfig, word: str) -> None:
    with pytest.raises(UsageError) as error:
        forms.export(random_model(config), "torch")
    assert word in str(error.value) and "\n" not in str(error.value)

"""ONNX as onnxruntime reads it: equal to the stepper, over a whole text and step by step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import UsageError
from engine.exporting import forms, onnx_messages
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from tests.engine.networks import random_model

onnxruntime = pytest.importorskip("onnxruntime")
CONFIGS = [
    ModelConfig(cell, 7, layers, layer_norm, residual, lines)
    for cell in forms.FORMS["onnx"].cells
    for layers, layer_norm, residual, lines in (
        (1, False, False, False),
        (3, False, False, False),
        (3, True, True, False),
        (2, False, False, True),
        (2, True, True, True),
    )
]


def session(model: Model) -> Any:
    (data,) = forms.export(model, "onnx").values()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_it_is_equal_to_the_stepper(config: ModelConfig, capfd: pytest.CaptureFixture[str]) -> None:
    model = random_model(config, "\nabcdef", reach=0.5)
    network, stepper, B = session(model), Stepper(model), 3
    ids = np.random.default_rng(0).integers(0, 7, (30, B))
    wanted, after = stepper.sequence(ids, stepper.zero_state(B))
    names = CELLS[config.cell].states
    zeros = {s: np.zeros((config.layers, B, 7), np.float32) for s in names}
    found, *states = network.run(None, {"ids": ids} | zeros)
    assert found.shape == wanted.shape and np.abs(found - wanted).max() <= 1e-5
    for s, state in enumerate(states):
        assert np.abs(state - np.stack([layer[s] for layer in after])).max() <= 1e-5
    for b in (0, 2):
        state = {s: zeros[s][:, :1] for s in names}
        for t, id in enumerate(ids[:, b]):
            row, *new = network.run(None, {"ids": np.array([[id]])} | state)
            assert np.abs(row[0, 0] - wanted[t, b]).max() <= 1e-5
            state = dict(zip(names, new, strict=True))
    assert capfd.readouterr().err == "", "onnxruntime has nothing to remark"


def test_it_says_what_it_takes_and_what_it_is() -> None:
    network = session(random_model(ModelConfig("gru", 5, 2)))
    shapes = {each.name: each.shape for each in (*network.get_inputs(), *network.get_outputs())}
    assert shapes == {
        "ids": ["time", "batch"],
        "h": [2, "batch", 5],
        "logits": ["time", "batch", 7],
        "h_after": [2, "batch", 5],
    }
    about = network.get_modelmeta()
    assert about.producer_name == "helo"
    assert json.loads(about.custom_metadata_map["alphabet"])["symbols"] == "abcdefg"
    assert json.loads(about.custom_metadata_map["config"])["cell"] == "gru"


def test_what_it_cannot_say_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for cell in ("mlstm", "mingru"):
        with pytest.raises(
            UsageError, match=f"onnx has no {cell} cell; --to can be one of .*numpy"
        ):
            forms.export(random_model(ModelConfig(cell, 4, 1)), "onnx")
    monkeypatch.setattr(onnx_messages, "_LARGEST", 1000)
    with pytest.raises(UsageError, match="room for 2 GB"):
        forms.export(random_model(ModelConfig("lstm", 9, 1)), "onnx")

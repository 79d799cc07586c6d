"""The NumPy script, run as what it is: a file of its own, in a process without helo."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.exporting import forms
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing.generate import Generation
from engine.writing.settings import SamplingConfig
from tests.engine.networks import random_model

TEXT = "\n' abcdefgé\"\\#$"
CONFIGS = [
    *(ModelConfig(cell, 6, 2) for cell in CELLS),
    *(ModelConfig(cell, 5, 3, layer_norm=True, residual=True, lines=True) for cell in CELLS),
    ModelConfig("gru", 5, 2, layer_norm=True),
    ModelConfig("gru", 5, 2, residual=True),
]
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the script of a model in an empty folder, where nothing can be imported but NumPy."""

    def call(model: Model, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        ((path, data),) = forms.export(model, "numpy", tmp_path / "model.py").items()
        path.write_bytes(data)
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [sys.executable, "-P", "-W", "error", str(path), *arguments]
        return subprocess.run(command, capture_output=True, timeout=60, cwd=tmp_path, env=clean)

    return call


def written(model: Model, prompt: str, length: int, seed: int, temperature: float) -> str:
    """What helo writes."""
    config = SamplingConfig(temperature=temperature)
    text = Generation(Stepper(model), model.alphabet.encode(prompt), config, seed)
    while len(text) < len(prompt) + length:
        text.advance()
    return text.text


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_the_equations_are_those_of_helo(config: ModelConfig, tmp_path: Path) -> None:
    """Without a process: the whole script but its last block."""
    model = random_model(config, TEXT, reach=0.5)
    ((path, data),) = forms.export(model, "numpy", tmp_path / "model.py").items()
    path.write_bytes(data)
    assert data.count(b"\n") < 100
    space = runpy.run_path(str(path), run_name="model")
    stepper = Stepper(model)
    state, states = stepper.zero_state(), space["zeros"]
    for id in [3, 0, 7, 7, 0, 1]:
        wanted, state = stepper.step(id, state)
        found, states = space["step"](id, states)
        assert np.abs(found - wanted).max() < 1e-5
    for prompt, temperature in (("", 1.0), ("bad é", 0.7), ("\na", 0.0)):
        found = "".join(space["write"](prompt, 60, 2**63 + 5, temperature))
        assert found == written(model, prompt, 60, 2**63 + 5, temperature)


def test_a_process_writes_what_helo_sample_writes(run: Run, helo, home: Path) -> None:
    model = random_model(ModelConfig("lstm", 8, 2), TEXT)
    half = {name: W.astype(np.float16).astype(np.float32) for name, W in model.weights.items()}
    for weights in (model.weights, half):
        modelfile.save(home / "models" / "m.safetensors", replace(model, weights=weights))
        asked = ("--prompt", "bad é", "--length", "200", "--seed", "7", "--temperature", "0.9")
        done, wanted = run(replace(model, weights=weights), *asked), helo("sample", "m", *asked)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout == wanted.stdout and len(done.stdout.decode()) == 205


def test_bytes_go_out_as_they_are(run: Run) -> None:
    symbols = "".join(map(chr, range(200, 256))) + "\n a\u00c3\u00a9"
    model = random_model(ModelConfig("rnn", 5, 1), symbols)
    model = replace(model, alphabet=Alphabet(model.alphabet.symbols, "byte"))
    done = run(model, "--prompt", "é a", "--length", "50")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith("é a".encode()) and len(done.stdout) == 54
    text = Generation(Stepper(model), model.alphabet.encode("é a"))
    while len(text) < 54:
        text.advance()
    assert done.stdout == bytes(ord(model.alphabet.symbols[id]) for id in text.ids())


def test_strange_names_and_unknown_characters(run: Run) -> None:
    model = random_model(ModelConfig("mingru", 5, 1), TEXT)
    model = replace(model, name='x\n"""\nraise SystemExit(9)\udcff')
    done = run(model, "--length", "5")
    assert done.returncode == 0 and len(done.stdout.decode()) == 5
    done = run(model, "--prompt", "aQ")
    assert done.returncode == 2 and b"does not know ['Q']" in done.stderr


def test_weights_are_halved_only_if_that_is_exact() -> None:
    model = random_model(ModelConfig("gru", 6, 1))
    (whole,) = forms.export(model, "numpy").values()
    half = {name: W.astype(np.float16).astype(np.float32) for name, W in model.weights.items()}
    (short,) = forms.export(replace(model, weights=half), "numpy").values()
    assert b'"<f4"' in whole and b'"<f2"' in short
    assert len(short.splitlines()[-1]) == pytest.approx(len(whole.splitlines()[-1]) / 2, abs=4)
    huge = {name: W + np.float32(1e6) for name, W in half.items()}
    (large,) = forms.export(replace(model, weights=huge), "numpy").values()
    assert b'"<f4"' in large

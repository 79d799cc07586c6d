"""Fixtures for every test: a home of its own, small models and corpora."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from engine.config import ModelConfig
from engine.network import modelfile
from engine.network.modelfile import History, Model
from engine.network.parameters import initial
from engine.vocab import Alphabet
from tests.browser import browser
from tests.web import Server, serving

__all__ = ["browser"]  # a fixture

# Busy machines are slow, and a failure must come back.
settings.register_profile("helo", deadline=None, max_examples=40, derandomize=True, database=None)
settings.load_profile("helo")

SONNET = (
    "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n"
    "Rough winds do shake the darling buds of May,\nAnd summer's lease hath all too short a date;\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HELO_HOME."""
    place = tmp_path / "home"
    monkeypatch.setenv("HELO_HOME", str(place))
    for name in ("NO_COLOR", "TEXTUAL_THEME", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture(autouse=True)
def denormals_as_they_were() -> Iterator[None]:
    """A trainer that lived in this process flushes them to zero."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


def make_model(
    cell: str = "lstm", hidden: int = 16, layers: int = 2, text: str = SONNET, seed: int = 0
) -> Model:
    """An untrained model over the characters of `text`."""
    config, alphabet = ModelConfig(cell, hidden, layers), Alphabet(tuple(sorted(set(text))))
    return Model("tiny", config, alphabet, initial(config, len(alphabet), seed), History("sonnet"))


def stacked(cell: str) -> Model:
    """An untrained model with all that a stack can have beyond its sizes."""
    plain = make_model(cell)
    config = replace(plain.config, layer_norm=True, residual=True)
    return replace(plain, config=config, weights=initial(config, len(plain.alphabet), 0))


def random_model(
    cell: str = "lstm", hidden: int = 8, layers: int = 2, text: str = SONNET, seed: int = 0
) -> Model:
    """A model whose every parameter, biases too, is some random number of moderate size."""
    model, rng = make_model(cell, hidden, layers, text), np.random.default_rng(seed)
    weights = {
        name: rng.uniform(-0.8, 0.8, W.shape).astype(np.float32)
        for name, W in model.weights.items()
    }
    return Model("random", model.config, model.alphabet, weights, model.history)


@pytest.fixture
def tiny(home: Path) -> Model:
    """An untrained model that the library knows as `tiny`."""
    model = make_model()
    modelfile.save(home / "models" / "tiny.safetensors", model)
    return model


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A web server on this machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as running:
        yield running


@dataclass(frozen=True)
class Done:
    """What a command line left behind."""

    status: int
    out: str
    err: str


Cli = Callable[..., Done]
Helo = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command line of helo in this process: cli("models", "list", stdin="")."""
    from tui.cli.main import run

    def call(*arguments: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        capsys.readouterr()
        status = run(list(arguments))
        return Done(status, *capsys.readouterr())

    return call


@pytest.fixture
def helo(home: Path, tmp_path: Path) -> Helo:
    """Run helo as a process of its own, in an empty folder: helo("--version", input=b"")."""

    def call(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-P", "-m", "tui", *arguments]
        settings = {"capture_output": True, "timeout": 100, "cwd": tmp_path} | options
        return subprocess.run(command, **settings)  # type: ignore[call-overload, no-any-return]

    return call

"""Fixtures for every test: a home of its own, small models and corpora."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import modelfile
from engine.config import ModelConfig
from engine.modelfile import History, Model
from engine.parameters import initial
from engine.vocab import Alphabet

SONNET = (
    "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n"
    "Rough winds do shake the darling buds of May,\nAnd summer's lease hath all too short a date;\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HELO_HOME."""
    place = tmp_path / "home"
    monkeypatch.setenv("HELO_HOME", str(place))
    for name in ("NO_COLOR", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    return place


def make_model(
    cell: str = "lstm", hidden: int = 16, layers: int = 2, text: str = SONNET, seed: int = 0
) -> Model:
    """An untrained model over the characters of `text`."""
    config, alphabet = ModelConfig(cell, hidden, layers), Alphabet(tuple(sorted(set(text))))
    return Model("tiny", config, alphabet, initial(config, len(alphabet), seed), History("sonnet"))


@pytest.fixture
def tiny(home: Path) -> Model:
    """An untrained model that the library knows as `tiny`."""
    model = make_model()
    modelfile.save(home / "models" / "tiny.safetensors", model)
    return model

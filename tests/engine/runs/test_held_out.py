"""The text that a model was validated on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import ModelConfig
from engine.errors import NotFoundError
from engine.network.modelfile import History, Model
from engine.runs import rundir
from engine.runs.heldout import held_out
from engine.text import corpus
from tests.configs import a_config
from tests.conftest import SONNET, make_model

TEXT = SONNET * 10


def trained(found: corpus.Corpus) -> Model:
    return replace(make_model(), history=History(found.info.name, found.info.sha256))


def test_it_is_found_by_the_text_under_any_name(home: Path) -> None:
    corpus.add(["something else\n" * 9], "sonnet", "x")
    found = corpus.add([TEXT], "renamed", "x")
    model = replace(trained(found), history=History("sonnet", found.info.sha256))
    held = held_out(model, home / "models" / "m.safetensors", 10**6)
    assert (held.corpus, held.text) == ("renamed", TEXT[-(len(TEXT) // 10) :])
    assert held_out(model, home / "m", 7).text == held.text[:7]


@pytest.mark.parametrize(("share", "way"), [(0.25, "end"), (0.1, "spread")])
def test_for_a_run_it_is_what_the_run_held_out(home: Path, share: float, way: str) -> None:
    found = corpus.add([TEXT * 20], "sonnet", "x")
    config = a_config(model=ModelConfig("gru", 8, 1), steps=9, validation=share, split=way)
    run = rundir.create("r", found, config, versions={})
    held = held_out(trained(found), run.best, 10**6)
    _, ids = found.split(share, way)
    assert held.text == found.info.alphabet.decode(ids[:].tolist())


def test_of_bytes_it_is_bytes(home: Path) -> None:
    found = corpus.add([("é" * 200).encode()], "bytes", "x", units="byte")
    model = trained(found)
    model = replace(model, alphabet=replace(model.alphabet, units="byte"))
    assert held_out(model, home / "m", 10**6).text == "é".encode() * 20


def test_what_is_not_here_is_said(home: Path) -> None:
    nameless = replace(make_model(), history=History())
    with pytest.raises(NotFoundError, match="the corpus of tiny is not here"):
        held_out(nameless, home / "m", 9)
    with pytest.raises(NotFoundError, match="the corpus 'x y' of tiny is not here"):
        held_out(replace(nameless, history=History("x y", "0" * 64)), home / "m", 9)
    tiny_shakespeare = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
    with pytest.raises(NotFoundError, match="corpora get tiny-shakespeare"):
        held_out(replace(nameless, history=History("t", tiny_shakespeare)), home / "m", 9)
    short = corpus.add(["too short to hold out a part"], "short", "x")
    with pytest.raises(NotFoundError, match="no part of short was held out"):
        held_out(trained(short), home / "m", 9)

"""A model that goes on with another text: what it keeps, what is new, and what is said of it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import AlphabetError, ModelFileError
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.parameters import initial
from engine.network.stepper import Stepper
from engine.runs import beginning, launch
from engine.runs.events import Evaluated, Saved, Started
from engine.runs.rundir import RunDirectory
from engine.text import corpus
from engine.vocab import Alphabet
from engine.writing import score
from tests.configs import a_config
from tests.engine.lives import a_run, ask, at, live, only
from tests.engine.networks import random_model

every = pytest.mark.parametrize("cell", CELLS)
OLD = "abcdefg"
NEWER = Alphabet(tuple("Aabcdefgxyz"))


def taken(begun: Model, counts: np.ndarray, alphabet: Alphabet = NEWER) -> Model:
    fresh = initial(begun.config, len(alphabet), 0, counts)
    weights = beginning.take_over(begun, begun.config, alphabet, fresh, counts)
    return Model("taken", begun.config, alphabet, weights)


@every
def test_what_is_known_stays_with_its_character(cell: str) -> None:
    begun = random_model(ModelConfig(cell, 6, 2, True, True), OLD)
    found = taken(begun, np.arange(len(NEWER)))
    known = [NEWER.ids[c] for c in OLD]
    ids = np.random.default_rng(0).integers(0, len(OLD), 30)
    before, _ = Stepper(begun).sequence(ids, Stepper(begun).zero_state())
    after, _ = Stepper(found).sequence(np.array(known)[ids], Stepper(found).zero_state())
    np.testing.assert_allclose(after[:, known], before, 1e-6, 1e-6)
    new = [i for i in range(len(NEWER)) if i not in known]
    for name in ("layers.0.W_xh", "layers.0.W_mx"):
        if name in found.weights:
            assert found.weights[name][new].all()
    assert found.weights["head.W_hy"][:, new].all()
    assert all(W.dtype == np.float32 for W in found.weights.values())


def test_a_new_character_is_as_likely_as_what_is_as_frequent() -> None:
    counts = np.array([7, *range(10, 17), 20, 0, 3])
    begun = random_model(ModelConfig("rnn", 4, 1), OLD)
    begun.weights["head.b_y"][:] = np.log(counts[1:8] + 1) - 5
    found = taken(begun, counts).weights["head.b_y"]
    np.testing.assert_allclose(found, np.log(counts + 1) - 5, 1e-5)


def test_a_text_without_new_characters_changes_nothing() -> None:
    begun = random_model(ModelConfig("mlstm", 4, 2), OLD)
    found = taken(begun, np.zeros(len(OLD), int), begun.alphabet)
    assert all(np.array_equal(found.weights[k], W) for k, W in begun.weights.items())


def test_another_network_or_too_small_an_alphabet_is_refused() -> None:
    begun = random_model(ModelConfig("gru", 4, 2), OLD)
    counts, fresh = np.zeros(len(NEWER), int), initial(begun.config, len(NEWER), 0)
    for other in (replace(begun.config, cell="lstm"), replace(begun.config, residual=True)):
        with pytest.raises(ModelFileError, match="--init-from random"):
            beginning.take_over(begun, other, NEWER, fresh, counts)
    lined = replace(begun.config, lines=True)
    assert beginning.take_over(begun, lined, NEWER, fresh, counts)
    few = Alphabet(tuple("abc"))
    with pytest.raises(AlphabetError, match="'d', 'e', 'f', 'g'"):
        beginning.take_over(begun, begun.config, few, initial(begun.config, 3, 0), np.ones(3))


def test_what_it_says() -> None:
    begun = random_model(ModelConfig("rnn", 4, 1), OLD)
    info = corpus.add(["abcdeé\x1b"], "other", "here").info
    assert beginning.note(begun, "m", info) == (
        "2 characters are new to m: U+001B, 'é'; "
        "2 characters are known to m, not in this text, and kept: 'f', 'g'"
    )
    assert beginning.note(begun, "m", replace(info, symbols=OLD)) == ""
    lined = beginning.note(begun, "m", replace(info, symbols=OLD, lines=True))
    assert lined == "each line is an example of its own here, which was not so for m"
    begun = replace(begun, config=replace(begun.config, lines=True))
    assert "follows from the one before it here" in beginning.note(begun, "m", info)
    with pytest.raises(AlphabetError, match="--units"):
        beginning.note(begun, "m", replace(info, units="byte"))


FIRST = "the five boxing wizards jump quickly, " * 20
SECOND = "zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich. " * 20


def begun_with(cell: str = "lstm", text: str = SECOND, **settings: object) -> RunDirectory:
    """A run that begins with the model of one that has lived."""
    live(a_run("first", FIRST, cell, steps=20))
    return a_run("second", text, cell, init_from="first", **settings)


@every
def test_the_first_loss_is_that_of_the_model(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.evaluate.EVALUATION_COLUMNS", 1)
    run = begun_with(cell, "five wizards box ducks " * 20, steps=1)
    first = modelfile.load(run.folder.with_name("first") / "best.safetensors")
    _, val = run.corpus().split(0.1)
    text = run.corpus().info.alphabet.decode(val.tolist())
    expected = score.stateful(Stepper(first), first.alphabet.encode(text)).nats_per_char
    events = live(run)
    assert "known to first, not in this text, and kept" in only(Started, events)[0].note
    assert only(Evaluated, events)[0].val_nats == pytest.approx(expected, rel=1e-5)
    last = modelfile.load(run.latest)
    assert last.alphabet == first.alphabet and len(run.corpus().info.alphabet) < len(last.alphabet)


@every
def test_new_characters_are_learnt(cell: str) -> None:
    run, begun = begun_with(cell, steps=60), dict[str, torch.Tensor]()
    events = live(run, at(Saved, 0, lambda _: begun.update(load_file(run.state_path(0)))))
    assert "'ä', 'ö', 'ü'" in only(Started, events)[0].note
    looks = only(Evaluated, events)
    assert looks[-1].val_nats < looks[0].val_nats - 0.3
    model = modelfile.load(run.best)
    assert model.alphabet == Alphabet(tuple(sorted(set(FIRST + SECOND))))
    end = load_file(run.state_path(60))
    for char in "äöü":
        id = model.alphabet.ids[char]
        for name in ("layers.0.W_xh", "layers.0.W_mx"):
            if f"model.{name}" in begun:
                assert not torch.equal(begun[f"model.{name}"][id], end[f"model.{name}"][id])
        W_hy = "model.head.W_hy"
        assert not torch.equal(begun[W_hy][:, id], end[W_hy][:, id])
    _, val = run.corpus().split(0.1)
    text = run.corpus().info.alphabet.decode(val.tolist())
    scored = score.stateful(Stepper(model), model.alphabet.encode(text))
    assert scored.nats_per_char == pytest.approx(looks[-1].val_nats, rel=1e-4)


def test_resumed_equals_uninterrupted_though_the_model_is_gone() -> None:
    whole = begun_with(steps=40)
    parted = a_run("parted", SECOND, init_from="first", steps=40)
    live(whole)
    first = live(parted, at(Evaluated, 20, lambda _: ask(parted, "stop")))
    shutil.rmtree(parted.folder.with_name("first"))
    second = live(parted)
    assert "new to first" in only(Started, first)[0].note and not only(Started, second)[0].note
    one, two = load_file(whole.state_path(40)), load_file(parted.state_path(40))
    assert set(one) == set(two) and all(torch.equal(one[k], two[k]) for k in one)


def test_a_model_that_has_changed_meanwhile_is_refused() -> None:
    run = begun_with(steps=2)
    path = run.folder.with_name("first") / "best.safetensors"
    config = modelfile.load(path).config
    modelfile.save(path, random_model(config, FIRST + "π"))
    with pytest.raises(AlphabetError, match="'π'"):
        live(run)


def test_bytes_and_characters_do_not_mix(home: object) -> None:
    live(a_run("first", FIRST, steps=2))
    found = corpus.add([FIRST.encode()], "bytes", "here", units="byte")
    with pytest.raises(AlphabetError, match="--units"):
        launch.create("second", found, a_config(steps=1), init_from="first")

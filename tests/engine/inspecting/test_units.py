"""Units that tell a property: AUC against a pairwise count, what is found and what must not be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.config import ModelConfig
from engine.errors import UsageError
from engine.inspecting import units
from engine.inspecting.auc import LEVELS, auc_of_counts, aucs
from engine.inspecting.properties import PROPERTIES, Property, named
from engine.inspecting.trace import trace
from engine.inspecting.units import Finding, Reading, compare, read, search
from engine.network.modelfile import History, Model
from engine.network.parameters import initial
from engine.network.stepper import Stepper
from engine.training.model import CharRNN
from engine.vocab import Alphabet
from tests.engine.networks import random_model


def pairwise(values: np.ndarray, having: np.ndarray) -> float:
    a, b = values[having].astype(float)[:, None], values[~having].astype(float)[None]
    return float(((a > b) + (a == b) / 2).mean()) if a.size and b.size else 0.5


@given(arrays(np.uint8, (3, 30), elements=st.integers(0, LEVELS - 1)), arrays(np.bool_, (2, 30)))
def test_auc_is_the_share_of_pairs_in_order(levels: np.ndarray, labels: np.ndarray) -> None:
    found = aucs(levels, labels)
    for u, own in enumerate(levels):
        for q, label in enumerate(labels):
            assert found[u, q] == pytest.approx(pairwise(own, label), abs=1e-5)


@given(arrays(np.uint8, 40, elements=st.integers(0, 5)), arrays(np.bool_, 40))
def test_auc_of_a_guess_by_kind(kinds: np.ndarray, labels: np.ndarray) -> None:
    scores = np.array([0.3, 0.1, 0.3, 0.7, 0.0, 0.2])
    count = [np.bincount(kinds[part], minlength=6).astype(float) for part in (labels, ~labels)]
    assert auc_of_counts(scores, *count) == pytest.approx(pairwise(scores[kinds], labels))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_levels_of_a_reading_order_as_the_values_do(cell: str) -> None:
    stepper = Stepper(random_model(ModelConfig(cell, 5, 2)))
    ids = np.random.default_rng(0).integers(0, 7, (300, 2))
    found, labels = read(stepper, ids), np.random.default_rng(1).random((4, 2 * 236)) < 0.3
    for unit in range(len(found.levels)):
        array, place = units_name(found, unit)
        values = traced(stepper, ids, array)[64:, :, place].T.ravel()
        for own, auc in zip(labels, aucs(found.levels[unit : unit + 1], labels)[0], strict=True):
            assert auc == pytest.approx(pairwise(values, own), abs=0.01)


def units_name(found: Reading, unit: int) -> tuple[str, int]:
    array, _, rest = found.name(unit).partition("[")
    return array, int(rest.rstrip("]"))


def traced(stepper: Stepper, ids: np.ndarray, name: str) -> np.ndarray:
    return trace(stepper, ids, stepper.start_state(ids.shape[1])).arrays[name]


def test_what_the_properties_say() -> None:
    text = 'ABC:\n\n(he "hi" [x] <b>)\n  so what? // no\nend'
    marked = {
        name: "".join(c if on else "." for c, on in zip(text, prop.of(text), strict=True))
        for name, prop in PROPERTIES.items()
    }
    assert marked["quotes"].replace(".", "") == '"hi'
    assert marked["brackets"].replace(".", "") == '(he "hi" [x] <b>'
    assert marked["deep"].replace(".", "") == "[x"
    assert marked["mark-up"].replace(".", "") == "<b>"
    assert marked["comment"].replace(".", "") == "// no"
    assert marked["capitals"].replace(".", "") == "ABC"
    assert marked["speaker"].replace(".", "") == "ABC:"
    assert marked["last-line"].replace(".", "") == "ABC:"
    assert marked["indent"].replace(".", "") == "  "
    assert marked["word-start"].replace(".", "") == "Ahhxbswne"
    assert marked["word-end"].replace(".", "") == "Ceixbotod"


@given(st.text(st.characters(exclude_categories=[]), max_size=80))
def test_every_text_has_labels(text: str) -> None:
    for prop in PROPERTIES.values():
        found = prop.of(text)
        assert found.shape == (len(text),) and found.dtype == bool


@given(st.text("a\n", max_size=60))
def test_a_line_end_comes(text: str) -> None:
    expected = ["\n" in text[i + 1 : i + 6] for i in range(len(text))]
    assert PROPERTIES["line-end"].of(text).tolist() == expected


@given(st.text("ab\n", max_size=90))
def test_far_in_a_line(text: str) -> None:
    expected = [
        char != "\n" and i - (text.rfind("\n", 0, i) + 1) >= 20 for i, char in enumerate(text)
    ]
    assert PROPERTIES["far"].of(text).tolist() == expected


def on_and_off(rng: np.random.Generator, rows: int, n: int, run: int = 40) -> np.ndarray:
    """Signals (rows, n) that turn on and off at random, on average after `run` characters."""
    turns = np.cumsum(rng.random((rows, n)) < 1 / run, axis=1)
    return (turns + rng.integers(0, 2, (rows, 1))) % 2 == 1


def test_a_signal_that_has_nothing_to_do_with_the_text_is_hardly_ever_found() -> None:
    stepper = Stepper(random_model(ModelConfig("lstm", 24, 2)))
    ids = np.random.default_rng(0).integers(0, 7, (1064, 4))
    reading, flat = read(stepper, ids), ids[64:].T.ravel()
    prop, wrong = Property("signal", "is on", lambda text: np.zeros(0, bool)), 0
    for seed in range(100):
        signals = on_and_off(np.random.default_rng(seed), 21, len(flat))
        (it,) = compare(reading, flat, [prop], signals[:1], signals[None, 1:], np.full(1, 0.5))
        assert it.unit
        wrong += it.found
    assert wrong <= 5


def test_in_an_untrained_network_nothing_is_found() -> None:
    rng = np.random.default_rng(3)
    words = ["the", "(old", "man)", '"no', 'I"', "KING", "sea", "of", "glass"]
    text = "".join(
        str(rng.choice(words)) + (" " if rng.random() < 0.8 else "\n") for _ in range(5000)
    )
    alphabet, config = Alphabet(tuple(sorted(set(text)))), ModelConfig("lstm", 48, 2)
    weights = initial(config, len(alphabet), 17)
    stepper = Stepper(Model("new", config, alphabet, weights, History("none")))
    found = search(stepper, alphabet.encode(text), list(PROPERTIES.values()))
    assert [each.name for each in found if each.found] == []
    assert sum(bool(each.unit) for each in found) >= 6


def quoting(rng: np.random.Generator, n: int) -> str:
    """Random letters, with quotation marks now and then. Between them every fifth letter is an x, outside a
    y: one bit, to be kept for ten characters or more."""
    inside, chars = False, list[str]()
    for _ in range(n):
        if rng.random() < 0.06:
            inside = not inside
            chars.append('"')
        else:
            chars.append(("x" if inside else "y") if rng.random() < 0.2 else rng.choice(list("ab")))
    return "".join(chars)


def test_a_planted_unit_is_found() -> None:
    rng = np.random.default_rng(0)
    text = quoting(rng, 40_000)
    alphabet, config = Alphabet(tuple(sorted(set(text)))), ModelConfig("gru", 12, 1)
    torch.manual_seed(0)
    network = CharRNN(config, len(alphabet), 0.0)
    network.load(initial(config, len(alphabet), 0))
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    ids = alphabet.encode(text)
    for _ in range(250):
        starts = rng.integers(0, len(ids) // 2 - 50, 32)
        cut = torch.from_numpy(np.stack([ids[s : s + 49] for s in starts], 1).astype(np.int64))
        logits = network(cut[:-1], network.zero_state(32))[0]
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), cut[1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    weights = network.weights()
    stepper = Stepper(Model("quoting", config, alphabet, weights, History("none")))
    held = ids[len(ids) // 2 :]
    quotes, far = search(stepper, held, [named("quotes"), named("last-line")], text[:20_000])
    assert quotes.found and quotes.auc > 0.95 and quotes.alone < 0.8
    assert not far.unit and not far.found


def test_a_text_that_is_too_short_is_refused() -> None:
    stepper = Stepper(random_model(ModelConfig("lstm", 4, 1)))
    with pytest.raises(UsageError, match="the text has 3 characters"):
        search(stepper, np.zeros(3, int), list(PROPERTIES.values()))


def test_a_find_is_better_than_each_of_what_it_is_compared_with() -> None:
    good = Finding("p", "is p", 0.5, "layers.0.h[0]", auc=0.9)
    assert good.found
    for name in ("alone", "untrained", "chance"):
        assert not Finding(**(vars(good) | {name: 0.9 - units.MARGIN / 2})).found

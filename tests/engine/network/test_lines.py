"""Lines that are examples of their own: whatever reads a text reads each of its lines as if it were alone.

What a line alone gives is asked of a network that knows nothing of lines: of a newline and the line, from
zeros.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch.nn import functional as F

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import CorpusError, ModelFileError, UsageError
from engine.network import bptt, modelfile
from engine.network.gradient import gradient
from engine.network.lines import newline_id
from engine.network.modelfile import Model
from engine.network.numpy_functions import NUMPY
from engine.network.stepper import Stepper, log_softmax
from engine.runs import recipe
from engine.runs.events import Evaluated
from engine.text import corpus
from engine.training.device import Device
from engine.training.evaluate import evaluate
from engine.training.model import CharRNN
from engine.training.products import TorchFunctions
from engine.vocab import Alphabet
from engine.writing import dynamic, score
from engine.writing.generate import Generation
from tests.engine.lives import a_run, ask, at, live, only
from tests.engine.networks import CONFIGURATIONS, random_model

SYMBOLS = "\t\nabcdef"
NEWLINE, V = 1, len(SYMBOLS)
LINED = CONFIGURATIONS.map(lambda config: replace(config, lines=True))
LINES = st.lists(st.lists(st.sampled_from([0, *range(2, V)]), max_size=5), min_size=1, max_size=5)
every = pytest.mark.parametrize("cell", CELLS)
CPU = Device("cpu", "float32", 1)


def model_of(config: ModelConfig, seed: int = 0) -> Model:
    return random_model(config, SYMBOLS, seed)


def stack(cell: str, seed: int = 0) -> Model:
    return model_of(ModelConfig(cell, 5, 2, True, True, lines=True), seed)


def network(model: Model, dropout: float = 0.0) -> CharRNN:
    newline = newline_id(model.config, model.alphabet)
    found = CharRNN(model.config, len(model.alphabet), dropout, newline)
    found.load(model.weights)
    return found.double()


def plain(model: Model) -> Model:
    """The same network, which knows nothing of lines."""
    return replace(model, config=replace(model.config, lines=False))


def text_of(lines: list[list[int]]) -> np.ndarray:
    """The lines, each with a newline before it."""
    return np.array([id for line in lines for id in (NEWLINE, *line)])


def random_ids(n: int, seed: int = 0) -> np.ndarray:
    """Lines of some two characters, the first of them begun."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < 0.3, NEWLINE, rng.integers(0, V, n)).astype(np.uint8)


@given(LINED, LINES, st.integers(0, 99))
@settings(max_examples=80)
def test_a_text_gives_what_its_lines_give_alone(
    config: ModelConfig, lines: list[list[int]], seed: int
) -> None:
    model = model_of(config, seed)
    lined, alone = network(model), network(plain(model))
    ids = torch.from_numpy(text_of(lines))[:, None]
    dirty = tuple(tuple(torch.randn_like(s) for s in layer) for layer in lined.zero_state(1))
    whole, end = lined(ids, dirty)
    targets = torch.randint(0, V, (len(ids),))
    F.cross_entropy(whole[:, 0], targets, reduction="sum").backward()
    parts = []
    for line in lines:
        logits, last = alone(torch.tensor([NEWLINE, *line])[:, None], alone.zero_state(1))
        parts.append(logits)
    logits = torch.cat(parts)
    F.cross_entropy(logits[:, 0], targets, reduction="sum").backward()
    torch.testing.assert_close((whole, end), (logits, last), atol=1e-10, rtol=1e-10)
    for ours, theirs in zip(lined.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-9, rtol=1e-9)


@given(LINED, st.integers(1, 9), st.integers(1, 3), st.integers(0, 99))
def test_columns_have_lines_of_their_own(config: ModelConfig, T: int, B: int, seed: int) -> None:
    lined = network(model_of(config))
    ids = torch.from_numpy(random_ids(T * B, seed).reshape(T, B).astype(np.int64))
    states = lined.start_state(B)
    whole, end = lined(ids, states)
    for b in range(B):
        alone, last = lined(ids[:, b : b + 1], lined.start_state(1))
        torch.testing.assert_close(alone[:, 0], whole[:, b], atol=1e-10, rtol=1e-10)
        own = tuple(tuple(s[b : b + 1] for s in layer) for layer in end)
        torch.testing.assert_close(last, own, atol=1e-10, rtol=1e-10)


@every
def test_the_start_state_is_that_after_one_newline_and_draws_nothing(cell: str) -> None:
    model = stack(cell)
    lined, before = network(model, dropout=0.5).train(), torch.get_rng_state()
    found = lined.start_state(2)
    assert lined.training and torch.equal(before, torch.get_rng_state())
    unlined = network(plain(model))
    _, expected = unlined(torch.full((1, 2), NEWLINE), unlined.zero_state(2))
    torch.testing.assert_close(found, expected)
    stepper = Stepper(model)
    for batch in ((), (3,)):
        for layer, theirs in zip(stepper.start_state(*batch), expected, strict=True):
            for s, other in zip(layer, theirs, strict=True):
                assert s.shape == (*batch, 5)
                np.testing.assert_allclose(s - other[0].detach().numpy(), 0, atol=1e-6)
    assert not any(s.any() for layer in unlined.start_state(2) for s in layer)


@given(LINED, st.integers(2, 12), st.integers(0, 99), st.data())
@settings(max_examples=60)
def test_step_sequence_chunks_and_torch_agree(
    config: ModelConfig, T: int, seed: int, data: st.DataObject
) -> None:
    model, ids, cut = model_of(config, seed), random_ids(T, seed), data.draw(st.integers(1, T - 1))
    stepper = Stepper(model)
    whole, end = stepper.sequence(ids, stepper.start_state())
    state, rows = stepper.start_state(), []
    for id in ids.tolist():
        logits, state = stepper.step(id, state)
        rows.append(logits)
    np.testing.assert_allclose(whole, rows, 1e-5, 1e-5)
    one, between = stepper.sequence(ids[:cut, None], stepper.start_state(1))
    two, after = stepper.sequence(ids[cut:, None], between)
    np.testing.assert_allclose(np.concatenate([one, two])[:, 0], whole, 1e-5, 1e-5)
    theirs = network(model)
    logits, last = theirs(torch.from_numpy(ids.astype(np.int64))[:, None], theirs.start_state(1))
    np.testing.assert_allclose(whole, logits[:, 0].detach().numpy(), 1e-5, 1e-5)
    for found in (state, tuple(tuple(s[0] for s in layer) for layer in after)):
        for layer, ended, others in zip(found, end, last, strict=True):
            for s, e, o in zip(layer, ended, others, strict=True):
                np.testing.assert_allclose(s, e, 1e-5, 1e-5)
                np.testing.assert_allclose(s, o[0].detach().numpy(), 1e-5, 1e-5)


@every
def test_numpy_has_the_gradient_of_torch(cell: str) -> None:
    model, T, B = stack(cell), 9, 2
    theirs = network(model)
    weights = {k: v.detach().numpy() for k, v in theirs.state_dict().items()}
    ids, targets = random_ids(2 * T * B).reshape(2, T, B).astype(np.int64)
    states = theirs.start_state(B)
    begin = tuple(tuple(s.numpy() for s in layer) for layer in states)
    _, found, _ = gradient(model.config, weights, ids, targets, begin, NEWLINE)
    logits, _ = theirs(torch.from_numpy(ids), states)
    F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(targets).flatten()).backward()
    for name, p in theirs.named_parameters():
        assert p.grad is not None
        np.testing.assert_allclose(found[name], p.grad.numpy(), 1e-9, 1e-12, err_msg=name)


def test_mingru_all_at_once_leaves_what_starts_anew_to_its_steps() -> None:
    cell, rng = CELLS["mingru"], np.random.default_rng(0)
    p = {k: torch.from_numpy(rng.standard_normal(s)) for k, s in cell.shapes(V, 3).items()}
    ids = torch.from_numpy(random_ids(20).reshape(10, 2).astype(np.int64))
    carry = (ids != NEWLINE)[..., None].double()
    state, d = (torch.ones(2, 3).double(),), torch.ones(10, 2, 3).double()
    found = []
    for xp in (TorchFunctions(), TorchFunctions(parallel=True)):
        outputs, after, tape = bptt.forward(xp, cell, p, ids, state, carry)
        copies = outputs.clone(), after[0].clone()
        found.append((*copies, bptt.backward(xp, cell, p, ids, tape, d, after)))
    torch.testing.assert_close(found[1], found[0])


def lone_losses(model: Model, line: list[int]) -> list[float]:
    """The losses of a newline, a line and a newline, the first of them given."""
    stepper = Stepper(plain(model))
    state, found = stepper.zero_state(), []
    for id, target in pairwise((NEWLINE, *line, NEWLINE)):
        logits, state = stepper.step(id, state)
        found.append(-float(log_softmax(logits)[target]))
    return found


@given(LINED, LINES)
@settings(max_examples=20)
def test_the_score_of_a_text_is_that_of_its_lines(
    config: ModelConfig, lines: list[list[int]]
) -> None:
    model = model_of(config)
    ids = np.array([*text_of(lines), NEWLINE])
    losses = [loss for line in lines for loss in lone_losses(model, line)]
    for expected, part in ((losses, ids), (losses[1:], ids[1:])):
        if len(part) < 2:
            continue
        mean = pytest.approx(np.mean(expected), rel=1e-5)
        assert score.stateful(Stepper(model), part).nats_per_char == mean
        still = np.concatenate(list(dynamic.losses(model, part, rate=0.0)))
        assert still.mean() == mean
        assert evaluate(network(model).float(), part, CPU, batch=1).nats == mean


def test_windows_begin_as_lines_do() -> None:
    model, ids = stack("lstm"), random_ids(6)
    found = score.windows(Stepper(model), ids, 5, count=2).nats_per_char
    assert found == pytest.approx(score.stateful(Stepper(model), ids).nats_per_char)


@every
def test_a_text_adapts_and_never_looks_over_a_newline(cell: str) -> None:
    """Without a rate, what another line says changes nothing; with one, it is learnt from."""
    model, ids = stack(cell), random_ids(200)
    other = ids.copy()
    first = int(np.flatnonzero(ids == NEWLINE)[0])
    other[:first] = 2
    for rate, same in ((0.0, True), (0.1, False)):
        one, two = (
            np.concatenate(list(dynamic.losses(model, text, rate=rate))) for text in (ids, other)
        )
        assert np.array_equal(one[first + 40 :], two[first + 40 :]) == same


@every
def test_a_seed_begins_a_line(cell: str) -> None:
    model = stack(cell)
    short, long = (
        Generation(Stepper(model), np.array(prompt), seed=7) for prompt in ([2, 5], [NEWLINE, 2, 5])
    )
    for _ in range(2):
        short.advance()
    for _ in range(3):
        long.advance()
    one, two = (Generation.prediction(text) for text in (short, long))
    assert one == two
    assert short.bits(1).tolist() == long.bits(2).tolist()


@every
def test_going_back_and_forking_find_the_state_again(cell: str) -> None:
    text = Generation(Stepper(stack(cell)), np.array([2, 3]), seed=3)
    for _ in range(120):
        text.advance()
    assert NEWLINE in text.ids(), "or nothing is tested"
    ids, bits = text.ids().tolist(), text.bits().tolist()
    fork = text.fork(65)
    text.rewind(1)
    for some in (text, fork):
        while len(some) < 120:
            some.advance()
        assert (some.ids().tolist(), some.bits().tolist()) == (ids, bits)


TURNS = "a\nb\n" * 400
"""Each line is told by the one before it; alone, half of them are a."""
LEARNT: dict[str, Any] = {"steps": 150, "dropout": 0.0, "lr": 0.03}


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
def test_it_learns_all_that_lines_tell_and_nothing_that_the_last_one_does(cell: str) -> None:
    """79 of the 159 predictions are the toss of a coin."""
    lined, unlined = (
        only(Evaluated, live(a_run(f"lines-{lines}", TURNS, cell, lines=lines, **LEARNT)))[-1]
        for lines in (True, False)
    )
    assert lined.val_nats == pytest.approx(math.log(2) * 79 / 159, abs=0.003)
    assert unlined.val_nats < 0.1


def test_a_run_stopped_and_resumed_equals_one_that_was_not() -> None:
    whole, parted = (
        a_run(name, TURNS, lines=True, steps=80, dropout=0.2) for name in ("whole", "parted")
    )
    live(whole)
    live(parted, at(Evaluated, 20, lambda _: ask(parted, "stop")))
    live(parted)
    one, two = load_file(whole.state_path(80)), load_file(parted.state_path(80))
    assert set(one) == set(two) and all(torch.equal(one[k], two[k]) for k in one)


def test_the_last_evaluation_is_the_score() -> None:
    run = a_run(
        "names", "".join(f"{name}\n" for name in ("emma", "olivia", "ava") * 60), lines=True
    )
    final = only(Evaluated, live(run))[-1]
    best = modelfile.load(run.best)
    assert best.config.lines and final.protocol == "stateful"
    _, val = run.corpus().split(0.1)
    scored = score.stateful(Stepper(best), np.asarray(val))
    assert final.val_nats == pytest.approx(scored.nats_per_char, rel=1e-5)
    unlined = score.stateful(Stepper(plain(best)), np.asarray(val))
    assert scored.nats_per_char != unlined.nats_per_char


def test_the_corpus_says_so() -> None:
    for lines in (True, False):
        found = corpus.add(["ab\ncd\n"], f"corpus-{lines}", "here", lines=lines)
        config = recipe.for_corpus({"steps": 1, "lines": not lines}, found, None)
        assert config.model.lines is lines
    assert str(config.model) + ", lines" == str(replace(config.model, lines=True))


def test_without_a_newline_there_are_no_lines(tmp_path: Any) -> None:
    found = corpus.add(["abcd"], "one", "here", lines=True)
    with pytest.raises(CorpusError, match="corpus one has no newline"):
        recipe.for_corpus({"steps": 1}, found, None)
    with pytest.raises(UsageError, match="newline"):
        newline_id(ModelConfig("lstm", 8, 1, lines=True), Alphabet(("a", "b")))
    model = random_model(ModelConfig("rnn", 3, 1, lines=True), "ab")
    modelfile.save(tmp_path / "m.safetensors", model)
    with pytest.raises(ModelFileError, match="newline"):
        modelfile.load(tmp_path / "m.safetensors")


def test_a_model_file_says_so(tmp_path: Any) -> None:
    modelfile.save(tmp_path / "m.safetensors", stack("gru"))
    assert modelfile.load(tmp_path / "m.safetensors").config == stack("gru").config


def test_the_loops_take_carried_states_as_they_are_where_no_line_ends() -> None:
    cell, rng = CELLS["lstm"], np.random.default_rng(0)
    p = {k: rng.standard_normal(s) for k, s in cell.shapes(4, 3).items()}
    x, state = rng.standard_normal((5, 2, 4)), (rng.standard_normal((2, 3)),) * 2
    one, end, _ = bptt.forward(NUMPY, cell, p, x, state)
    two, last, _ = bptt.forward(NUMPY, cell, p, x, state, np.ones((5, 2, 1), bool))
    assert np.array_equal(one, two) and np.array_equal(end, last)

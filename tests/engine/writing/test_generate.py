"""Writing: a text that can be rewound, forced and forked, and that repeats."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.errors import UsageError
from engine.network.stepper import Stepper
from engine.writing import score
from engine.writing.generate import SNAPSHOT_EVERY, Generation, Step
from engine.writing.settings import SamplingConfig
from tests.conftest import SONNET, random_model

MODEL = random_model("lstm", 6, 2)
STEPPER = Stepper(MODEL)
ROMEO = MODEL.alphabet.fit("Shall I").ids


def writing(prompt: str = "Shall I", seed: int = 1, **sampling: Any) -> Generation:
    ids = MODEL.alphabet.encode(prompt)
    return Generation(STEPPER, ids, SamplingConfig(**sampling), seed)


def write(generation: Generation, n: int) -> list[Step]:
    return list(islice(generation, n))


def all_steps(generation: Generation) -> list[Step]:
    return [generation.step(i) for i in range(len(generation))]


def test_the_prompt_comes_first_and_everything_has_a_step() -> None:
    steps = write(text := writing(), 50)
    assert text.text.startswith("Shall I") and len(text.text) == len(text) == 50
    assert [s.index for s in steps] == list(range(50))
    assert [s.given for s in steps] == [True] * 7 + [False] * 43
    assert "".join(s.char for s in steps) == text.text
    assert all_steps(text) == steps
    assert [s.id for s in steps] == text.ids().tolist()
    assert not text.in_prompt and writing().in_prompt


@pytest.mark.parametrize(
    "sampling", [{"regex": "[aeT]+"}, {"ban": "eao "}, {"typical": 0.3}, {"top_k": 3}, {}]
)
def test_candidates_that_are_possible_come_first(sampling: dict[str, Any]) -> None:
    for step in write(writing(**sampling), 40)[7:]:
        top = step.prediction.top
        kinds = [[c for c in top if (c.filtered > 0) == possible] for possible in (True, False)]
        assert list(top) == kinds[0] + kinds[1]
        for kind in kinds:
            assert [c.prob for c in kind] == sorted((c.prob for c in kind), reverse=True)
        if "regex" in sampling:
            assert {c.char for c in kinds[0]} == {*"aeT"}
        assert top[0].filtered > 0


def test_a_step_says_what_was_believed() -> None:
    for step in write(writing(temperature=0.7, top_k=4), 40)[1:]:
        top = step.prediction.top
        assert step.prob == pytest.approx(2**-step.bits)
        assert 0 <= step.prediction.entropy <= np.log2(len(MODEL.alphabet)) + 1e-9
        assert [c.prob for c in top] == sorted((c.prob for c in top), reverse=True)
        chosen = [c for c in top if c.id == step.id]
        if chosen:
            assert chosen[0].char == step.char
            assert chosen[0].prob == pytest.approx(step.prob)
            assert chosen[0].filtered == pytest.approx(step.drawn_prob)
        if not step.given:
            assert step.drawn_prob > 0
            assert sum(c.filtered for c in top) == pytest.approx(1)


def test_the_first_character_is_given() -> None:
    first = write(writing(), 1)[0]
    assert (first.prob, first.bits, first.drawn_prob) == (1, 0, 1)
    assert first.prediction.entropy == 0 and first.prediction.top == ()
    assert writing().prediction().top == ()


def test_the_prediction_is_that_of_the_next_step() -> None:
    text = writing(temperature=0.5)
    write(text, 20)
    believed = text.prediction()
    assert write(text, 1)[0].prediction == believed


@pytest.mark.parametrize("text", ["a\nbc", "xyz"])
def test_an_empty_prompt_feeds_the_start_character_and_is_empty(text: str) -> None:
    stepper = Stepper(model := random_model(text=text))
    start = "\n" if "\n" in text else "x"
    empty, fed = (Generation(stepper, model.alphabet.encode(prompt)) for prompt in ("", start))
    assert len(empty) == 0 and not empty.in_prompt
    write(fed, 1)
    assert empty.prediction() == fed.prediction()
    first, *rest = write(empty, 70)
    assert not first.given and first.index == 0 and len(first.prediction.top) == len(model.alphabet)
    assert first.prob == pytest.approx(probs(fed)[first.id])
    steps = [first, *rest]
    for n in (50, 32, 1, 0):
        empty.rewind(n)
        assert all_steps(empty) == steps[:n] and write(empty, 70 - n) == steps[n:]
    fork = empty.fork(0)
    assert write(fork, 70) == steps
    with pytest.raises(UsageError):
        empty.rewind(-1)


def probs(text: Generation) -> list[float]:
    """The probability of each symbol, in their order."""
    return [c.prob for c in sorted(text.prediction().top, key=lambda c: c.id)]


def test_an_alphabet_of_one_character() -> None:
    model = random_model(text="aa")
    steps = write(Generation(Stepper(model), np.array([0])), 5)
    assert "".join(s.char for s in steps) == "aaaaa" and sum(s.bits for s in steps) == 0


@pytest.mark.parametrize("cell", CELLS)
def test_bits_are_what_score_says(cell: str) -> None:
    stepper = Stepper(random_model(cell))
    text = Generation(stepper, ROMEO, SamplingConfig(temperature=0.6, top_k=5), 3)
    write(text, 90)
    scored = score.stateful(stepper, text.ids())
    assert text.bits().sum() / 89 == pytest.approx(scored.bits_per_char, rel=1e-6)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=6), st.integers(0, 5))
@settings(max_examples=25)
def test_going_back_and_changing_nothing_writes_the_same_steps(
    places: list[int], seed: int
) -> None:
    text = writing(seed=seed)
    steps = write(text, 100)
    for n in places:
        text.rewind(n)
        assert len(text) == n and all_steps(text) == steps[:n]
        assert write(text, 100 - n) == steps[n:]


STEERED = {
    "repetition_penalty": 1.3,
    "repetition_window": 20,
    "ban": r"e\n",
    "typical": 0.9,
    "schedule": "0.2-2/60",
}


@pytest.mark.parametrize("n", [1, 3, 31, 32, 50, 99])
def test_going_back_repeats_what_depends_on_the_text(n: int) -> None:
    text = writing(**STEERED)
    steps = write(text, 100)
    assert not {"e", "\n"} & set(text.text[7:]) and 0 < steps[50].prediction.removed < 1
    fork = text.fork(n)
    text.rewind(n)
    assert write(text, 100 - n) == write(fork, 100 - n) == steps[n:]
    fork.rewind(n)
    fork.sampling = SamplingConfig()
    assert fork.prediction().removed == 0 and write(fork, 1)[0].prob > 0


def test_settings_that_do_not_fit_the_model_change_nothing() -> None:
    text = writing(ban="e")
    before = text.sampling
    with pytest.raises(UsageError, match="--ban leaves no character"):
        text.sampling = SamplingConfig(ban=r"\w\W")
    assert text.sampling is before
    with pytest.raises(UsageError, match="--ban leaves no character"):
        writing(ban=r"\w\W")


def test_rewinding_into_the_prompt_reads_the_rest_of_it() -> None:
    text = writing()
    steps = write(text, 20)
    text.rewind(3)
    assert text.in_prompt and write(text, 17) == steps[3:]


def test_rewinding_twice_and_across_snapshots() -> None:
    text, n = writing(), SNAPSHOT_EVERY
    steps = write(text, 3 * n + 5)
    for place in (3 * n, 2 * n + 1, 2 * n, n, n - 1, 1):
        text.rewind(place)
        assert text.prediction() == steps[place].prediction
    assert write(text, 3 * n + 4) == steps[1:]


def test_a_text_that_was_rewritten_forgets_what_it_was() -> None:
    text = writing()
    steps = write(text, 100)
    text.rewind(20)
    text.force((steps[20].id + 1) % len(MODEL.alphabet))
    write(text, 79)
    text.rewind(70)
    fresh = Generation(STEPPER, text.ids(), SamplingConfig(), 1)
    write(fresh, 70)
    assert text.prediction() == fresh.prediction()


@pytest.mark.parametrize("n", [0, -1, 11])
def test_there_is_no_going_back_to_where_one_has_not_been(n: int) -> None:
    text = writing()
    steps = write(text, 10)
    with pytest.raises(UsageError):
        text.rewind(n)
    with pytest.raises(UsageError):
        text.fork(n)
    assert all_steps(text) == steps


@pytest.mark.parametrize("n", [1, 7, 31, 32, 33, 64, 80])
def test_a_fork_is_a_text_of_its_own(n: int) -> None:
    text = writing()
    steps = write(text, 80)
    fork = text.fork(n)
    assert all_steps(fork) == steps[:n] and all_steps(text) == steps
    assert write(fork, 80 - n) == steps[n:]

    fork.rewind(n)
    fork.sampling = SamplingConfig(temperature=3)
    other = (steps[n].id + 1) % len(MODEL.alphabet) if n < 80 else 0
    fork.force(other)
    write(fork, 100)
    assert fork.step(n).id == other
    assert all_steps(text) == steps
    text.rewind(5)
    assert write(text, 75) == steps[5:]


def test_a_forced_character_is_fed_and_scored() -> None:
    text = writing(temperature=0.5, top_k=1)
    write(text, 10)
    unlikely = text.prediction().top[-1]
    text.force(unlikely.id)
    step = text.step(10)
    assert (step.id, step.prob) == (unlikely.id, pytest.approx(unlikely.prob))
    assert step.drawn_prob == 0
    assert not step.given
    after = write(text, 1)[0]
    fresh = Generation(STEPPER, text.ids()[:11], SamplingConfig(temperature=0.5, top_k=1), 1)
    assert write(fresh, 12)[11] == after, "the same as if it had stood in the prompt"


def test_a_change_of_temperature_affects_later_draws_alone() -> None:
    calm, other = writing(), writing()
    steps = write(calm, 60)
    assert write(other, 30) == steps[:30]
    other.sampling = SamplingConfig(temperature=0)
    later = write(other, 30)
    assert all_steps(other)[:30] == steps[:30]
    assert all(s.prediction.top[0].id == s.id and s.drawn_prob == 1 for s in later)
    assert [s.id for s in later] != [s.id for s in steps[30:]]


def test_randomness_is_addressed_by_position() -> None:
    """The draw at index i is the same whatever was drawn before it."""
    flat = random_model(seed=1)
    flat.weights["head.W_hy"][:] = 0  # what comes next does not depend on the text
    stepper = Stepper(flat)
    a, b = (Generation(stepper, flat.alphabet.fit(s).ids, seed=9) for s in ("Sh", "a da"))
    assert [s.id for s in write(a, 60)][4:] == [s.id for s in write(b, 60)][4:]
    c = Generation(stepper, flat.alphabet.fit("Sh").ids, seed=10)
    assert [s.id for s in write(c, 60)] != a.ids().tolist()
    ids = [s.id for s in write(a, 140)]
    assert all(ids[:60] != ids[shift : shift + 60] for shift in range(1, 80)), "no period"


def test_the_same_seed_writes_the_same_text() -> None:
    assert write(writing(seed=5), 60) == write(writing(seed=5), 60)
    assert write(writing(seed=5), 60) != write(writing(seed=6), 60)


def test_long_texts_keep_every_step() -> None:
    text = writing()
    steps = write(text, 700)
    assert all_steps(text) == steps
    assert text.ids(690).tolist() == [s.id for s in steps[690:]]
    assert text.bits(690).tolist() == [s.bits for s in steps[690:]]


def test_json_form() -> None:
    data = write(writing(top_k=3), 9)[-1].to_json()
    assert {"index", "char", "id", "prob", "bits", "entropy", "drawn_prob", "top"} <= set(data)
    assert data["index"] == 8 and len(data["top"]) == 10
    char, prob = data["top"][0]
    assert isinstance(char, str) and 0 < prob <= 1


def test_a_forced_character_within_the_prompt_ends_the_prompt() -> None:
    text = writing()
    write(text, len(text.prompt))
    fork = text.fork(2)
    other = (int(text.prompt[2]) + 1) % len(text.alphabet)
    fork.force(other)
    assert not fork.in_prompt and fork.ids().tolist() == [*text.prompt[:2].tolist(), other]
    assert len(text.prompt) > 2


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("length", [47, 48, 49, 150])
def test_a_prompt_that_is_read_in_blocks_is_what_it_is_step_by_step(cell: str, length: int) -> None:
    stepper = Stepper(random_model(cell, layers=3))
    prompt = stepper.model.alphabet.encode((SONNET * 2)[:length])
    blocks, single = (Generation(stepper, ids, seed=4) for ids in (prompt, prompt[:1]))
    single.advance()
    for id in prompt[1:]:
        single.force(int(id))
    while blocks.in_prompt:
        blocks.advance()
    assert len(blocks) == len(single) == length
    assert blocks.ids().tolist() == single.ids().tolist() == prompt.tolist()
    for name in ("bits", "entropy", "drawn_prob"):
        facts = blocks._columns.column(name), single._columns.column(name)
        np.testing.assert_allclose(*facts, rtol=1e-4, atol=1e-5)
    for i in range(1, length):
        both = blocks._columns.candidates(i), single._columns.candidates(i)
        for a, b in zip(both[0][1:], both[1][1:], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(blocks._log_p, single._log_p, rtol=1e-4, atol=1e-5)  # type: ignore[arg-type]
    for a, b in zip(blocks.state, single.state, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_rank_is_the_place_among_all_symbols() -> None:
    text = writing(seed=3)
    for step in write(text, 60):
        if step.index == 0:
            assert step.rank == 1
            continue
        text.rewind(step.index)
        p = np.exp(text._log_p)  # type: ignore[arg-type]
        order = sorted(range(len(p)), key=lambda id: (-p[id], id))
        assert order[step.rank - 1] == step.id
        top = [candidate.id for candidate in step.prediction.top]
        assert step.rank > len(top) or top[step.rank - 1] == step.id
        text.force(step.id)
    assert [step.rank for step in all_steps(text)] == text.ranks().tolist()


def test_a_text_and_its_fork_never_write_into_each_other() -> None:
    text = writing(seed=3)
    before = write(text, 1200)
    forks = [text.fork(n) for n in (512, 513, 700, 1024, 1200)]
    text.rewind(600)
    text.sampling = SamplingConfig(temperature=3)
    write(text, 600)
    after = all_steps(text)
    assert after[:600] == before[:600] and after[600:] != before[600:]
    for fork in forks:
        assert all_steps(fork) == before[: len(fork)]
        write(fork, 1200 - len(fork))
        assert all_steps(fork) == before
    assert all_steps(text) == after


def test_going_back_into_a_long_prompt_reads_the_same_bits_again() -> None:
    text = writing((SONNET * 2)[:150], seed=2)
    steps = write(text, 200)
    for n in (170, 150, 149, 144, 143, 100, 97, 96, 95, 49, 48, 47, 1):
        text.rewind(n)
        assert text.prediction() == steps[n].prediction
        assert write(text, 200 - n) == steps[n:]
        fork = text.fork(n)
        assert write(fork, 200 - n) == steps[n:]


def test_a_long_prompt_is_read_in_blocks_and_its_steps_come_one_by_one() -> None:
    text = writing((SONNET * 2)[:100])
    text.advance()
    assert len(text) == SNAPSHOT_EVERY
    n = SNAPSHOT_EVERY
    assert [step.index for step in write(text, 3)] == [n, n + 1, n + 2] and len(text) == 2 * n


@pytest.mark.parametrize("prompt", ["", "Shall I", SONNET[:150]])
def test_a_text_that_only_goes_on_is_the_same_and_keeps_one_page_of_snapshots(prompt: str) -> None:
    ids = MODEL.alphabet.encode(prompt)
    text = Generation(STEPPER, ids, seed=1, rewinds=False)
    whole = writing(prompt)
    assert write(text, 1000) == write(whole, 1000)
    assert len(text._snapshots._pages) == 1 < len(whole._snapshots._pages)
    for n in (0, 1, 999):
        with pytest.raises(UsageError):
            text.rewind(n)

"""Several texts that are written at the same time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.writing.generate import Generation, Step
from engine.writing.mixture import mixed
from engine.writing.sampling import uniform
from engine.writing.settings import SamplingConfig
from engine.writing.streams import Forks, Streams, Text, row_by_row
from tests.conftest import random_model, stacked

ONE = Stepper(random_model("lstm", 6, 2, seed=1))
BOTH = mixed(ONE, Stepper(random_model("gru", 5, 1, text="abcXYZ \n", seed=2)), 0.4)


def begun(stepper: Stepper, prompt: str, config: SamplingConfig, seed: int) -> Generation:
    text = Generation(stepper, stepper.alphabet.encode(prompt), config, seed, rewinds=False)
    while text.in_prompt:
        text.advance()
    return text


@pytest.mark.parametrize("stepper", [ONE, Stepper(stacked("gru")), BOTH])
@settings(max_examples=10)
@given(
    st.integers(1, 12), st.text("Shall I\n", max_size=60), st.integers(0, 9), st.integers(0, 1000)
)
def test_each_fork_is_the_text_of_its_seed(
    stepper: Stepper, count: int, prompt: str, penalty: int, seed: int
) -> None:
    config = SamplingConfig(top_k=9, repetition_penalty=1 + penalty / 9)
    streams, going = Forks(begun(stepper, prompt, config, seed), count), list(range(count))
    for n in range(40):
        streams.advance(going)
        if n == 20:
            going = going[::2]
    for i, text in enumerate(streams.texts):
        alone = begun(stepper, prompt, config, seed + i)
        while len(alone) < len(text):
            alone.advance()
        assert text.text == alone.text and len(text) == len(prompt) + (40 if i in going else 21)
        for ours, its in zip(steps(text), steps(alone), strict=True):
            assert ours.bits == pytest.approx(its.bits, abs=1e-4)
            assert ours.prediction.entropy == pytest.approx(its.prediction.entropy, abs=1e-4)


def steps(text: Generation) -> list[Step]:
    return [text.step(i) for i in range(len(text))]


def in_lines() -> Model:
    """A model for which each line is an example of its own."""
    model = random_model("gru", 7, 2)
    return replace(model, config=replace(model.config, lines=True))


ALL = {cell: Stepper(stacked(cell)) for cell in CELLS} | {"lines": Stepper(in_lines())}
CONFIG = st.builds(
    SamplingConfig,
    temperature=st.sampled_from([0.0, 0.7, 1.0, 3.0]),
    top_k=st.integers(0, 9),
    top_p=st.floats(0.3, 1.0),
    typical=st.floats(0.3, 1.0),
    min_p=st.floats(0.0, 0.3),
    ban=st.sampled_from(["", "aeiou", r"\n"]),
    stop=st.sampled_from(["", "e", " t"]),
)
PROMPTS = st.lists(st.tuples(st.text("Shall I\n", max_size=8), st.integers(0, 3)), min_size=1)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=8)
@given(CONFIG, PROMPTS, st.integers(1, 30), st.integers(1, 5), st.integers(0, 2**63))
def test_a_row_is_the_text_of_its_seed_until_a_draw_is_at_a_boundary(
    name: str,
    config: SamplingConfig,
    prompts: list[tuple[str, int]],
    length: int,
    rows: int,
    seed: int,
) -> None:
    """Texts come at different times, with a state or without, and others end before."""
    stepper = ALL[name]
    streams = Streams(stepper, config, length, rows)
    waiting = [
        (stepper.alphabet.encode(p), pause, seed + i) for i, (p, pause) in enumerate(prompts)
    ]
    texts: list[Text] = []
    while waiting or streams.texts:
        while waiting and len(streams.texts) < rows:
            ids, pause, own = waiting.pop(0)
            before = None
            if pause and len(ids) > 1:
                _, before = stepper.sequence(ids[:-1], stepper.start_state())
            texts.append(streams.add(ids.tolist(), own, before))
            for _ in range(pause):
                streams.advance()
        streams.advance()
    assert all(text.done for text in texts)
    for text, (prompt, _) in zip(texts, prompts, strict=True):
        alone = begun(stepper, prompt, config, text.seed)
        for found in text.written:
            assert len(alone) - len(prompt) < length and not alone.ended
            if (its := alone.choose()) != found:
                assert at_a_boundary(alone)
                break
            alone.force(its)
        else:
            assert text.ids == alone.ids().tolist() and text.ended == alone.ended
            assert text.ended or len(text.written) == length


def at_a_boundary(text: Generation) -> bool:
    """Whether the next draw is within 1e-5 of the boundary between two characters."""
    _, _, q, _ = text._distribution()
    return bool(np.abs(np.cumsum(q) - uniform(text.seed, len(text))).min() < 1e-5)


def test_what_looks_at_the_place_is_not_for_rows() -> None:
    assert row_by_row(ONE, SamplingConfig(temperature=0.5, top_k=3, ban="a", stop="e"))
    for config in (SamplingConfig(regex="a*"), SamplingConfig(repetition_penalty=2.0)):
        assert not row_by_row(ONE, config)
    assert not row_by_row(BOTH, SamplingConfig())

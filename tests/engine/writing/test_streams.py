"""Several texts that are written at the same time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.network.stepper import Stepper
from engine.writing.generate import Generation, Step
from engine.writing.mixture import mixed
from engine.writing.settings import SamplingConfig
from engine.writing.streams import Streams
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
def test_each_is_the_text_of_its_seed(
    stepper: Stepper, count: int, prompt: str, penalty: int, seed: int
) -> None:
    config = SamplingConfig(top_k=9, repetition_penalty=1 + penalty / 9)
    streams, going = Streams(begun(stepper, prompt, config, seed), count), list(range(count))
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

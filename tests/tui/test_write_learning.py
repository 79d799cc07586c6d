"""Writing with a model that learns meanwhile: its file is replaced under the open app."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.network import modelfile
from engine.network.modelfile import Model
from tests.conftest import make_model, random_model
from tests.tui.writing import Screen, Until, written


@pytest.fixture
def file(home: Path) -> Path:
    return home / "models" / "tiny.safetensors"


def learnt(steps: int, model: Model) -> Model:
    """What a trainer exports after so many steps."""
    return replace(model, history=replace(model.history, steps=steps))


async def begin(screen: Screen, until: Until, prompt: str) -> None:
    before = screen.passage
    await screen.press("i")
    await screen.enter(prompt)
    await until(screen.pilot, lambda: screen.passage is not before and screen.passage.finished)


async def test_new_weights_are_taken_at_the_next_passage(
    tiny: Model, file: Path, until: Until
) -> None:
    async with written(until) as screen:
        first, old = screen.passage, screen.passage.generation.stepper
        modelfile.save(file, learnt(2000, random_model()))
        await screen.press("i", "enter")
        await until(screen.pilot, lambda: screen.passage.shown == len("Shall I") + 60)
        assert screen.passage is first and first.generation.stepper is old
        await begin(screen, until, "Rough")
        assert "loaded the new weights of step 2,000" in screen.see("#status")
        weights = screen.passage.generation.stepper.model.weights
        assert all(np.array_equal(W, weights[k]) for k, W in random_model().weights.items())
        assert first.generation.stepper is old, "what was written stays as it was believed"


async def test_the_same_weights_are_no_news(tiny: Model, file: Path, until: Until) -> None:
    async with written(until) as screen:
        modelfile.save(file, learnt(2000, make_model()))
        await begin(screen, until, "Rough")
        assert screen.model.history.steps == 2000
        assert "new weights" not in screen.see("#status")


async def test_another_network_in_its_place_is_taken_too(
    tiny: Model, file: Path, until: Until
) -> None:
    async with written(until) as screen:
        modelfile.save(file, learnt(7, make_model("gru", 8, 1, "Rough")))
        await begin(screen, until, "Rough!")
        assert "loaded the new weights of step 7" in screen.see("#status")
        assert screen.passage.exact().startswith("Rough")
        assert str(screen.model.config) == "gru 8×1"


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(b"torn")])
async def test_a_file_that_cannot_be_read_leaves_what_was_read(
    tiny: Model, file: Path, until: Until, harm: object
) -> None:
    async with written(until) as screen:
        old = screen.passage.generation.stepper
        harm(file)  # type: ignore[operator]
        await begin(screen, until, "Rough")
        assert screen.passage.generation.stepper is old
        assert ("tiny" in screen.toasts) is file.exists()

"""/colour unit: the passage by what one unit was after each character."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.inspecting.trace import trace
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.writing.mixture import Mixture
from tests.conftest import make_model
from tests.tui.test_colours import block
from tests.tui.writing import PROMPT, Screen, Until, opened, written

UNIT = "layers.1.c[3]"


def expected(screen: Screen) -> list[int]:
    """The levels of the passage by the unit."""
    stepper = screen.passage.generation.stepper
    assert isinstance(stepper, Stepper)
    ids = screen.passage.ids()
    values = trace(stepper, ids, stepper.start_state()).arrays["layers.1.c"][:, 3]
    share = values / np.abs(values).max()
    return [int(np.searchsorted([-0.6, -0.2, 0.2, 0.6], x, side="right")) for x in share]


async def test_each_character_has_the_colour_of_the_unit(tiny: Model, until: Until) -> None:
    async with written(until, 60) as screen:
        await screen.press("i")
        await screen.enter(f"/colour unit {UNIT}")
        await until(screen.pilot, lambda: list(block(screen)[0]) == expected(screen))
        assert len(set(block(screen)[0])) > 2
        await until(screen.pilot, lambda: UNIT in screen.see("#legend"))
        assert screen.write.session.state.colouring == "none"
        await screen.press("escape", *["left"] * 20, "4", "right", "right", "b", "right")
        await until(screen.pilot, lambda: list(block(screen)[0]) == expected(screen))
        await screen.press("space")
        await until(screen.pilot, lambda: screen.passage.finished and not screen.write.writing)
        await until(screen.pilot, lambda: list(block(screen)[0]) == expected(screen))
        await screen.press("c")
        assert "surprisal" in screen.see("#legend")
        await screen.press("c", "c", "c", "c")
        assert not screen.app.query_one("#legend").display


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "names no unit"),
        ("layers.1.c", "'layers.1.c' names no unit"),
        ("layers.9.c[1]", "is not in this model"),
        ("layers.1.c[16]", "units go from 0 to 15"),
    ],
)
async def test_what_is_no_unit_is_refused(
    tiny: Model, until: Until, name: str, message: str
) -> None:
    async with written(until) as screen:
        await screen.press("i")
        await screen.enter(f"/colour unit {name}")
        assert message in screen.toasts
        assert not screen.app.query_one("#legend").display


async def test_it_needs_a_passage(tiny: Model) -> None:
    async with opened() as screen:
        await screen.enter(f"/colour unit {UNIT}")
        assert "write one first" in screen.toasts


async def test_it_needs_a_passage_of_one_model(tiny: Model, home: Path, until: Until) -> None:
    modelfile.save(home / "models" / "other.safetensors", make_model("gru"))
    async with opened() as screen:
        await screen.enter("/mix other:0.5")
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage)
        assert isinstance(screen.passage.generation.stepper, Mixture)
        await screen.enter(f"/colour unit {UNIT}")
        assert "two models write this passage" in screen.toasts

"""Pictures of the lesson: a page of the way forward, of the way back, and of the gradients."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from engine.network.modelfile import Model
from tests.tui.test_snapshots import Compare, scene
from tests.tui.test_snapshots import pytestmark as drawn_with
from tests.tui.writing import Until
from tui.app import HeloApp
from tui.lesson.screen import LessonScreen

pytestmark = drawn_with
SIZES = [(140, 45), (80, 24), (60, 18)]
FORWARD, BACK = ["space"] * 6, ["space"] * 10
GRADIENT = ["c", "c", *["space"] * 25, "x"]


def lesson(until: Until, *keys: str):
    """The lesson, and then keys."""
    first = scene("/lesson")

    async def play(pilot: Pilot[int]) -> None:
        await first(pilot)
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonScreen))
        await pilot.press(*keys)
        await pilot.pause()

    return play


@pytest.mark.parametrize("keys", [FORWARD, BACK, GRADIENT], ids=["forward", "back", "gradient"])
@pytest.mark.parametrize("size", SIZES)
def test_lesson(
    tiny: Model, snap_compare: Compare, until: Until, size: tuple[int, int], keys: list[str]
) -> None:
    play = lesson(until, *keys)
    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


@pytest.mark.parametrize("look", ["textual-light", "NO_COLOR"])
def test_lesson_in_other_colours(
    tiny: Model,
    snap_compare: Compare,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    look: str,
) -> None:
    monkeypatch.setenv(*("NO_COLOR", "1") if look == "NO_COLOR" else ("TEXTUAL_THEME", look))
    play = lesson(until, *BACK)
    assert snap_compare(HeloApp("tiny"), terminal_size=(80, 24), run_before=play)

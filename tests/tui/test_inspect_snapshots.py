"""Pictures of Inspect."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from engine.network.modelfile import Model
from tests.tui.test_inspect import said
from tests.tui.test_snapshots import Compare, scene
from tests.tui.test_snapshots import pytestmark as drawn_with
from tests.tui.writing import Screen, Until
from tui.app import HeloApp

pytestmark = drawn_with
SIZES = [(140, 45), (80, 24), (60, 18)]


def why(until: Until, *lines: str):
    """What is said of a character in the middle of a passage."""
    first = scene(*lines, keys=("escape", *["left"] * 20, "f4"))

    async def play(pilot: Pilot[int]) -> None:
        await first(pilot)
        await until(pilot, lambda: pilot.app.query("#inspect-note"))
        what = "log-odds" if lines else "Nothing"
        await until(pilot, lambda: what in said(Screen(pilot)))
        await pilot.pause()

    return play


@pytest.mark.parametrize("size", SIZES)
def test_why(tiny: Model, snap_compare: Compare, until: Until, size: tuple[int, int]) -> None:
    play = why(until, "Shall I")
    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


@pytest.mark.parametrize("look", ["textual-light", "ansi-dark", "NO_COLOR"])
def test_why_in_other_colours(
    tiny: Model,
    snap_compare: Compare,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    look: str,
) -> None:
    monkeypatch.setenv(*("NO_COLOR", "1") if look == "NO_COLOR" else ("TEXTUAL_THEME", look))
    play = why(until, "Shall I")
    assert snap_compare(HeloApp("tiny"), terminal_size=(80, 24), run_before=play)


def test_nothing_is_written_yet(tiny: Model, snap_compare: Compare, until: Until) -> None:
    assert snap_compare(HeloApp("tiny"), terminal_size=(80, 24), run_before=why(until))

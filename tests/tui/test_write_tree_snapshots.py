"""Pictures of a passage's tree, and of two of its branches compared."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from engine.network.modelfile import Model
from tests.tui.test_snapshots import Compare, scene
from tests.tui.test_snapshots import pytestmark as drawn_with
from tests.tui.writing import Until
from tui.app import HeloApp
from tui.write.compare import BranchesCompared
from tui.write.tree import BranchTree

pytestmark = drawn_with
BRANCH = ("escape", *["left"] * 30, "apostrophe", "R", "right", "right", "left", "apostrophe", "M")
MORE = ("b", "left", "left", "left", "left", "left", "2", "right", "right", "B")
SIZES = [(140, 45), (80, 24), (60, 18)]


def tree(until: Until, *keys: str, compares: bool = False):
    """The tree of a passage with several branches, then more keys."""
    first = scene("Shall I", keys=(*BRANCH, *MORE))

    async def play(pilot: Pilot[int]) -> None:
        await first(pilot)
        await until(pilot, lambda: isinstance(pilot.app.screen, BranchTree))
        await pilot.press(*keys)
        if compares:
            await until(pilot, lambda: isinstance(pilot.app.screen, BranchesCompared))
        await pilot.pause()

    return play


@pytest.mark.parametrize("size", SIZES)
def test_tree(tiny: Model, snap_compare: Compare, until: Until, size: tuple[int, int]) -> None:
    play = tree(until, "end", "space", "up")
    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


@pytest.mark.parametrize("size", SIZES)
def test_compared(tiny: Model, snap_compare: Compare, until: Until, size: tuple[int, int]) -> None:
    play = tree(until, "home", "space", "end", "space", "c", compares=True)
    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


@pytest.mark.parametrize("look", ["textual-light", "NO_COLOR"])
def test_tree_in_other_colours(
    tiny: Model,
    snap_compare: Compare,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    look: str,
) -> None:
    monkeypatch.setenv(*("NO_COLOR", "1") if look == "NO_COLOR" else ("TEXTUAL_THEME", look))
    assert snap_compare(HeloApp("tiny"), terminal_size=(80, 24), run_before=tree(until, "up"))

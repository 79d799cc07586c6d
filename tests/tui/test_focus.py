"""The focus is always on what is shown: over all ways between screens and dialogs."""

from __future__ import annotations

from textual.pilot import Pilot

from engine.network.modelfile import Model
from tests.tui.test_app import Until, opened
from tui.train.racing import RaceDialog

WAYS = {
    "write": ("f2",),
    "train": ("f3",),
    "library": ("ctrl+g", "l"),
    "help": ("f1", "escape"),
    "palette": ("ctrl+p", "escape"),
    "no screen": ("ctrl+g", "escape"),
}


def at_home(pilot: Pilot[int]) -> bool:
    """Whether something that is shown has the focus, on the shown tab unless a dialog is open."""
    app = pilot.app
    focused = app.focused
    if focused is None or not all(node.display for node in focused.ancestors_with_self):
        return False
    tab = app.query_one(f"#{app.tab}") if len(app.screen_stack) == 1 else app.screen
    return tab in focused.ancestors_with_self


async def test_it_is_on_the_shown_screen(tiny: Model, started: object, until: Until) -> None:
    async with opened() as pilot:
        for i, first in enumerate(WAYS):
            for second in [*WAYS][i:]:  # each way after each other, both ways round
                for way in (first, second):
                    await pilot.press(*WAYS[way])
                    await until(pilot, lambda: at_home(pilot))


async def test_it_is_in_the_form_after_a_first_race_was_not_wanted(
    tiny: Model, started: object, until: Until
) -> None:
    async with opened() as pilot:
        await pilot.press(*"/race", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RaceDialog))
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
        await pilot.pause()
        await until(pilot, lambda: at_home(pilot))
        assert pilot.app.tab == "train"

"""Odd numbers typed in the app: a toast, or taken; it goes on, and what it keeps can be read again."""

from __future__ import annotations

import pytest

from engine.network.modelfile import Model
from tests.tui.test_app import Until, opened, toasts
from tui.commands import COMMANDS
from tui.remember import load_state
from tui.write.pane import WritePane

ODD = ("9" * 400, "9" * 5000, "1e999", "-1e999", "nan", "-1", "1e300", "1e-300", "0x10", "½", "٣")
NUMBERS = [command.name for command in COMMANDS if command.argument in ("N", "F")]


@pytest.mark.parametrize("name", NUMBERS)
async def test_odd_numbers_of_commands(tiny: Model, until: Until, name: str) -> None:
    assert len(NUMBERS) >= 7
    async with opened() as pilot:
        write = pilot.app.query_one(WritePane)
        for odd in ODD:
            write.prompt.fill(f"/{name} {odd}")
            await pilot.press("enter")
            await until(
                pilot, lambda: not write.prompt.text.startswith(f"/{name} ") or toasts(pilot)
            )
            assert all(len(line) < 300 for line in toasts(pilot).splitlines())
            pilot.app.clear_notifications()
            write.session.state.save()
            assert load_state() == (write.session.state, "")
        write.prompt.fill("Shall")
        await pilot.press("enter")
        await until(pilot, lambda: write.passage and write.passage.shown > len("Shall"))
        await pilot.press("escape", *"tTkKpPsS123", "right", "left", "space")
        write.session.state.save()
        assert load_state() == (write.session.state, "")

"""Takes the pictures of the documentation: `python docs/screenshots.py` writes the SVGs beside it.

With the names of two models, as of a race, it takes that of how far back they remember; with the word
units that of a unit's card, in the text that the library has under the bundled model's name.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from engine.blas import one_thread
from tui.app import HeloApp
from tui.inspect.far_back import FarBackPanel
from tui.inspect.units import UnitsPanel
from tui.write.pane import WritePane

HERE = Path(__file__).parent
SETTINGS = ("/seed 11", "/speed max", "/length 420", "/temperature 0.7")


async def write(pilot: Pilot[int], prompt: str) -> None:
    """Write a passage to its end."""
    pane = pilot.app.query_one(WritePane)
    while pane.session.opened is None:
        await pilot.pause(0.05)
    for line in (*SETTINGS, prompt):
        pane.prompt.fill(line)
        await pilot.press("enter")
    while pane.passage is None or pane.writing:
        await pilot.pause(0.05)


async def picture(name: str, size: tuple[int, int], prompt: str, *keys: str) -> None:
    """Write from a prompt, press keys, and save what is seen."""
    app = HeloApp("shakespeare")
    async with app.run_test(size=size) as pilot:
        await write(pilot, prompt)
        await pilot.press(*keys)
        await pilot.pause()
        (HERE / f"{name}.svg").write_text(app.export_screenshot(title="helo", simplify=True))


async def lesson(pages: int) -> None:
    """Save what is seen so many pages into the lesson."""
    app = HeloApp("shakespeare")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.app.run_action("lesson")
        await pilot.press(*["space"] * pages)
        await pilot.pause()
        (HERE / "lesson.svg").write_text(app.export_screenshot(title="helo", simplify=True))


async def compared(first: str, second: str) -> None:
    """Show how far back two models remember, and save what is seen."""
    app = HeloApp(first)
    async with app.run_test(size=(120, 42)) as pilot:
        await write(pilot, "ROMEO:\n")
        await pilot.press("f4", "2")
        while not (panels := pilot.app.query(FarBackPanel)) or not panels.first().measured:
            await pilot.pause(0.05)
        await pilot.press("m")
        await pilot.pause(0.2)
        menu = pilot.app.screen.query_one(OptionList)
        names = [str(option.prompt) for option in menu.options]
        await pilot.press(*["down"] * names.index(second), "enter", *["left"] * 30)
        await pilot.pause(1.0)
        while not panels.first().measured:
            await pilot.pause(0.05)
        await pilot.pause(1.0)
        (HERE / "far-back.svg").write_text(app.export_screenshot(title="helo", simplify=True))


async def units() -> None:
    """Search the units of the bundled model in the corpus of its name, open the card of the best, and save
    what is seen."""
    app = HeloApp("shakespeare")
    async with app.run_test(size=(120, 42)) as pilot:
        await write(pilot, "ROMEO:\n")
        await pilot.press("f4", "4")
        while not (panels := pilot.app.query(UnitsPanel)) or not panels.first()._asked:
            await pilot.pause(0.05)
        await pilot.press("enter", *["left"] * 65)
        panel = panels.first()
        while not panel.known or "searching" in str(panel.query_one(Static).render()):
            await pilot.pause(0.2)
        await pilot.press("enter")
        while "standard deviation" not in str(panel.query_one(Static).render()):
            await pilot.pause(0.2)
        await pilot.pause(1.0)
        (HERE / "units.svg").write_text(app.export_screenshot(title="helo", simplify=True))


async def main() -> None:
    await lesson(pages=9)
    await picture("walk", (120, 34), "ROMEO:\n", "escape", "c", *["left"] * 40, "2", "k")
    await picture("narrow", (80, 24), "ROMEO:\n", "escape", "left", "left")


if __name__ == "__main__":
    one_thread()
    if names := sys.argv[1:]:
        asyncio.run(units() if names == ["units"] else compared(*names))
        sys.exit()
    with tempfile.TemporaryDirectory() as home:
        os.environ["HELO_HOME"] = home
        asyncio.run(main())

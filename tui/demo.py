"""`helo demo`: the app shows itself. Whatever the user presses ends that, and the app goes on as always."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual import events
from textual.widgets import Input, Static

from engine.errors import HeloError
from engine.runs.library import DEFAULT_MODEL
from tui.app import HeloApp
from tui.train.pane import TrainPane
from tui.write.pane import WritePane

TEXT, SECONDS = "digits", 20
"""What the network of the demonstration learns, and how long."""
_SEED, _LENGTH = 11, 260
_TYPING, _WALKING = 0.18, 0.09
"""Seconds between two keys."""
_PATIENCE = 90.0
"""The most seconds that anything is waited for."""
_ANY_KEY = "any key takes over"


class DemoApp(HeloApp):
    """The app, which at first is used by itself. A line above the keys says what happens."""

    DEFAULT_CSS = """
    #demo { dock: bottom; height: 1; margin-bottom: 1; padding: 0 1; background: $primary-muted; }
    """

    def __init__(self, pace: float = 1.0) -> None:
        """`pace` says how many times as fast as for a viewer it goes."""
        super().__init__(DEFAULT_MODEL)
        self._pace = pace
        self._line = Static("", id="demo", markup=False)
        self._shown: asyncio.Task[None] | None = None
        self._pressed: list[events.Event] = []
        """The keys that it has pressed itself. The same ones may arrive again, as keys typed ahead do."""

    def on_mount(self) -> None:
        self._shown = asyncio.create_task(self._demonstrate())

    async def on_event(self, event: events.Event) -> None:
        taken = isinstance(event, events.Key | events.MouseDown | events.Paste)
        if taken and event not in self._pressed:
            self._end()
        await super().on_event(event)

    def on_unmount(self) -> None:
        self._end()

    @property
    def showing(self) -> bool:
        """Whether the demonstration goes on."""
        return self._shown is not None and not self._shown.done()

    def _end(self) -> None:
        if self._shown:
            self._shown.cancel()
        if self._line.is_attached:
            self._line.remove()

    # -- what it does

    async def _demonstrate(self) -> None:
        await self.mount(self._line)
        write = self.query_one(WritePane)
        await self._until(lambda: write.session.opened is not None)
        try:
            await self._show_writing(write)
            await self._show_walking(write)
            await self._show_inspecting()
            await self._show_training(write)
            await self._say("That was helo. F1 lists all keys, / all commands.", 6)
        except (TimeoutError, HeloError):
            pass  # something was as nobody expected: the user takes over
        self._line.remove()

    async def _show_writing(self, write: WritePane) -> None:
        await self._say("This network has read Shakespeare. It continues whatever you type.", 2)
        write.session.seed = _SEED
        length, write.session.state.length = write.session.state.length, _LENGTH
        for key in ("R", "O", "M", "E", "O", "colon", "enter"):
            await self._press(key, _TYPING)
        write.session.state.length = length
        await self._say("Beside the text: what it thinks may come next, at every character.", 7)

    async def _show_walking(self, write: WritePane) -> None:
        await self._press("escape", 0.5)
        await self._press("escape", 0.5)
        self._tell("← goes back: each character was drawn from what the pane shows.")
        for _ in range(40):
            await self._press("left", _WALKING)
        await self._sleep(2)
        self._tell("2 takes the second candidate instead. The text branches, and nothing is lost.")
        await self._press("2", 2)
        await self._press("space", 5)
        await self._press("escape", 1)
        self._tell("b: the first branch again. c colours what was surprising.")
        await self._press("b", 2)
        await self._press("c", 3)

    async def _show_inspecting(self) -> None:
        self._tell("F4: why this character, and not the next candidate? Unit by unit.")
        await self._press("f4", 1)
        await self._until(lambda: bool(self.query("#inspect-text")))
        await self._sleep(6)
        for _ in range(12):
            await self._press("left", 0.4)
        self._tell("5: the lesson, every number of a network that learns to spell hello.")
        await self._press("5", 2)
        for _ in range(9):
            await self._press("space", 0.8)
        await self._press("escape", 1)

    async def _show_training(self, write: WritePane) -> None:
        self._tell(f"F3: a network of your own. This one learns to draw, in {SECONDS} seconds.")
        await self._press("f3", 1)
        await self._until(lambda: bool(self.query("#length")))
        train = self.query_one(TrainPane)
        await train.fill_in(TEXT)
        self.query_one("#length", Input).value = str(SECONDS)
        before = write.session.opened
        await self._press("ctrl+s", 1)
        await self._until(lambda: train.shown is not None)
        run = train.shown
        assert run
        self._tell("Measuring this machine, then learning: the curve falls, the samples improve.")
        await self._until(lambda: run.snapshot is not None and run.snapshot.over)
        self._tell("o writes with it. Each drawing begins with the name of a digit.")
        await self._press("o", 1)
        await self._until(lambda: write.session.opened is not before)
        write.session.state.length, length = 4 * _LENGTH, write.session.state.length
        await self._press("4", 1)
        await self._press("enter", 8)
        write.session.state.length = length

    # -- how

    async def _press(self, key: str, seconds: float) -> None:
        """Press a key, and wait so long."""
        self._pressed.append(event := events.Key(key, ":" if key == "colon" else None))
        self.post_message(event)
        await self._sleep(seconds)

    def _tell(self, text: str) -> None:
        self._line.update(f"{text}  ({_ANY_KEY})")

    async def _say(self, text: str, seconds: float) -> None:
        self._tell(text)
        await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._pace)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not holds():
                await asyncio.sleep(0.05)

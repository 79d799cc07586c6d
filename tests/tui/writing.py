"""The app with the model `tiny`, and what tests see and press of its Write screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from tui.app import HeloApp
from tui.write.pane import WritePane
from tui.write.passage import Passage
from tui.write.rates import SPEEDS

Until = Callable[..., Awaitable[None]]
PROMPT = "Shall I"


class Screen:
    """The app with the model `tiny`, and what can be seen and pressed."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self.pilot = pilot
        self.app = pilot.app
        self.write = pilot.app.query_one(WritePane)
        self.press = pilot.press

    @property
    def passage(self) -> Passage:
        assert self.write.passage
        return self.write.passage

    @property
    def model(self) -> Model:
        """The model that writes the passage."""
        stepper = self.passage.model
        assert isinstance(stepper, Stepper)
        return stepper.model

    def see(self, selector: str) -> str:
        widget = self.app.query_one(selector, Widget)
        return "\n".join(strip.text.rstrip() for strip in widget.render_lines(widget.size.region))

    @property
    def toasts(self) -> str:
        return "\n".join(notification.message for notification in self.app._notifications)

    async def type(self, text: str) -> None:
        self.write.prompt.post_message(events.Paste(text))
        await self.pilot.pause()

    async def enter(self, text: str) -> None:
        await self.type(text)
        await self.press("enter")


@asynccontextmanager
async def opened(size: tuple[int, int] = (110, 30)) -> AsyncIterator[Screen]:
    app = HeloApp("tiny")
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = Screen(pilot)
        while not (screen.write._opening and screen.write._opening.is_finished):
            await pilot.pause(0.01)
        yield screen


@asynccontextmanager
async def written(until: Until, length: int = 30) -> AsyncIterator[Screen]:
    """A passage of `length` characters, written and paused, in WALK."""
    async with opened() as screen:
        screen.write.session.state.speed = SPEEDS[-1]
        screen.write.session.state.length = length
        screen.write.session.seed = 3  # a text with line ends early and late
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
        await until(screen.pilot, lambda: not screen.write.writing)
        await screen.press("escape")
        yield screen

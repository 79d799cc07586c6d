"""What slash commands ask of the app, and errors as toasts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from textual.widget import Widget

from engine.errors import HeloError
from tui.dialogs import ConfirmDialog
from tui.text import one_line
from tui.told import in_app
from tui.write.command import SCREEN


class InApp(Widget):
    """What a Screen, as slash commands know it, has from the app."""

    place = SCREEN

    def help(self) -> Awaitable[object]:
        """Show the keys and commands."""
        return self.app.run_action("help")

    def quit(self) -> Awaitable[object]:
        """Leave helo."""
        return self.app.run_action("quit")

    def confirm(self, question: str, yes: str, no: str, then: Callable[[], None]) -> None:
        """Ask in a dialog, and call `then` if the answer is yes. A HeloError from it is shown."""

        def answered(sure: bool | None) -> None:
            if sure:
                with self.complaining():
                    then()

        self.app.push_screen(ConfirmDialog(question, yes, no), answered)

    def say(self, note: str) -> None:
        """Show a note in the status line for a few seconds."""
        raise NotImplementedError

    def in_background(self, do: Callable[[], str]) -> None:
        """Do what takes long in a thread, and then say what it returns. A HeloError from it is shown."""

        async def done() -> None:
            with self.complaining():
                self.say(await asyncio.to_thread(do))

        self.run_worker(done(), group="background")

    @contextmanager
    def complaining(self) -> Iterator[None]:
        """Show a HeloError as a toast."""
        try:
            yield
        except HeloError as error:
            self.complain(error)

    def complain(self, error: object) -> None:
        """Show an error as a toast."""
        self.notify(one_line(in_app(error)), severity="error", markup=False)

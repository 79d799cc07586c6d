"""What an app that `helo serve` has started reads and writes instead of a terminal."""

from __future__ import annotations

from contextlib import suppress

from textual.drivers.web_driver import WebDriver
from textual.events import AppFocus
from textual.messages import ExitApp


class Driver(WebDriver):
    """Textual's driver for the web, which also ends the app when nobody is at the other end any more."""

    def start_application_mode(self) -> None:
        """Begin with the focus, which Textual's takes away until the page says that it has it."""
        super().start_application_mode()
        self._app.call_later(self._app.post_message, AppFocus())

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(ExitApp())

    def write(self, data: str) -> None:
        with suppress(BrokenPipeError):
            super().write(data)

    def write_meta(self, data: dict[str, object]) -> None:
        with suppress(BrokenPipeError):
            super().write_meta(data)

"""Esc and a key that arrive together are two keys again.

A terminal sends alt+x as Esc and x. helo has no alt keys, and somebody quick, or behind a slow line, means
Esc and then x; Textual would report one key, and lose the Esc before a space.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual._xterm_parser import XTermParser


class Parser(XTermParser):
    """Textual's parser of what a terminal sends, without alt."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if alt:
            yield events.Key("escape", "\x1b")
        yield from super()._sequence_to_key_events(sequence)


def take_apart() -> None:
    """Let the terminal's input be read by `Parser`. Call it before the app runs."""
    from textual.drivers import linux_driver

    linux_driver.XTermParser = Parser  # type: ignore[misc]

"""A parser of terminal input that differs from Textual's in two ways.

An Esc and a key that arrive together are two keys. Terminals send alt+x as Esc and x, but helo has no alt
keys, so a fast typist, or one on a slow connection, means Esc and then x. Textual would report one key, and
lose an Esc before a space.

And a paste is text to its end, even if it contains escape sequences.
"""

from __future__ import annotations

import os
import string
import sys
from collections.abc import Iterable

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.message import Message

_PASTE_START, _PASTE_END = "\x1b[200~", "\x1b[201~"

_ESCAPE_SECONDS = 0.04
"""How long to wait after an Esc for the rest of a key's sequence."""
_APART = set(" " + string.digits + string.ascii_letters) - set("bfO")
"""The keys that are split from an Esc before them. Not O, which begins F1; not b and f, which Macs send for
moving by a word."""


class Parser(XTermParser):
    """Textual's parser without alt keys, which takes out pastes before parsing."""

    _paste: str | None = None
    """The part of a paste received so far; None outside a paste."""

    def feed(self, data: str) -> Iterable[Message]:
        while data and (self._paste is not None or _PASTE_START in data):
            if self._paste is None:
                keys, _, data = data.partition(_PASTE_START)
                if keys:
                    yield from super().feed(keys)
                self._paste = ""
            text, end, rest = (self._paste + data).partition(_PASTE_END)
            self._paste, data = (None, rest) if end else (text, "")
            if end:
                yield events.Paste(text.replace("\x00", ""))
            if not data:
                return
        yield from super().feed(data)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if alt or (len(sequence) == 2 and sequence[0] == "\x1b" and sequence[1] in _APART):
            yield events.Key("escape", "\x1b")
            sequence = sequence[-1]
        yield from super()._sequence_to_key_events(sequence)


def use() -> None:
    """Make Textual read the terminal with `Parser`. Call it before the app runs."""
    if sys.platform == "win32":
        return
    if "ESCDELAY" not in os.environ:
        constants.ESCAPE_DELAY = _ESCAPE_SECONDS  # type: ignore[misc]
    from textual.drivers import linux_driver

    linux_driver.XTermParser = Parser  # type: ignore[attr-defined]

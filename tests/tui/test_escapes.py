"""What the terminal sends, as events."""

from __future__ import annotations

import pytest
from textual import events

from tui.escapes import Parser


def read(*packets: str) -> list[str]:
    """The keys and pastes of some packets."""
    parser = Parser()
    found = [event for packet in packets for event in parser.feed(packet)]
    parser.feed("")
    return [
        event.key if isinstance(event, events.Key) else repr(event.text)
        for event in found
        if isinstance(event, events.Key | events.Paste)
    ]


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        (["ab\r"], ["a", "b", "enter"]),
        (["\x1b[200~a\r\nb\x1b[201~\r"], ["'a\\r\\nb'", "enter"]),
        (["x\x1b[200~a", "b\x1b[2", "01~y"], ["x", "'ab'", "y"]),
        (["\x1b[200~\x1b]0;t\x07\x1b[2J\r\x00\x1b[201~"], ["'\\x1b]0;t\\x07\\x1b[2J\\r'"]),
        (["\x1b[200~a\x1b[201~\x1b[200~b\x1b[201~"], ["'a'", "'b'"]),
        (["\x1b[200~\x1b[201~\x1b[D"], ["''", "left"]),
        (["\x1b\x1b[D"], ["escape", "left"]),
        (["\x1b[1;3D"], ["alt+left"]),
    ],
)
def test_packets(packets: list[str], expected: list[str]) -> None:
    assert read(*packets) == expected


@pytest.mark.parametrize("key", ["t", " ", "1", "T"])
def test_escape_and_a_key_are_two_keys(key: str) -> None:
    parser = Parser()
    found = list(parser.feed(f"\x1b{key}"))
    parser._timeout_time = 0.0 if not found else None  # the wait for more of a sequence is over
    found += parser.tick()
    keys = [event for event in found if isinstance(event, events.Key)]
    assert keys[0].key == "escape" and keys[1].character == key

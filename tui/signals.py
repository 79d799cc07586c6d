"""The signals that end helo: ctrl+c, `kill`, and a terminal that is closed.

One that whoever started this process ignores, as nohup does, stays ignored.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import Signals
from types import FrameType

ENDING = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)

_last = Signals.SIGINT


def exit_status() -> int:
    """The exit status after such a signal: 128 and the number of the last one that came."""
    return 128 + _last


def killed() -> bool:
    """Whether the last one that came was not ctrl+c's."""
    return _last is not Signals.SIGINT


@contextmanager
def handled(handler: Callable[[Signals], None], *only: Signals) -> Iterator[None]:
    """Have the signals that end helo, or `only` some of them, call this instead, in the main thread."""

    def handle(number: int, frame: FrameType | None) -> None:
        global _last
        _last = Signals(number)
        handler(_last)

    taken = [each for each in only or ENDING if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, handle) for each in taken}
    try:
        yield
    finally:
        for each, handler_before in before.items():
            signal.signal(each, handler_before)


class Interruption:
    """Raises KeyboardInterrupt, so that every signal ends what is done as ctrl+c does; but ctrl+c alone
    more than once: `timeout` sends SIGTERM twice, and the second must not end the cleaning up."""

    def __init__(self) -> None:
        self._come = False

    def __call__(self, number: Signals) -> None:
        if number is Signals.SIGINT or not self._come:
            self._come = True
            raise KeyboardInterrupt


class Interrupts:
    """How often ctrl+c was pressed; all that comes of the other signals counts once."""

    def __init__(self) -> None:
        self._pressed = 0
        self._told = False

    def __call__(self, number: Signals) -> None:
        if number is Signals.SIGINT:
            self._pressed += 1
        else:
            self._told = True

    @property
    def count(self) -> int:
        return self._pressed + self._told


@contextmanager
def ending() -> Iterator[None]:
    """Have them all end what is done, for a process that has just begun."""
    global _last
    _last = Signals.SIGINT
    with handled(Interruption()):
        yield


@contextmanager
def interrupts(*only: Signals) -> Iterator[Interrupts]:
    """Count the signals instead of ending, so that no line is lost half-way."""
    counter = Interrupts()
    with handled(counter, *only):
        yield counter

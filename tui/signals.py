"""The signals that end helo: SIGINT (ctrl+c), SIGTERM (`kill`) and SIGHUP (the terminal was closed).

A signal that the parent process set to be ignored, as nohup does, stays ignored.
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
    """The exit status after such a signal: 128 plus the number of the last one received."""
    return 128 + _last


def killed() -> bool:
    """Whether the last signal received was another one than ctrl+c's."""
    return _last is not Signals.SIGINT


@contextmanager
def handled(handler: Callable[[Signals], None], *only: Signals) -> Iterator[None]:
    """Have the signals that end helo, or only those in `only`, call `handler` instead. Main thread only."""

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
    """Raises KeyboardInterrupt, so that every signal ends the work as ctrl+c does.

    Only ctrl+c does so more than once. `timeout` sends SIGTERM twice, and the second must not interrupt the
    cleanup.
    """

    def __init__(self) -> None:
        self._come = False

    def __call__(self, number: Signals) -> None:
        if number is Signals.SIGINT or not self._come:
            self._come = True
            raise KeyboardInterrupt


class Interrupts:
    """Counts ctrl+c presses. All other signals together count once."""

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
    """Make every signal interrupt the work. For a process that has just started."""
    global _last
    _last = Signals.SIGINT
    with handled(Interruption()):
        yield


@contextmanager
def interrupts(*only: Signals) -> Iterator[Interrupts]:
    """Count signals instead of ending, so that no line is lost half-way."""
    counter = Interrupts()
    with handled(counter, *only):
        yield counter

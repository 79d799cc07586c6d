"""What this machine has and how fast it trains, found out by child processes.

Threads wait for the children, not workers: quitting the app must not wait for a child that imports torch.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, TypeVar

from engine.config import TrainConfig
from engine.runs import launch

T = TypeVar("T")
Pace = list[float]
"""Characters per second on each rung of the recipe's ladder."""


class Machine:
    """Runs one child process at a time, since two would slow each other down."""

    def __init__(self, tell: Callable[[], object]) -> None:
        """`tell` is called from another thread each time more is known."""
        self._tell = tell
        self._one = Lock()
        self._facts: Future[dict[str, Any]] | None = None
        self._paces: dict[str, Future[Pace]] = {}

    def look(self) -> None:
        """Find out which devices this machine has."""
        self._facts = self._ask(launch.device_facts)

    def measure(self, device: str, again: bool = False) -> Future[Pace]:
        """The training speed on a device. It is measured only once, unless `again` is set and it failed."""
        asked = self._paces.get(device)
        if asked is None or (again and _problem(asked)):
            asked = self._paces[device] = self._ask(
                lambda: launch.pace(device, TrainConfig.dtype, TrainConfig.threads)
            )
        return asked

    @property
    def facts(self) -> dict[str, Any]:
        """The result of `launch.device_facts`; empty until it is known."""
        return _answer(self._facts) or {}

    def pace(self, device: str) -> Pace | None:
        """The measured speeds; None if they are not known yet."""
        return _answer(self._paces.get(device))

    def problem(self, device: str) -> str:
        """Why something could not be found out; empty if nothing failed."""
        return _problem(self._facts) or _problem(self._paces.get(device))

    def __str__(self) -> str:
        """The devices and processors of this machine."""
        facts = self.facts
        kinds = facts.get("devices", [])
        names = [f"{kind} ({facts['names'].get(kind, kind)})" for kind in kinds]
        precision = ", bfloat16" if facts.get("bfloat16") else ""
        return f"{', '.join(names)}, {facts['processors']} processors{precision}" if names else ""

    def _ask(self, question: Callable[[], T]) -> Future[T]:
        asked = Future[T]()

        def answer() -> None:
            try:
                with self._one:
                    asked.set_result(question())
            except Exception as error:
                asked.set_exception(error)
            self._tell()

        Thread(target=answer, daemon=True).start()
        return asked


def _answer(asked: Future[T] | None) -> T | None:
    return asked.result() if asked and asked.done() and not asked.exception() else None


def _problem(asked: Future[Any] | None) -> str:
    return str(asked.exception()) if asked and asked.done() and asked.exception() else ""

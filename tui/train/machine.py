"""What this machine has and how fast it trains, found out by child processes.

Threads wait for the children, not workers: quitting the app must not wait for a child that imports torch.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Lock, Thread
from typing import Any, TypeVar

from engine.config import TrainConfig
from engine.runs import launch, recipe

T = TypeVar("T")
Facts = dict[str, Any]
"""What `launch.device_facts` finds."""
Pace = list[float]
"""Characters per second on each rung of the recipe's ladder."""


class Measuring(Future[Pace]):
    """A measurement of the pace. Its text says how far it is."""

    networks = 0

    def __str__(self) -> str:
        far = f": network {self.networks + 1} of {len(recipe.LADDER)}"
        return f"measuring this machine{far if self.networks else ''} …"


class Machine:
    """Runs one child process at a time, since two would slow each other down."""

    def __init__(self, tell: Callable[[], object]) -> None:
        """`tell` is called from another thread each time more is known."""
        self._tell = tell
        self._one = Lock()
        self._facts: Future[Facts] | None = None
        self._paces: dict[str, Measuring] = {}

    def look(self) -> Future[Facts]:
        """Find out which devices this machine has, once, and again if that failed."""
        if self._facts is None or _problem(self._facts):
            self._facts = self._ask(launch.device_facts, Future())
        return self._facts

    def measure(self, device: str, again: bool = False) -> Measuring:
        """The training speed on a device. It is measured only once, unless `again` is set and it failed."""
        asked = self._paces.get(device)
        if asked is None or (again and _problem(asked)):
            asked = self._paces[device] = Measuring()
            self._ask(partial(self._pace, device, asked), asked)
        return asked

    def _pace(self, device: str, asked: Measuring) -> Pace:
        def report(networks: int) -> None:
            asked.networks = networks
            self._tell()

        return launch.pace(device, TrainConfig.dtype, TrainConfig.threads, report)

    @property
    def facts(self) -> Facts:
        """Empty until they are known."""
        return _answer(self._facts) or {}

    def pace(self, device: str) -> Pace | None:
        """The measured speeds; None if they are not known yet."""
        return _answer(self._paces.get(device))

    def measuring(self, device: str) -> str:
        """How far the measurement of a device is."""
        return str(self._paces.get(device) or Measuring())

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

    def _ask(self, question: Callable[[], T], asked: Future[T]) -> Future[T]:
        """Answer a question in a thread of its own."""

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

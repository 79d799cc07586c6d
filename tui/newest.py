"""Slow work for a screen: one piece at a time in a thread, always the newest that was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import Generic, TypeVar, cast

from textual.widget import Widget

from engine.errors import HeloError

T = TypeVar("T")
R = TypeVar("R")


class Newest(Generic[T, R]):
    """Does what was asked for last, as soon as what it does now is done; what came between is left out."""

    def __init__(
        self,
        widget: Widget,
        work: Callable[[T], R],
        done: Callable[[T, R], object],
        failed: Callable[[HeloError], object],
    ) -> None:
        """`work` runs in a thread, `done` and `failed` in the screen's, unless the widget has gone."""
        self._widget, self._work, self._done, self._failed = widget, work, done, failed
        self._asked: T | None = None
        self._gently = False
        self._busy = False

    def ask(self, what: T, gently: bool = False) -> None:
        """Do this next; `gently`, rest as long as it took before anything else is done."""
        self._asked, self._gently = what, gently
        if not self._busy:
            self._busy = True
            self._widget.run_worker(self._run(), group="newest", exit_on_error=False)

    @property
    def waiting(self) -> bool:
        """Whether there is something to do next."""
        return self._asked is not None

    async def _run(self) -> None:
        try:
            while (what := self._asked) is not None:
                self._asked, begun = None, monotonic()
                try:
                    found = await _in_thread(self._work, what)
                except HeloError as error:
                    self._failed(error)
                else:
                    self._done(what, found)
                if self._gently:
                    await asyncio.sleep(monotonic() - begun)
        finally:
            self._busy = False


def _in_thread(work: Callable[[T], R], what: T) -> asyncio.Future[R]:
    """Do this in a thread that helo does not wait for when it quits."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()

    def settle(found: R | None, error: Exception | None) -> None:
        if future.done():  # cancelled
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(cast(R, found))

    def run() -> None:
        found, error = None, None
        try:
            found = work(what)
        except Exception as problem:
            error = problem
        with suppress(RuntimeError):  # the app has ended
            loop.call_soon_threadsafe(settle, found, error)

    Thread(target=run, daemon=True).start()
    return future

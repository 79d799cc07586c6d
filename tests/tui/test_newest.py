"""Slow work for a screen: the newest is done, the rest left out, and nobody waits for it to quit."""

from __future__ import annotations

import asyncio
import threading

from textual.app import App
from textual.pilot import Pilot

from engine.errors import HeloError, UsageError
from tests.tui.writing import Until
from tui.newest import Newest


async def test_only_the_newest_is_done_next(until: Until) -> None:
    goes, done, failed = threading.Event(), list[tuple[int, int]](), list[HeloError]()

    def work(what: int) -> int:
        if what == 0:
            raise UsageError("nothing")
        assert goes.wait(20)
        return what * what

    app = App[None]()
    async with app.run_test() as pilot:
        newest = Newest(
            app.screen, work, lambda what, found: done.append((what, found)), failed.append
        )
        newest.ask(1)
        await until(pilot, lambda: not newest.waiting)
        for what in (2, 3, 4):
            newest.ask(what, gently=True)
        assert newest.waiting
        goes.set()
        await until(pilot, lambda: done == [(1, 1), (4, 16)])
        newest.ask(0)
        await until(pilot, lambda: failed)
        assert str(failed[0]) == "nothing" and not newest.waiting
        newest.ask(5)
        await until(pilot, lambda: done[2:] == [(5, 25)])


def test_work_that_never_ends_does_not_keep_the_app() -> None:
    never, begun, done = threading.Event(), threading.Event(), list[object]()

    def work(what: int) -> None:
        begun.set()
        never.wait()

    async def quits() -> None:
        app = App[None]()

        async def play(pilot: Pilot[None]) -> None:
            Newest(app.screen, work, lambda *found: done.append(found), done.append).ask(1)
            while not begun.is_set():
                await pilot.pause(0.01)
            app.exit()

        await app.run_async(headless=True, auto_pilot=play)  # type: ignore[arg-type]

    asyncio.run(quits())  # which waits for the usual threads
    assert not never.is_set() and not done
    never.set()

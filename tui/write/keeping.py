"""What the Write screen does so that what is written is there again: keep it, and open it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

from engine.errors import HeloError
from tui.text import one_line
from tui.write.kept import shelf
from tui.write.kept.keeper import Keeper
from tui.write.kept.reopened import Recovered, Reopened, reopen, replayed
from tui.write.kept.screen import SessionList
from tui.write.walk import Walk

_SECONDS = 1.0
"""How often is written what was shown since."""
_CUT_OFF = "The last time was cut short: /sessions has what you wrote"


class Keeping(Walk):
    """Keeps the passages of the screen in sessions, and opens older ones."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.keeper = Keeper()
        self.cut_off: list[str] = []
        """Lines for the welcome, if the last session was cut off."""
        self._leaving = Event()
        self._told: HeloError | None = None

    def on_mount(self) -> None:
        self.set_interval(_SECONDS, self.keep)
        self.run_worker(self._look_back(), group="sessions")

    def on_unmount(self) -> None:
        self._leaving.set()
        self.keeper.close(ended=self.app._exception is None)

    async def _look_back(self) -> None:
        if await asyncio.to_thread(shelf.cut_off):
            self.cut_off = ["", _CUT_OFF]
            if self.session.opened:
                self.transcript.welcome = [*self.transcript.welcome, *self.cut_off]

    def keep(self) -> None:
        """Have what is new written, and tell once why that cannot be done."""
        self.keeper.flush()
        trouble = self.keeper.trouble
        if trouble and not self._told:
            self.complain(f"what you write is not kept: {trouble}")
        self._told = trouble

    def sessions(self) -> None:
        """Let the user choose one of the older sessions."""
        self.pause()
        self.app.push_screen(SessionList(), self._chosen)

    def _chosen(self, path: Path | None) -> None:
        if path:
            self.run_worker(self._open_session(path), group="sessions")

    async def _open_session(self, path: Path) -> None:
        with self.complaining():
            self.say(f"opening {path.stem}…")
            found = await asyncio.to_thread(reopen, path)
            self._stand(found)
            self.say(found.note or f"{path.stem} is open again")
            for each in reversed(found.passages):
                await self._read_again(each)

    def _stand(self, found: Reopened) -> None:
        """Put the passages of a session into the transcript."""
        for each in found.passages:
            passage, begun = each.passage, each.told.begun
            head = f"{begun.name} · seed {begun.seed}"
            closed = "" if each.stepper else f" · to read: {passage.closed}"
            self.transcript.add_note(one_line(f"{head}{closed}"))
            self.transcript.add_passage(passage)
            self.keeper.adopt(passage, each.told, found.book)
        self.screen.set_focus(self.transcript)
        self.choose(found.passages[-1].passage)

    async def _read_again(self, each: Recovered) -> None:
        """Have the network read a passage again, so that it can be gone on with."""
        if each.stepper is None or self._leaving.is_set():
            return
        passage = each.passage
        try:
            made = await asyncio.to_thread(replayed, each.told, each.stepper, self._leaving.is_set)
        except HeloError as error:
            passage.closed = str(error)
            return
        if self._leaving.is_set():
            return
        for id, branch in passage.branches.items():
            branch.generation = made[id]
        passage.closed = ""
        if passage is self.passage:
            passage.change(self.session.state.sampling)
            self.present()

"""The line that shows what is being imported or downloaded, and the workers that do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import on, work
from textual.message import Message
from textual.widgets import Static

from engine.errors import HeloError
from engine.text.corpus import Corpus
from engine.words import counted
from tui.obtain import Stopped
from tui.phrases import UNITS
from tui.text import one_line, visible
from tui.trouble import TellsTrouble

Import = Callable[[Callable[[str], object], Callable[[str], object]], Corpus]
"""Makes a corpus in a thread worker. Its arguments are called with the progress and with each note."""
_GROUP = "import"


class Imports(TellsTrouble, Static):
    """Any number of imports at once. Hidden if there are none."""

    DEFAULT_CSS = """
    Imports { height: auto; padding: 0 2; color: $text-warning; display: none; }
    """

    @dataclass
    class _Told(Message):
        """An import made progress."""

        ref: str
        far: str

    @dataclass
    class Ended(Message):
        """An import ended."""

        ref: str
        text: str
        """What to say, in words of the engine."""
        failed: bool = False
        stopped: bool = False

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._far: dict[str, str] = {}
        """The progress of each import, by what was asked for."""

    @property
    def importing(self) -> bool:
        return bool(self._far)

    def start(self, ref: str, make: Import) -> None:
        """Start importing `ref`, unless it is being imported already."""
        if ref in self._far:
            self.notify(visible(f"{ref} is being imported already"), markup=False)
            return
        self._show(ref, "")
        self._import(ref, make)

    def stop(self) -> None:
        """Cancel all imports. Nothing is left behind."""
        self.workers.cancel_group(self, _GROUP)

    @work(thread=True, group=_GROUP, exit_on_error=False)
    def _import(self, ref: str, make: Import) -> None:
        notes: list[str] = []
        try:
            info = make(lambda far: self.post_message(self._Told(ref, far)), notes.append).info
            done = f"{info.name}: {counted(info.chars, UNITS[info.units])} imported"
            self.post_message(self.Ended(ref, "\n".join((done, *notes))))
        except Stopped as error:
            self.post_message(self.Ended(ref, f"{ref}: {error}", stopped=True))
        except HeloError as error:
            self.post_message(self.Ended(ref, str(error), failed=True))

    @on(_Told)
    def _tell(self, told: _Told) -> None:
        if told.ref in self._far:
            self._show(told.ref, told.far)

    @on(Ended)
    def _end(self, ended: Ended) -> None:
        del self._far[ended.ref]
        self._update()

    def _show(self, ref: str, far: str) -> None:
        self._far[ref] = far
        self._update()

    def _update(self) -> None:
        self.display = self.importing
        lines = (one_line(f"importing {ref} … {far}") for ref, far in self._far.items())
        self.update("\n".join(lines))

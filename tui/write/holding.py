"""`/hold`: a unit that keeps a value while the network writes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from engine.errors import UsageError
from tui.write.command import Host
from tui.write.passage import Passage
from tui.write.session import Opened, Session, number


class Writing(Protocol):
    """Where passages are shown and written: the Write screen."""

    session: Session
    passage: Passage | None

    @property
    def looked_at(self) -> int: ...

    def pause(self) -> None: ...

    def complaining(self) -> AbstractContextManager[None]: ...

    def show_new(self, passage: Passage, opened: Opened) -> None: ...


def hold(host: Host, argument: str) -> None:
    """Hold a unit, given with a value, from the next passage on, or none."""
    match argument.split():
        case []:
            host.session.hold("", None)
            host.say("no unit is held, from the next passage on")
        case [unit, value]:
            host.session.hold(unit, number(value.replace("−", "-"), "hold", float))
            assert host.session.held
            host.say(f"holds {host.session.held.told}, from the next passage on")
        case _:
            raise UsageError("/hold needs a unit and a value, as in /hold layers.1.c[368] 1")


def write_on(pane: Writing, unit: str, value: float | None) -> None:
    """Let a new passage go on from the cursor, with a unit held at a value or let go. Its draws are those
    of the passage before."""
    pane.pause()
    if (passage := pane.passage) and (opened := pane.session.opened):
        with pane.complaining():
            before = passage.ids()[: pane.looked_at]
            pane.show_new(pane.session.begin_held(unit, value, passage, before), opened)

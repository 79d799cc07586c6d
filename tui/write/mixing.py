"""`/mix`: a second model that writes with the open one, and its share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from engine.writing.mixture import parse_mix
from tui.write.command import SCREEN, Host
from tui.write.passage import Passage
from tui.write.session import Opened, Session, open_ref

STEP = 0.05
"""By how much a key changes the share."""
_MARKS = 10
"""Cells of the slider beside the one that stands for the share."""


def mix(host: Host, argument: str) -> Awaitable[object] | None:
    """Mix in a model, given as MODEL:SHARE, or none."""
    if not argument:
        host.session.mix(None, 0.0, host.passage)
        host.say("one model writes, from the next passage on")
        return None
    ref, share = parse_mix(argument)
    known = host.session.other
    if known and known.ref == ref:
        _take(host, known, share)
    elif host.place == SCREEN:
        return _open(host, ref, share)
    else:
        _take(host, open_ref(ref), share)
    return None


async def _open(host: Host, ref: str, share: float) -> None:
    """The screen answers keys meanwhile."""
    _take(host, await asyncio.to_thread(open_ref, ref), share)


def _take(host: Host, other: Opened, share: float) -> None:
    host.session.mix(other, share, host.passage)
    writer = host.session.writer
    assert writer
    now = host.passage is not None and host.passage.model is writer
    host.say(f"{writer.name}, {'from here' if now else 'from the next passage'} on")


def slide(session: Session, passage: Passage | None, way: int) -> str:
    """Make the share of the second model a step smaller or larger. Returns why not, if there is none."""
    if session.other is None:
        return "one model writes: /mix MODEL:SHARE mixes in another one"
    share = round(session.share + STEP * way, 2)
    session.mix(session.other, min(max(share, 0.0), 1.0), passage)
    return ""


def slider(share: float) -> str:
    """A share as a place on a line."""
    at = round(share * _MARKS)
    return "─" * at + "●" + "─" * (_MARKS - at)

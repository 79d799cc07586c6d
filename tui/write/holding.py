"""`/hold`: a unit that keeps a value while the network writes."""

from __future__ import annotations

from engine.errors import UsageError
from tui.write.command import Host
from tui.write.session import number


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

"""How much longer a run is to train, from what a person asks for. Needs no torch.

The steps are counted from where the run stands, whether it has finished, was stopped or has failed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.config import (
    MOST_EPOCHS,
    MOST_SECONDS,
    MOST_STEPS,
    check_count,
    check_number,
    time_span,
)
from engine.errors import RunError, UsageError
from engine.runs.events import Event, Extended, Progress, Started
from engine.runs.layout import layout
from engine.runs.rundir import RunDirectory
from engine.words import counted, quoted


@dataclass(frozen=True)
class Longer:
    """How much longer a run is to train."""

    steps: int
    seconds: float = 0.0
    """If it is not 0, the run trains for so long, and `steps` is only about how many that will be."""


NO_LONGER = Longer(0)
"""To where it was to end."""
_RECENT = 100
"""Progress events that tell the pace."""
_COUNTED = re.compile(r"([0-9.,]{1,40}) *(step|epoch)s?")


def check(run: RunDirectory) -> None:
    """Raises RunError for a run that cannot be trained longer, with what to do instead."""
    if run.alive():
        raise RunError(f"run {run.name} is training: stop it first, then train it longer")
    if race := run.info().race:
        raise RunError(
            f"run {run.name} belongs to {race}, whose runs are compared at equal length: "
            "start a new run from its model"
        )
    if not run.states():
        raise RunError(f"run {run.name} has saved nothing yet: resume it first")


def planned(events: list[Event], asked: Mapping[str, Any]) -> Longer:
    """What an amount means, one of `LENGTHS` with its value, for a run with these folded events. The steps
    of some seconds go by the pace at which it trained.

    Raises UsageError for an amount out of range, RunError if the run has not trained long enough to tell.
    """
    if len(asked) != 1:
        raise UsageError("say how much longer with one of --steps, --epochs and --seconds")
    ((unit, amount),) = asked.items()
    seconds = 0.0
    if unit == "steps":
        check_count("steps", amount, 1, MOST_STEPS)
        number = int(amount)
    elif unit == "epochs":
        check_number("epochs", amount, 0, MOST_EPOCHS, over=True)
        number = math.ceil(amount * _steps_per_epoch(events))
    else:
        check_number("seconds", amount, 0, MOST_SECONDS, over=True)
        seconds, number = amount, max(1, int(amount / _seconds_per_step(events)))
    stands = events[-1].step if events else 0
    if stands + number > MOST_STEPS:
        raise UsageError(f"a run takes at most {MOST_STEPS:,} steps: ask for fewer")
    return Longer(number, seconds)


def amount(text: str) -> dict[str, Any]:
    """An amount as a person types it: 500 steps, 2 epochs, 5m or 1h30m.

    Raises UsageError.
    """
    asked = text.strip().casefold()
    try:
        if found := _COUNTED.fullmatch(asked):
            number = float(found[1].replace(",", ""))
            if found[2] == "step" and number.is_integer():
                return {"steps": int(number)}
            if found[2] == "epoch":
                return {"epochs": number}
        elif asked[-1:] in ("h", "m", "s"):  # a number alone could be any of the three
            return {"seconds": time_span(asked)}
    except (ValueError, UsageError):
        pass
    raise UsageError(f"say how much longer as 500 steps, 2 epochs, 5m or 1h30m, not {quoted(text)}")


def as_long_again(events: list[Event]) -> str:
    """As long as the run has trained since it was begun or last trained longer, as `amount` reads it."""
    stands = events[-1].step if events else 0
    begun = max((e.step for e in events if isinstance(e, Extended) and e.step < stands), default=0)
    return counted(max(1, stands - begun), "step")


def _started(events: list[Event]) -> Started:
    found = [event for event in events if isinstance(event, Started)]
    if not found:
        raise RunError("the log of this run does not say how it began: give a number of steps")
    return found[-1]


def _steps_per_epoch(events: list[Event]) -> int:
    began = _started(events)
    sizes = max(1, began.batch), max(1, began.seq_length)  # a log may be damaged
    return layout(max(2, began.train_chars), *sizes).steps_per_epoch


def _seconds_per_step(events: list[Event]) -> float:
    """The time of a step, evaluations included, over the newest part of the log."""
    known = [(0, 0.0), *((e.step, e.seconds) for e in events if isinstance(e, Progress))]
    (first, since), (last, now) = known[-_RECENT:][0], known[-1]
    if last <= first or now <= since:
        raise RunError("this run has trained too little to tell its pace: give a number of steps")
    return (now - since) / (last - first)

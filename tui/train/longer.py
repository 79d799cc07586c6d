"""Asks how much longer a run is to train."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.app import App

from engine.errors import UsageError
from engine.runs import longer
from engine.runs.longer import Longer
from engine.runs.rundir import RunDirectory
from tui.dialogs import AskDialog

_QUESTION = "How much longer should {} train? For example 500 steps, 2 epochs or 5m"


async def ask_how_much(
    app: App[Any], run: RunDirectory, complain: Callable[[UsageError], None]
) -> Longer | None:
    """How much the user says, asked until it is an amount; `complain` shows why it is not. None if the
    user goes back.

    Raises RunError if the run cannot be trained longer.
    """
    await asyncio.to_thread(longer.check, run)
    events = await asyncio.to_thread(run.events)
    text: str | None = longer.as_long_again(events)
    while text is not None:
        text = await app.push_screen_wait(AskDialog(_QUESTION.format(run.name), text))
        try:
            if text is not None:
                return longer.planned(events, longer.amount(text))
        except UsageError as error:
            complain(error)
    return None

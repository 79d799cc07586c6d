"""Keeping a run's model in the library, from any screen that shows the run."""

from __future__ import annotations

import asyncio

from textual.app import App

from engine.errors import HeloError
from engine.runs import library
from engine.runs.rundir import RunDirectory
from tui.dialogs import AskDialog
from tui.text import visible
from tui.told import in_app


async def keep_run(app: App[object], run: RunDirectory) -> bool:
    """Ask for a name until one is accepted, and copy the run's best model into the library.

    Must be awaited in a worker. Returns whether a model was kept.
    """
    name: str | None = run.name
    while name is not None:
        name = await app.push_screen_wait(AskDialog(f"Keep the model of {run.name} as", name))
        if name is None:
            break
        try:
            await asyncio.to_thread(_keep, run, name)
        except HeloError as error:
            app.notify(visible(in_app(error)), severity="error", markup=False)
        else:
            app.notify(visible(f"kept as model {name}"), markup=False)
            return True
    return False


def _keep(run: RunDirectory, name: str) -> None:
    library.keep_model(library.open_model(str(run.folder)), name)

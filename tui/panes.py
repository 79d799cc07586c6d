"""The panes of the tabs that are made when they are first shown. Their imports take time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual.widget import Widget

from engine.network.stepper import Stepper
from tui.remember import State
from tui.write.pane import WritePane


def new_pane(tab: str, state: State, write: WritePane) -> Widget:
    """A new pane for Train, Inspect or Library. Inspect is handed what is written."""
    if tab == "train":
        from tui.train.pane import TrainPane

        return TrainPane(state, id=tab)
    if tab == "inspect":
        from tui.inspect.pane import InspectPane
        from tui.write.holding import write_on

        def path_of(stepper: Stepper) -> Path | None:
            opened = write.session.opened
            return opened.path if opened and opened.stepper is stepper else None

        return InspectPane(write, path_of, partial(write_on, write), id=tab)
    from tui.library.pane import LibraryPane

    return LibraryPane(state, id=tab)

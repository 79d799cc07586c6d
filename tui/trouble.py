"""Reports unexpected errors of workers on the screen; the app keeps running."""

from __future__ import annotations

from textual.widget import Widget
from textual.worker import Worker, WorkerState

from tui.text import one_line


class TellsTrouble(Widget):
    """A widget that shows the unexpected errors of its workers. Run these with exit_on_error=False."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            text = f"unexpected {type(error).__name__}: {error}"
            self.notify(one_line(text), severity="error", markup=False)

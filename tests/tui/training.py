"""The Train screen alone, and what tests see of it."""

from __future__ import annotations

import json

from textual.app import App
from textual.content import Content
from textual.widgets import Static

from engine.runs import recipe
from tui.messages import ModelChosen
from tui.train.pane import TrainPane

FACTS = {"devices": ["cpu"], "names": {"cpu": "test"}, "processors": 2, "bfloat16": False}
PACE = [50_000.0, 20_000.0, 8_000.0, 4_000.0, 2_000.0]


class TrainApp(App[None]):
    """The pane alone."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[object] = []

    def compose(self):
        yield TrainPane()

    def on_model_chosen(self, message: ModelChosen) -> None:
        self.opened.append(message.path)

    @property
    def pane(self) -> TrainPane:
        return self.query_one(TrainPane)

    def text(self, selector: str) -> str:
        """What stands in a part of the pane; nothing in one that was not made yet."""
        for part in self.pane.query(selector).results(Static):
            shown = part.render()
            return shown.plain if isinstance(shown, Content) else str(shown)
        return ""


def found_for(given):
    """The configuration that is found for the corpus `winter`."""
    return recipe.complete(given, chars=1404, V=26, pace=PACE)


def requests(run):
    path = run.run.control_path
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ready(app):
    """The form knows what it would train."""
    return lambda: "parameters" in app.text("#outlook")


def seen(app, text, selector="#note"):
    return lambda: text in app.text(selector)

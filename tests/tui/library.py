"""The Library pane alone in an app, for its tests."""

from __future__ import annotations

from textual.app import App
from textual.content import Content
from textual.widgets import OptionList, Static

from tui.app import HeloApp
from tui.dialogs import ConfirmDialog
from tui.library.pane import LibraryPane
from tui.library.shelf import Kind
from tui.messages import ModelChosen, RunChosen, RunRenamed, TrainOn
from tui.remember import State


class LibraryApp(App[None]):
    """The pane alone."""

    HORIZONTAL_BREAKPOINTS = HeloApp.HORIZONTAL_BREAKPOINTS

    def __init__(self, state: State | None = None) -> None:
        super().__init__()
        self.opened: list[object] = []
        self._remembered = state

    def compose(self):
        yield LibraryPane(self._remembered)

    def on_model_chosen(self, message: ModelChosen) -> None:
        self.opened.append(("model", message.path))

    def on_run_chosen(self, message: RunChosen) -> None:
        self.opened.append(("run", message.folder))

    def on_run_renamed(self, message: RunRenamed) -> None:
        self.opened.append(("renamed", message.old.name, message.new.name))

    def on_train_on(self, message: TrainOn) -> None:
        self.opened.append(("from", message.model) if message.model else ("corpus", message.corpus))

    @property
    def pane(self) -> LibraryPane:
        return self.query_one(LibraryPane)

    @property
    def list(self) -> str:
        box = self.query_one(OptionList)
        options = [box.get_option_at_index(i) for i in range(box.option_count)]
        return "\n".join(str(option.prompt) for option in options)

    @property
    def about(self) -> str:
        shown = self.query_one("#about", Static).render()
        return shown.plain if isinstance(shown, Content) else str(shown)

    @property
    def names(self) -> list[str]:
        """The names of the items that are shown, from the top."""
        return [item.name for item in self.pane._listing._shown.values()]

    @property
    def caption(self) -> str:
        """What stands below the list."""
        return str(self.query_one(OptionList).border_subtitle)

    @property
    def told(self) -> str:
        return "\n".join(note.message for note in self._notifications)

    def choose(self, name: str, *kinds: Kind) -> None:
        """Put the cursor on an item, of one of these kinds if any are given."""
        box = self.query_one(OptionList)
        shown = self.pane._listing._shown
        fits = (key for key, item in shown.items() if not kinds or item.kind in kinds)
        key = next(key for key in fits if shown[key].name == name)
        box.highlighted = box.get_option_index(key)


def listed(app, *names):
    return lambda: all(name in app.list for name in names)


def asking(app, kind=ConfirmDialog):
    return lambda: isinstance(app.screen, kind)

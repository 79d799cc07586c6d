"""All models of the library side by side: which of them would have written this text?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from engine.errors import HeloError
from engine.network import modelfile
from engine.runs import library
from engine.runs.library import ModelEntry
from engine.runs.writers import COMPARED, Verdict, best, verdict
from tui.dialogs import Dialog
from tui.phrases import percent
from tui.read.text import Text
from tui.text import one_line
from tui.told import in_app
from tui.width import cut

_NAME = 40
"""The most cells that a name takes."""

MODELS_BINDINGS: list[BindingType] = [
    Binding("escape", "dismiss(None)", "back", id="models.back", tooltip="Back to the text"),
]


@dataclass(frozen=True)
class Row:
    """A model in the table."""

    entry: ModelEntry
    said: str
    """What is to be said of it while there is no verdict."""
    verdict: Verdict | None = None

    @property
    def order(self) -> tuple[int, float, str]:
        """Those with a verdict by their bits, then those that wait, then those that cannot read it."""
        if self.verdict:
            return 0, self.verdict.bits_per_char, self.entry.name
        return 2 if self.entry.problem else 1, 0.0, self.entry.name


class _Stopped(HeloError):
    """The table was closed."""


class ModelsDialog(Dialog[ModelEntry | None]):
    """The table. It fills while models read the text; Enter takes one, to read the text with it."""

    BINDING_GROUP_TITLE = "Models side by side"
    BINDINGS: ClassVar[list[BindingType]] = MODELS_BINDINGS
    DEFAULT_CSS = """
    ModelsDialog {
        & > Vertical { width: 84; max-width: 100%; }
        & .question { width: 1fr; max-width: 100%; }
        & #columns { margin-top: 1; color: $text-muted; height: 1; }
        & OptionList {
            height: auto; max-height: 60vh; padding: 0; background: $surface;
            &, &:focus { border: none; }
        }
        &.-lowest #columns { margin-top: 0; }
    }
    """

    class _Told(Message):
        """There is news of a model."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self, text: Text) -> None:
        super().__init__()
        self._text = text
        self._rows: dict[str, Row] = {}

    def compose(self) -> ComposeResult:
        with Vertical():
            about = (
                f"Which model would have written {self._text.name}? Bits per character that a model "
                f"reads, of the first {COMPARED:,}; what it does not know is left out."
            )
            yield Static(Content(one_line(about)), classes="question")
            yield Static(id="columns")
            yield OptionList(id="models")
            yield Static(
                "▶ best of those that leave out as little · Enter: read with it · Esc: back",
                classes="note",
            )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self._judge()

    @work(thread=True, exclusive=True, group="judge", exit_on_error=False)
    def _judge(self) -> None:
        worker = get_current_worker()

        def tell(row: Row) -> None:
            if worker.is_cancelled:
                raise _Stopped
            self.post_message(self._Told(row))

        try:
            rows = [
                Row(entry, "damaged" if entry.problem else "waits") for entry in library.models()
            ]
            for row in rows:
                tell(row)
            content = self._text.get("char", lambda note: None)
            assert isinstance(content, str)
            for row in rows:
                if not row.entry.problem:
                    tell(_judged(row, content, tell))
        except _Stopped:
            pass
        except HeloError as error:
            self.notify(one_line(in_app(error)), severity="error", markup=False)

    def on_models_dialog__told(self, told: _Told) -> None:
        self._rows[told.row.entry.name] = told.row
        table = self.query_one(OptionList)
        at = table.highlighted or 0  # the best, unless the cursor was moved
        chosen = table.get_option_at_index(at).id if at else None
        rows = sorted(self._rows.values(), key=lambda row: row.order)
        winner = best(row.verdict for row in rows if row.verdict)
        name = max(cell_len(one_line(row.entry.name)) for row in rows)
        name = max(len("model"), min(name, _NAME))
        self.query_one("#columns", Static).update(_columns(name))
        table.set_options(
            Option(
                _line(row, name, row.verdict is not None and row.verdict == winner), row.entry.name
            )
            for row in rows
        )
        names = [row.entry.name for row in rows]
        table.highlighted = names.index(chosen) if chosen in names else 0

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        entry = self._rows[str(event.option.id)].entry
        if entry.problem:
            self.notify(one_line(in_app(entry.problem)), severity="error", markup=False)
        else:
            self.dismiss(entry)


def _judged(row: Row, text: str, tell: Callable[[Row], None]) -> Row:
    """The row of a model after it has read the text. `tell` is called with how far it is."""
    try:
        model = modelfile.load(row.entry.path)
        found = verdict(
            model, text, lambda done, of: tell(replace(row, said=f"reads {done / of:.0%}"))
        )
    except _Stopped:
        raise
    except HeloError as error:
        problem = in_app(error)
        return replace(row, said=problem, entry=replace(row.entry, problem=problem))
    return replace(row, verdict=found)


def _columns(name: int) -> Content:
    return Content(f"  {'model':<{name}}{'bits':>9}{'left out':>10}")


def _line(row: Row, name: int, best: bool) -> Content:
    """A line of the table."""
    shown = set_cell_size(cut(one_line(row.entry.name), name), name)
    if row.verdict:
        figures = f"{row.verdict.bits_per_char:9.4f}{percent(row.verdict.left_out):>10}"
        return Content(f"{'▶' if best else ' '} {shown}{figures}")
    return Content(f"  {shown}  {one_line(row.said)}")

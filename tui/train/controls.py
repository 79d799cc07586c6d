"""The widgets for choosing a text and typing the settings of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.reactive import var
from textual.widgets import Button, Input, Select, Static

from engine.cells import CELLS
from engine.config import ModelConfig, TrainConfig, check_device
from engine.errors import UsageError
from engine.network.modelfile import Model, ModelSummary
from engine.words import counted
from tui.text import visible
from tui.train.choice import TextChoice
from tui.train.fields import AUTO, FIELDS, FOUND, Asked, asked, changed, usual
from tui.train.origin import Origin
from tui.train.rows import Row, control

_MORE, _FEWER = "More settings …", "Fewer settings"
_SIZES = frozenset(field.name for field in fields(ModelConfig))


class Controls(VerticalScroll):
    """The choice of a text, and one row per field. Fields that are not common are shown on demand."""

    SCOPED_CSS = False  # the rules depend on classes of the pane
    DEFAULT_CSS = """
    Controls {
        height: 1fr; padding: 1 2 0 2;
        .row { height: 1; margin-bottom: 1; }
        .row .label { width: 16; text-style: bold; }
        .row.-wrong .label { color: $text-error; text-style: bold reverse; }
        .row .hint {
            width: 1fr; padding-left: 2; color: $text-muted;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        .row Input, .row Select { width: 40; }
        .row #corpus { width: 1fr; max-width: 80; }
        SelectCurrent #label { text-wrap: nowrap; text-overflow: ellipsis; }
        #advice { color: $text-muted; margin-bottom: 1; }
        .row Input:focus { background-tint: $primary 20%; text-style: bold; }
        .row #length { width: 20; }
        .row #unit { width: 20; }
        .row #toggle { width: auto; height: 1; margin: 0; padding: 0; border: none; }
        .row #set { width: 1fr; padding-left: 2; color: $text-warning; }
        #more { height: auto; display: none; }
        &.-more #more { display: block; }
    }
    TrainPane.-short Controls {
        padding: 0 1;
        .row, #advice { margin-bottom: 0; }
    }
    TrainPane.-narrow Controls {
        scrollbar-size-vertical: 1;
        .row .label { width: 14; }
        .row .hint { padding-left: 1; }
        .row Input, .row Select { width: 16; }
        .row #file, .row #init_from { width: 28; }
        .row #name { width: 24; }
        .row:focus-within { height: auto; }
        .row:focus-within .hint { text-wrap: wrap; }
        .row #length { width: 12; }
        .row #unit { width: 16; }
    }
    TrainPane.-narrowest Controls {
        .row .hint { display: none; }
        .row #file, .row #init_from, .row #name { width: 1fr; }
        .row #length { width: 9; }
        .row #unit { width: 13; }
    }
    TrainPane.-lowest Controls #advice { display: none; }
    """

    more: var[bool] = var(False, init=False, toggle_class="-more")
    """Whether all fields are shown."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, can_focus=False)
        self._chosen: dict[str, str] = {}
        """What was chosen before a network to start from was."""

    def compose(self) -> ComposeResult:
        fields = {field.key: field for field in FIELDS}
        unit = fields.pop("unit")
        yield Static('Just press Start. "auto" values are chosen for you.', id="advice")
        yield TextChoice()
        for field in fields.values():
            if field.common:
                yield Row(field, *([control(unit)] if field.key == "length" else []))
        with Horizontal(classes="row"):
            yield Button(_MORE, id="toggle", compact=True)
            yield Static("", id="set", markup=False)
        with Vertical(id="more"):
            for field in fields.values():
                if field.key == "init_from":
                    yield Origin(field)
                elif not field.common:
                    yield Row(field)

    def toggle(self) -> None:
        """Show all fields and go to the first one that appears, or show only the common ones."""
        self.more = not self.more
        if self.more:
            self.query_one("#init_from").focus()

    def watch_more(self, more: bool) -> None:
        if not more and self.query("#more *:focus"):
            self.query_one("#toggle").focus()
        self.query_one("#toggle", Button).label = _FEWER if more else _MORE
        self._count()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Origin.Changed)
    def _count(self) -> None:
        """Say which of the hidden fields are set."""
        labels = [f.label for f in changed(self.values(), self._begun) if not f.common]
        text = f"{counted(len(labels), 'more is', 'more are')} set: {', '.join(labels)}"
        self.query_one("#set", Static).update("" if self.more or not labels else text)

    def start_from(self, model: str) -> None:
        """Choose the MODEL to start from, and show it."""
        self.query_one("#init_from", Input).value = model
        self.more = True

    def reveal(self, key: str) -> None:
        """Move the cursor to the control of a field, or another one."""
        for wrong in self.query(f"#{key}"):
            self.more = self.more or bool(self.query(f"#more #{key}"))
            wrong.focus()

    def on_resize(self) -> None:
        """Keep the field that is typed in in sight, as when the line with a problem takes room."""
        focused = self.screen.focused
        if focused and self in focused.ancestors:
            focused.scroll_visible(animate=False)

    def values(self) -> dict[str, str]:
        """What is typed and chosen, by field."""
        controls = (c for c in self.walk_children() if isinstance(c, (Input, Select)))
        return {str(control.id): str(control.value) for control in controls}

    @property
    def begun(self) -> Model | ModelSummary | None:
        """What is known about the model that the training starts from, if any."""
        return self.query_one(Origin).begun

    @property
    def _begun(self) -> ModelConfig | None:
        return self.begun.config if self.begun else None

    def asked(self, devices: Sequence[str]) -> Asked:
        """What is asked for, on a machine with these devices, if they are known.

        Raises UsageError.
        """
        values = self.values()
        found = asked(values, self._begun)
        if problem := self.query_one(Origin).problem:
            raise UsageError(problem)
        if devices:
            check_device(values["device"], values["dtype"], devices)
        return found

    def hint(self, key: str, text: str) -> None:
        """Change the hint beside a field."""
        self.query_one(f"#{key}-hint", Static).update(visible(text))

    def show_found(self, config: TrainConfig | None) -> None:
        """Show in empty fields what the recipe found, or what the network to start from has."""
        for key in FOUND:
            own = getattr(self._begun, key, None)
            found = config and getattr(config, key, getattr(config.model, key, None))
            text = AUTO if found is None else f"{AUTO}: {found:g}"
            text = text if own is None else f"{own}"
            self.query_one(f"#{key}", Input).placeholder = text

    @on(Origin.Changed)
    def _show_sizes(self) -> None:
        """Choose what the network that the training starts from has, or again what was chosen before."""
        chosen = self._chosen or self.values()
        self._chosen = chosen if self._begun else {}
        for field in FIELDS:
            if field.choices and field.key in _SIZES:
                value = usual(field, self._begun) if self._begun else chosen[field.key]
                self.query_one(f"#{field.key}", Select).value = value

    @on(Select.Changed, "#cell")
    def _name_cell(self, changed: Select.Changed) -> None:
        self.hint("cell", CELLS[str(changed.value)].hint)

"""Choosing the model that a training starts from, and finding out about it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on, work
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from engine import names
from engine.errors import HeloError
from engine.network.modelfile import Model, ModelSummary
from engine.runs import beginning
from tui.text import visible
from tui.train.fields import Field
from tui.train.rows import Row
from tui.trouble import TellsTrouble


class Names(Suggester):
    """Completes the names of models and runs."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        fitting = sorted(name for name in names.models() if name.startswith(value))
        return next((name for name in fitting if visible(name) == name), None)


class Origin(Row, TellsTrouble):  # in this order, or the layout is not a row's
    """The row with the model to start from."""

    class Changed(Message):
        """Another model was chosen, or more is known about it."""

    @dataclass
    class Looked(Message):
        """A model was looked at: what is known about it, or what is wrong with it."""

        ref: str
        begun: Model | ModelSummary | None
        problem: str = ""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self._usual = field.hint
        self.begun: Model | ModelSummary | None = None
        """What is known about the chosen model."""
        self.problem = ""
        """What is wrong with the chosen model."""

    def on_mount(self) -> None:
        self._control.suggester = Names()

    @property
    def _control(self) -> Input:
        return self.query_one(Input)

    @property
    def _ref(self) -> str:
        return self._control.value.strip()

    @on(Input.Changed)
    def _choose(self) -> None:
        self._take(None, "")
        if self._ref:
            self._look(self._ref)

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def _look(self, ref: str) -> None:
        try:
            self.post_message(self.Looked(ref, beginning.begun_with(ref)[0]))
        except HeloError as error:
            self.post_message(self.Looked(ref, None, f"--init-from: {error}"))

    @on(Looked)
    def _looked(self, looked: Looked) -> None:
        if looked.ref == self._ref:
            self._take(looked.begun, looked.problem)

    def _take(self, begun: Model | ModelSummary | None, problem: str) -> None:
        self.begun, self.problem = begun, problem
        self.query_one(".hint", Static).update(str(begun.config) if begun else self._usual)
        self.post_message(self.Changed())

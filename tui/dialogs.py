"""Small modal questions. Escape always changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.text import one_line, visible

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box in front of the screen. It fits terminals from 40×10 up."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-narrowest"),
        (60, "-narrow"),
        (100, "-wide"),
    ]
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        & > Vertical {
            width: auto; min-width: 36; max-width: 100%; height: auto; max-height: 100%;
            padding: 1 2; border: round $primary; background: $surface;
        }
        & .question { width: auto; max-width: 76; height: auto; max-height: 60vh; }
        & .buttons { width: auto; height: auto; margin-top: 1; }
        & Button { min-width: 4; margin-right: 2; }
        & .note { color: $text-muted; margin-top: 1; }
        &.-narrow .question { max-width: 84vw; }
        &.-narrowest {
            & > Vertical { padding: 0 1; }
            & .question { max-width: 90vw; }
            & Button { margin-right: 1; }
        }
        &.-lowest {
            & > Vertical { padding: 0 1; }
            & .note, & .buttons { margin-top: 0; }
        }
    }
    """


class ChoiceDialog(Dialog[Answer]):
    """A question with a few answers. Each is a button, and its first letter is its key.

    The last answer has the focus and is what Escape gives, so it should be the harmless one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "answer(-1)", "Change nothing"),
        ("left,up", "app.focus_previous", "Previous"),
        ("right,down", "app.focus_next", "Next"),
    ]

    def __init__(self, question: str, answers: Iterable[tuple[Answer, str]]) -> None:
        super().__init__()
        self._question = question
        self._answers = tuple(answers)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(visible(self._question)), classes="question")
            with Horizontal(classes="buttons"):
                for i, (_, label) in enumerate(self._answers):
                    harmless = i == len(self._answers) - 1
                    yield Button(
                        Content(label),
                        "default" if harmless else "primary",
                        action=f"screen.answer({i})",
                        compact=True,
                    )

    def on_mount(self) -> None:
        self.query(Button).last().focus()

    def action_answer(self, index: int) -> None:
        self.dismiss(self._answers[index][0])

    def on_key(self, event: Key) -> None:
        for answer, label in self._answers:
            if event.character and event.character.lower() == label[:1].lower():
                event.stop()
                self.dismiss(answer)
                return


class QuitDialog(ChoiceDialog[str]):
    """Asks what becomes of the trainings: leave, stop, or stay."""

    def __init__(self, running: bool, starting: str) -> None:
        """`running` says whether trainings are running; `starting` is the text of one that has not started
        yet, or empty."""
        questions, answers = [], [("leave", "Quit"), ("stay", "Back")]
        if starting:
            questions.append(
                f"The training on {starting} has not started yet. It would be dropped."
            )
        if running:
            questions.append(
                "A training is running. It can continue without helo, and helo will find it again."
            )
            answers = [("leave", "Leave it running"), ("stop", "Stop it"), ("stay", "Back")]
        super().__init__(" ".join(questions), answers)


class ConfirmDialog(ChoiceDialog[bool]):
    """A yes-or-no question."""

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__(question, [(True, yes), (False, no)])


class _Line(Input):
    """What hides or moves text, as a paste may, is replaced by its visible form."""

    def validate_value(self, value: str) -> str:
        return one_line(value)


class AskDialog(Dialog[str | None]):
    """A question answered by a line of text; None if the user goes back."""

    DEFAULT_CSS = """
    AskDialog Input { width: 60; max-width: 100%; margin-top: 1; }
    AskDialog.-lowest Input { border: none; height: 1; margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Change nothing")]

    def __init__(self, question: str, value: str) -> None:
        super().__init__()
        self._question = question
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(visible(self._question)), classes="question")
            yield _Line(self._value)
            yield Static("Enter: OK · Esc: cancel", classes="note")

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

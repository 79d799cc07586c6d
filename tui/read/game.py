"""Shannon's game: the user guesses the next characters of a hidden text, and so does the network."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Static
from textual.worker import get_current_worker

from engine.errors import HeloError
from engine.words import counted
from engine.writing.shannon import MOST, ROUNDS, Game, bounds, excerpt
from tui.read.keys import GAME_BINDINGS
from tui.read.line import FactLine
from tui.read.result import Result, digit, level, result
from tui.read.screen import Back
from tui.read.text import Known, Text, glyphs_of, known, usual
from tui.text import one_line, symbol_name
from tui.trouble import TellsTrouble
from tui.write.session import Opened

_STYLES = (0, 2, 3, 4)
"""The style of surprise for each class of guesses."""
_KEYS = {"enter": "\n", "tab": "\t"}
"""Keys that stand for a character, though they have none that can be printed."""


class Board(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Where the game is shown. Each character that is typed is a guess, while one is asked for."""

    class Guessed(Message):
        """A character was typed."""

        def __init__(self, char: str) -> None:
            super().__init__()
            self.char = char

    asks = False
    """Whether a guess is asked for."""

    def compose(self) -> ComposeResult:
        yield Static(id="board")

    def show(self, content: Content) -> None:
        self.query_one(Static).update(content)
        self.scroll_home(animate=False)

    async def _on_key(self, event: events.Key) -> None:
        typed = event.character if event.is_printable else ""
        if self.asks and (char := _KEYS.get(event.key, typed)):
            event.prevent_default().stop()
            self.post_message(self.Guessed(char))


class GamePane(TellsTrouble, Vertical):
    """One game after another on the same text."""

    BINDING_GROUP_TITLE = "SHANNON'S GAME: press the character that comes next"
    BINDINGS: ClassVar[list[BindingType]] = GAME_BINDINGS
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "transcript--cursor",
        "status--quiet",
        *(f"transcript--surprise-{i}" for i in range(5)),
    }
    DEFAULT_CSS = """
    GamePane {
        height: 1fr;
        & > Board {
            height: 1fr; padding: 0 1; border: round $accent;
            scrollbar-size-vertical: 1;
        }
        & #board { height: auto; }
    }
    """

    class _Found(Message):
        """The text is there."""

        def __init__(self, title: str, fitted: Known) -> None:
            super().__init__()
            self.title, self.fitted = title, fitted

    class _Failed(Message):
        def __init__(self, error: HeloError) -> None:
            super().__init__()
            self.error = error

    class _Dealt(Message):
        """A game can begin."""

        def __init__(self, game: Game) -> None:
            super().__init__()
            self.game = game

    def __init__(self, text: Text | None, opened: Opened, back: Back) -> None:
        """Without a text, the usual one is played on."""
        super().__init__()
        self._text, self._opened, self._back = text, opened, back
        self._random = Random()
        self._title = text.name if text else ""
        self._fitted: Known | None = None
        self._game: Game | None = None
        self._result: Result | None = None
        self._said = ""

    def compose(self) -> ComposeResult:
        yield Board()
        yield FactLine("GAME", id="facts")

    def on_mount(self) -> None:
        self._board = self.query_one(Board)
        self._facts = self.query_one(FactLine)
        self._board.focus()
        self._board.show(Content("opening the text…"))
        self._fetch()

    # -- a text, and a game on it

    @work(thread=True, exclusive=True, group="fetch", exit_on_error=False)
    def _fetch(self) -> None:
        worker, alphabet = get_current_worker(), self._opened.model.alphabet
        try:
            text = self._text or usual(self._opened)
            fitted = known(text.get(alphabet.units, lambda note: None), alphabet)
            if not worker.is_cancelled:
                self.post_message(self._Found(text.name, fitted))
        except HeloError as error:
            self.post_message(self._Failed(error))

    def on_game_pane__found(self, found: _Found) -> None:
        self._title, self._fitted = found.title, found.fitted
        heading = f"Shannon's game · {self._title} · against {self._opened.model.name}"
        self._board.border_title = Content(one_line(heading))
        self._deal()

    def on_game_pane__failed(self, failed: _Failed) -> None:
        self._back(failed.error)

    @work(thread=True, exclusive=True, group="deal", exit_on_error=False)
    def _deal(self) -> None:
        assert self._fitted
        stepper = self._opened.stepper
        try:
            ids = excerpt(self._fitted.ids, stepper.alphabet, self._random)
            self.post_message(self._Dealt(Game(stepper, ids)))
        except HeloError as error:
            self.post_message(self._Failed(error))

    def on_game_pane__dealt(self, dealt: _Dealt) -> None:
        self._game, self._result, self._said = dealt.game, None, ""
        self._present()

    # -- playing

    def on_board_guessed(self, guessed: Board.Guessed) -> None:
        game = self._game
        if game is None or self._result:
            return
        alphabet, name = self._opened.model.alphabet, symbol_name(guessed.char, "char")
        self._said = ""
        for symbol in alphabet.symbols_of(guessed.char):  # of a character in bytes, each
            if (id := alphabet.ids.get(symbol)) is None:
                self._said = f"the model does not know {name}: it is not in the text"
            elif id in game.wrong:
                self._said = f"{name} was wrong already"
            elif not game.guess(id):
                self._said = f"not {name}"
            if self._said or game.finished:
                break
        self._advance(game)

    def action_give_up(self) -> None:
        if (game := self._game) and not self._result:
            try:
                game.give_up()
                self._said = ""
            except HeloError as error:
                self._said = str(error)
            self._advance(game)

    def _advance(self, game: Game) -> None:
        if game.finished:
            self._end(game)
        self._present()

    def _end(self, game: Game) -> None:
        self._result = result(game, self._title, self._opened.model.name)
        self._said = ""

    def action_leave(self) -> None:
        if self._game and self._game.guesses and not self._result:
            self._end(self._game)
            self._present()
        else:
            self._back(None)

    def action_again(self) -> None:
        if self._result:
            self._deal()

    def action_scroll(self, way: int) -> None:
        self._board.scroll_relative(y=way, animate=False)

    def action_copy(self) -> None:
        if self._result:
            self.app.copy_to_clipboard(self._result.shared)
            self._said = "copied"
            self._present()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        over = self._result is not None
        match action:
            case "give_up":
                return not over
            case "copy" | "again":
                return over
        return True

    # -- what is shown

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self._present()

    def _present(self) -> None:
        if (game := self._game) is None:
            return
        self._board.asks = self._result is None
        done = len(game.guesses)
        passage = self._passage(game)
        if self._result:
            parts = [*self._over(self._result), Content(""), passage]
        else:
            parts = [passage, Content(""), *self._asked(game)]
        self._board.show(Content("\n").join(parts))
        self._facts.show(
            "the result" if self._result else self._said or "your guess?",
            [
                self._said if self._result else f"character {done + 1} of {ROUNDS}",
                "" if self._result else counted(len(game.wrong), "wrong guess", "wrong guesses"),
            ],
        )
        self.refresh_bindings()

    def _style(self, name: str) -> Style:
        return Style.from_rich_style(self.get_component_rich_style(name))

    def _of_guesses(self, guesses: int) -> Style:
        return self._style(f"transcript--surprise-{_STYLES[level(guesses)]}")

    def _passage(self, game: Game) -> Content:
        """The context, what was guessed, and the place of the next character."""
        ids = game.ids[: game.at]
        shown = glyphs_of(ids, self._opened.model.alphabet)
        context = shown[: game.first].replace("\n", "⏎\n")
        pieces = [Content(f"…{context}")]
        for char, guesses in zip(shown[game.first :], game.guesses, strict=True):
            visible = "⏎\n" if char == "\n" else char
            pieces.append(Content.styled(visible, self._of_guesses(guesses)))
        if not game.finished and not self._result:
            pieces.append(Content.styled("_", self._style("transcript--cursor")))
        return Content.assemble(*pieces)

    def _asked(self, game: Game) -> list[Content]:
        """What is asked, the wrong guesses, and how both did so far."""
        units, symbols = self._opened.model.alphabet.units, self._opened.model.alphabet.symbols
        wrong = " ".join(symbol_name(symbols[id], units) for id in game.wrong)
        hint = "ctrl+n shows it" if game.may_give_up else f"after {MOST}, ctrl+n shows it"
        lines = [
            Content("Which character comes next? Enter is ⏎, the space bar ␣."),
            Content(f"wrong: {wrong}   ({hint})" if wrong else ""),
            Content(""),
        ]
        if game.guesses:
            lines += self._rows(result(game, self._title, self._opened.model.name))
        return lines

    def _rows(self, result: Result) -> list[Content]:
        """Each player's guesses at each character."""
        width = max(len(name) for name, _ in result.players) + 2
        rows = []
        for name, guesses in result.players:
            cells = [Content.styled(digit(g), self._of_guesses(g)) for g in guesses]
            rows.append(Content.assemble(f"{name:<{width}}", Content(" ").join(cells)))
        return rows

    def _over(self, result: Result) -> list[Content]:
        """The result, in words and as it is shared."""
        quiet = self._style("status--quiet")
        lines = [*self._rows(result), Content(""), Content(result.told)]
        for name, guesses in result.players:
            lower, upper = bounds(guesses)
            lines.append(Content(f"{name}: between {lower:.2f} and {upper:.2f} bits a character"))
        lines += [
            Content(f"{name} by its own probabilities: {result.bits:.4f} bits a character"),
            Content.styled("Bounds by Shannon (1951); a few characters say little.", quiet),
            Content(""),
            Content(result.shared),
        ]
        return lines

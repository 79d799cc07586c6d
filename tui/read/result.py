"""The result of Shannon's game, in words and as a text to share."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from engine.words import counted
from engine.writing.shannon import Game, bounds
from tui.curves.ink import BRAILLE, ink
from tui.text import one_line
from tui.width import cut

_CLASSES = (1, 3, 9)
"""The most guesses of the first classes; what took more makes one more class."""
_SQUARES = "🟩🟨🟧🟥"
_NAME = 16
"""The most cells that the name of a model takes."""


def level(guesses: int) -> int:
    """The class, from 0, of a number of guesses."""
    return sum(guesses > most for most in _CLASSES)


def digit(guesses: int) -> str:
    """A number of guesses as one character."""
    return str(guesses) if guesses < 10 else "+"


@dataclass(frozen=True)
class Result:
    """What both needed for the characters that were guessed."""

    text: str
    """The name of the text."""
    model: str
    yours: tuple[int, ...]
    networks: tuple[int, ...]
    bits: float
    """Bits per character by the network's own probabilities."""

    @property
    def players(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Each player's name, and guesses at each character."""
        return ("you", self.yours), (cut(one_line(self.model), _NAME), self.networks)

    @property
    def told(self) -> str:
        """Who won, in a sentence."""
        yours, its = sum(self.yours), sum(self.networks)
        name = self.players[1][0]
        head = f"You needed {counted(yours, 'guess', 'guesses')}, {name} {its:,}"
        if yours == its:
            return f"{head}: a draw."
        return f"{head}: {'you' if yours < its else name} won."

    @property
    def shared(self) -> str:
        """The result as a plain text: squares, or digits where the terminal may not have them."""
        squares = ink().name == BRAILLE.name
        n = counted(len(self.yours), "character")
        lines = [f"helo, Shannon's game: {n} of {one_line(self.text)}"]
        width = max(cell_len(name) for name, _ in self.players)
        for name, guesses in self.players:
            row = "".join(_SQUARES[level(g)] if squares else digit(g) for g in guesses)
            lower, upper = bounds(guesses)
            name += " " * (width - cell_len(name))
            lines.append(f"{name} {row} {lower:.2f}-{upper:.2f} bits")
        return "\n".join(lines)


def result(game: Game, text: str, model: str) -> Result:
    """The result of a game so far, in which at least one character was guessed."""
    return Result(text, model, tuple(game.guesses), tuple(game.ranks), game.bits)

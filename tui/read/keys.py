"""The keys of Read and of Shannon's game."""

from __future__ import annotations

from textual.binding import Binding, BindingType

_SURPRISE = Binding.Group("surprise", compact=True)
_WALK = Binding.Group("walk", compact=True)

READ_BINDINGS: list[BindingType] = [
    Binding("escape", "back", "back", id="read.back", tooltip="Back to Write"),
    Binding(
        "n",
        "surprise(1)",
        "next surprise",
        id="read.next",
        tooltip="To the next character above 7 bits",
        group=_SURPRISE,
    ),
    Binding(
        "N",
        "surprise(-1)",
        "earlier surprise",
        id="read.previous",
        tooltip="to the one before",
        group=_SURPRISE,
    ),
    Binding(
        "left,h",
        "walk(-1)",
        "left",
        id="read.left",
        tooltip="One character back",
        group=_WALK,
    ),
    Binding("right,l", "walk(1)", "right", id="read.right", tooltip="one forward", group=_WALK),
    Binding(
        "m",
        "models",
        "models",
        id="read.models",
        tooltip="All models side by side: which of them would have written it?",
    ),
    Binding("up", "line(-1)", "line up", show=False, id="read.up", tooltip="A line up"),
    Binding("down", "line(1)", "line down", show=False, id="read.down", tooltip="A line down"),
    Binding("pageup", "page(-1)", "page up", show=False, id="read.page-up", tooltip="A page up"),
    Binding(
        "pagedown", "page(1)", "page down", show=False, id="read.page-down", tooltip="A page down"
    ),
    Binding("home", "go(0)", "start", show=False, id="read.start", tooltip="To the start"),
    Binding("end", "go(-1)", "end", show=False, id="read.end", tooltip="To the end"),
]

GAME_BINDINGS: list[BindingType] = [
    Binding(
        "escape",
        "leave",
        "leave",
        id="game.leave",
        tooltip="To the result so far; from there, back to Write",
    ),
    Binding(
        "ctrl+n",
        "give_up",
        "show it",
        id="game.give-up",
        tooltip="Show the character, after ten wrong guesses",
    ),
    Binding("y", "copy", "copy", id="game.copy", tooltip="Copy the result, when the game is over"),
    Binding("enter", "again", "again", id="game.again", tooltip="Another game, after one is over"),
    Binding("up", "scroll(-1)", "up", show=False, id="game.up", tooltip="Scroll up"),
    Binding("down", "scroll(1)", "down", show=False, id="game.down", tooltip="Scroll down"),
]

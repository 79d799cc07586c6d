"""The keys of the lesson."""

from __future__ import annotations

from textual.binding import Binding, BindingType

_PAGES = Binding.Group("pages", compact=True)
_NUMBERS = Binding.Group("numbers", compact=True)

LESSON_BINDINGS: list[BindingType] = [
    Binding("escape", "leave", "back", id="lesson.leave", tooltip="Back to where you were"),
    Binding(
        "space,right,l",
        "turn(1)",
        "on",
        id="lesson.next",
        tooltip="The next page",
        group=_PAGES,
    ),
    Binding(
        "left,h",
        "turn(-1)",
        "back",
        id="lesson.previous",
        tooltip="the page before",
        group=_PAGES,
    ),
    Binding(
        "down",
        "choose(1)",
        "number",
        id="lesson.down",
        tooltip="The next number of the page, and where it comes from",
        group=_NUMBERS,
    ),
    Binding(
        "up",
        "choose(-1)",
        "number",
        id="lesson.up",
        tooltip="the number before",
        group=_NUMBERS,
    ),
    Binding("x", "train", "train", id="lesson.train", tooltip="Take a step of training"),
    Binding(
        "o",
        "only",
        "one/all",
        id="lesson.only",
        tooltip="Let the loss of this step alone count, or that of all four",
    ),
    Binding("c", "cell", "cell", id="lesson.cell", tooltip="Put another cell in its place"),
    Binding("r", "reset", "reset", id="lesson.reset", tooltip="Back to the first weights"),
    Binding("home", "go(0)", "start", show=False, id="lesson.start", tooltip="The first page"),
    Binding("end", "go(-1)", "end", show=False, id="lesson.end", tooltip="The last page"),
]

"""What the transcript says while it is empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.text import brief, one_line
from tui.write.session import Opened, describe


def welcome(opened: Opened, begin: Sequence[str], key_of: Callable[[str], str]) -> list[str]:
    """How to begin, with this model; `begin` has prompts that are offered."""
    enter, later = key_of("prompt.submit"), key_of("prompt.later")
    offered = [
        f"{enter} alone takes the first of these, {later} goes through them:",
        " · ".join(map(one_line, begin)),
    ]
    return [
        f"Type how a text should begin, and press {enter}.",
        *(offered if begin else ()),
        "",
        f"{one_line(opened.model.name)} continues it:",
        brief(describe(opened.model)),
        "",
        f"{key_of('prompt.walk')} walks through the text",
        f"{key_of('app.train')} trains your own network · {key_of('app.inspect')} explains each character",
        f"/ lists commands · {key_of('app.help')} helps",
    ]


def without_model(key_of: Callable[[str], str]) -> list[str]:
    """How to get a model."""
    library, train = key_of("app.library"), key_of("app.train")
    return [
        "No model is open.",
        "",
        f"/model NAME opens one · {library} lists models · {train} trains a new one",
    ]

"""The keys of Inspect, beside those of its panels."""

from __future__ import annotations

from textual.binding import Binding, BindingType

_WALK = Binding.Group("walk", compact=True)
PANEL_KEYS = 4
"""The next key is the lesson's."""

INSPECT_BINDINGS: list[BindingType] = [
    Binding(
        "left,h",
        "walk(-1)",
        "left",
        id="inspect.left",
        tooltip="One character back",
        group=_WALK,
    ),
    Binding("right,l", "walk(1)", "right", id="inspect.right", tooltip="one forward", group=_WALK),
    Binding(
        "space", "run", "write", id="inspect.run", tooltip="Let the model write on, or pause it"
    ),
    Binding("escape", "pause", "pause", show=False, id="inspect.pause", tooltip="Pause"),
    Binding("up", "line(-1)", "line up", show=False, id="inspect.up", tooltip="A line up"),
    Binding("down", "line(1)", "line down", show=False, id="inspect.down", tooltip="A line down"),
    Binding("home", "go(0)", "start", show=False, id="inspect.start", tooltip="To the start"),
    Binding("end", "go(-1)", "end", show=False, id="inspect.end", tooltip="To the end"),
    Binding(
        "pageup",
        "scroll_panel(-1)",
        "page up",
        show=False,
        id="inspect.page-up",
        tooltip="Scroll the panel up",
    ),
    Binding(
        "pagedown",
        "scroll_panel(1)",
        "page down",
        show=False,
        id="inspect.page-down",
        tooltip="Scroll the panel down",
    ),
    *(
        Binding(
            f"{n}",
            f"panel({n - 1})",
            f"panel {n}",
            show=False,
            id=f"inspect.panel-{n}",
            tooltip=f"Panel {n}",
        )
        for n in range(1, PANEL_KEYS + 1)
    ),
    Binding(
        f"{PANEL_KEYS + 1},L",
        "app.lesson",
        "lesson",
        show=False,
        id="inspect.lesson",
        tooltip="The lesson: every number of a network that learns hello",
    ),
    Binding(
        "g",
        "app.choose_tab",
        "screens",
        show=False,
        id="inspect.screens",
        tooltip="Another screen: g and its first letter",
    ),
]

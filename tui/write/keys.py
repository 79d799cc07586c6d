"""The keys of WALK. Lower case lowers a value, upper case raises it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from engine.writing.settings import SETTINGS

_WALK = Binding.Group("walk", compact=True)
_TAKE = Binding.Group("take", compact=True)
_MIX = Binding.Group("mix", compact=True)
_PASSAGE = Binding.Group("passage", compact=True)


def _pair(
    low: str, high: str, action: str, name: str, label: str, lower: str, higher: str
) -> list[BindingType]:
    group = Binding.Group(label, compact=True)
    return [
        Binding(
            low, action.format(-1), label, id=f"write.lower-{name}", tooltip=lower, group=group
        ),
        Binding(
            high, action.format(1), label, id=f"write.raise-{name}", tooltip=higher, group=group
        ),
    ]


WALK_BINDINGS: list[BindingType] = [
    Binding("space", "run", "run/pause", id="write.run", tooltip="Continue from here, or pause"),
    Binding("escape", "pause", "pause", show=False, id="write.pause", tooltip="Pause"),
    Binding(
        "left,h", "walk(-1)", "back", id="write.back", tooltip="One character back", group=_WALK
    ),
    Binding(
        "right,l",
        "walk(1)",
        "forward",
        id="write.forward",
        tooltip="one forward; at the end, write one",
        group=_WALK,
    ),
    *(
        Binding(
            str(rank),
            f"take({rank})",
            "take",
            id=f"write.take-{rank}",
            tooltip="Take that candidate; before the end the text branches there, and nothing is lost",
            key_display="1-9" if rank == 1 else "",
            show=rank == 1,
            group=_TAKE,
        )
        for rank in range(1, 10)
    ),
    *(
        binding
        for setting in SETTINGS.values()
        if setting.keys
        for binding in _pair(
            setting.keys.lower,
            setting.keys.higher,
            f"tune('{setting.name}',{{}})",
            setting.word,
            setting.alias or setting.word,
            f"{setting.word.capitalize()} down",
            f"up: {setting.help.format(setting.letter)}",
        )
    ),
    *(
        Binding(key, f"mix({way})", "mix", show=False, id=id, tooltip=tooltip, group=_MIX)
        for key, way, id, tooltip in (
            ("m", -1, "write.lower-mix", "Less of the model that /mix mixed in"),
            ("M", 1, "write.raise-mix", "more of it"),
        )
    ),
    *_pair("s", "S", "speed({})", "speed", "speed", "Slower", "faster"),
    Binding(
        "c",
        "colour",
        "colour",
        id="write.colour",
        tooltip="What the colours tell: surprisal, rank, entropy, origin, nothing",
    ),
    Binding(
        "apostrophe",
        "type",
        "type",
        show=False,
        id="write.type",
        tooltip="Then any character: it stands here, however unlikely; before the end as a branch",
    ),
    Binding(
        "w",
        "why",
        "why",
        show=False,
        id="write.why",
        tooltip="Say why the first candidate is likelier than the second, or not",
    ),
    Binding(
        "d",
        "details",
        "details",
        show=False,
        id="write.details",
        tooltip="The figures beside the text in full, in its place, or the text again",
    ),
    Binding("b", "branch", "branch", id="write.branch", tooltip="The next branch of the passage"),
    Binding(
        "B",
        "tree",
        "tree",
        show=False,
        id="write.tree",
        tooltip="All its branches: go to one, name it, compare two, delete it",
    ),
    Binding("i", "prompt", "prompt", id="write.prompt", tooltip="Back to the prompt input"),
    Binding(
        "tab",
        "prompt",
        "prompt",
        show=False,
        id="write.prompt-tab",
        tooltip="Back to the prompt input",
    ),
    Binding(
        "g",
        "app.choose_tab",
        "screens",
        show=False,
        id="write.screens",
        tooltip="Another screen: g and its first letter",
    ),
    Binding(
        "slash", "command", "command", show=False, id="write.command", tooltip="Type a command"
    ),
    Binding(
        "y",
        "copy",
        "copy",
        show=False,
        id="write.copy-passage",
        tooltip="Copy the selection; if there is none, the whole passage",
    ),
    Binding("up", "line(-1)", "line up", show=False, id="write.up", tooltip="A line up"),
    Binding("down", "line(1)", "line down", show=False, id="write.down", tooltip="A line down"),
    Binding("home", "go(0)", "start", show=False, id="write.start", tooltip="To the start"),
    Binding("end", "go(-1)", "end", show=False, id="write.end", tooltip="To the end"),
    Binding("pageup", "page(-1)", "page up", show=False, id="write.page-up", tooltip="Scroll up"),
    Binding(
        "pagedown", "page(1)", "page down", show=False, id="write.page-down", tooltip="Scroll down"
    ),
    Binding(
        "left_square_bracket",
        "passage(-1)",
        "earlier",
        show=False,
        id="write.earlier-passage",
        tooltip="The previous passage",
        group=_PASSAGE,
    ),
    Binding(
        "right_square_bracket",
        "passage(1)",
        "later",
        show=False,
        id="write.later-passage",
        tooltip="the next passage",
        group=_PASSAGE,
    ),
    Binding(
        "ctrl+f",
        "find",
        "find",
        show=False,
        id="write.find",
        tooltip="Find words in the transcript; capitals matter only if there is one",
    ),
    Binding(
        "ctrl+c",
        "copy_or_pause",
        "copy",
        show=False,
        id="write.copy",
        tooltip="Copy the selection; if there is none, pause",
    ),
]
"""All but ctrl+c and ctrl+f apply only in WALK."""

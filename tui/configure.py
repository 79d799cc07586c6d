"""`helo config`: a `config.toml` in which every key stands with what it means."""

from __future__ import annotations

import json
from collections.abc import Iterator

from textual.binding import Binding

from engine import places
from engine.storage import make_folder, storage_error
from engine.writing.settings import SETTINGS
from tui.help import HelpScreen
from tui.inspect.far_back import FAR_BACK_BINDINGS
from tui.inspect.keys import INSPECT_BINDINGS
from tui.inspect.units import UNITS_BINDINGS
from tui.inspect.why import WHY_BINDINGS
from tui.keys import APP_BINDINGS
from tui.lesson.keys import LESSON_BINDINGS
from tui.library.pane import LibraryPane
from tui.read.keys import GAME_BINDINGS, READ_BINDINGS
from tui.read.models import MODELS_BINDINGS
from tui.train.form import TrainForm
from tui.train.keys import KEYS
from tui.train.watch import RunView
from tui.write.compare import BranchesCompared
from tui.write.find import Find
from tui.write.kept.screen import SessionList
from tui.write.keys import WALK_BINDINGS
from tui.write.prompt import PromptInput
from tui.write.tree import BranchTree

_HEAD = """\
# What helo reads when it starts. A line counts once the # before it is removed.
# helo never changes this file. What is set here wins over what helo remembers from the last time.

"""
TOP = {
    "theme": ("textual-dark", "The colours; /theme lists the names of the themes."),
    "curves": (
        "braille",
        "What curves are drawn with: braille, blocks or ascii. Without it, whatever suits the terminal.",
    ),
    "ghost": (
        True,
        "Whether what the model would write next stands dimmed behind the prompt while you type.",
    ),
}
"""The keys outside all tables, each with a value that it may have and what it means."""
_SAMPLING = """\
[sampling]
# How a character is drawn.
"""
_KEYS = """
[keys]
# Keys by id; several keys for one id are separated by commas. Letters stand for themselves, capitals too;
# other keys have names, such as f6, ctrl+t, space, left or pagedown.
"""


def write_config() -> bool:
    """Write `config.toml` if there is none. Returns whether it was written.

    Raises StorageError.
    """
    path = places.config()
    make_folder(path.parent)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(config_text())
    except FileExistsError:
        return False
    except OSError as error:
        raise storage_error(path, error) from error
    return True


def config_text() -> str:
    """A `config.toml` that sets nothing: every line that would is a comment."""
    lines = [_HEAD]
    for word, (value, about) in TOP.items():
        lines.append(f"# {about}\n# {word} = {json.dumps(value)}\n\n")
    lines.append(_SAMPLING)
    for setting in SETTINGS.values():
        about = setting.help.format(setting.letter)
        lines += [f"# {about}\n", f"# {setting.word} = {json.dumps(setting.off)}\n"]
    lines.append(_KEYS)
    for title, bindings in key_tables():
        lines.append(f"\n# {title}\n")
        known = {b.id: b for b in bindings if isinstance(b, Binding) and b.id}
        for id, binding in known.items():
            keys = ",".join(b.key for b in bindings if isinstance(b, Binding) and b.id == id)
            about = binding.tooltip or binding.description
            lines.append(f"# {json.dumps(id)} = {json.dumps(keys)}  # {about}\n")
    return "".join(lines)


def every_id() -> set[str]:
    """The ids of all bindings, also of those whose screen has not been created."""
    every = (binding for _, bindings in key_tables() for binding in bindings)
    return {b.id for b in every if isinstance(b, Binding) and b.id}


def key_tables() -> Iterator[tuple[str, list[object]]]:
    """The bindings of every screen that have ids, with a title."""
    yield "Everywhere", [*APP_BINDINGS]
    yield "Write, in the prompt input", [*PromptInput.BINDINGS]
    yield "Write, in WALK", [*WALK_BINDINGS]
    yield "Write, searching", [*Find.BINDINGS]
    yield "Write, the branches", [*BranchTree.BINDINGS]
    yield "Write, two branches", [*BranchesCompared.BINDINGS]
    yield "Write, sessions", [*SessionList.BINDINGS]
    yield "Read", [*READ_BINDINGS]
    yield "Read, the models", [*MODELS_BINDINGS]
    yield "Shannon's game", [*GAME_BINDINGS]
    yield "The lesson", [*LESSON_BINDINGS]
    yield "Train, the form", [*TrainForm.BINDINGS]
    yield "Train, a run", [*KEYS, *RunView.BINDINGS]
    yield "Inspect", [*INSPECT_BINDINGS]
    yield "Inspect, why", [*WHY_BINDINGS]
    yield "Inspect, how far back", [*FAR_BACK_BINDINGS]
    yield "Inspect, units", [*UNITS_BINDINGS]
    yield "Library", [*LibraryPane.BINDINGS]
    yield "Help", [*HelpScreen.BINDINGS]

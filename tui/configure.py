"""`helo config`: a `config.toml` in which every key stands with what it means."""

from __future__ import annotations

import json
from collections.abc import Iterator

from textual.binding import Binding

from engine import places
from engine.storage import make_folder, storage_error
from engine.writing.settings import SETTINGS
from tui.help import HelpScreen
from tui.inspect.keys import INSPECT_BINDINGS
from tui.inspect.why import WHY_BINDINGS
from tui.keys import APP_BINDINGS
from tui.lesson.keys import LESSON_BINDINGS
from tui.library.pane import LibraryPane
from tui.read.keys import GAME_BINDINGS, READ_BINDINGS
from tui.read.models import MODELS_BINDINGS
from tui.train.form import TrainForm
from tui.train.keys import KEYS
from tui.train.watch import RunView
from tui.write.keys import WALK_BINDINGS
from tui.write.prompt import PromptInput

_HEAD = """\
# What helo reads when it starts. A line counts once the # before it is removed.
# helo never changes this file. What is set here wins over what helo remembers from the last time.

# The colours; /theme lists the names of the themes.
# theme = "textual-dark"

# What learning curves are drawn with: braille, blocks or ascii. Without it, whatever suits the terminal.
# curves = "braille"

# Whether what the model would write next stands dimmed behind the prompt while you type.
# ghost = true

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
    for setting in SETTINGS.values():
        about = setting.help.format(setting.letter)
        lines += [f"# {about}\n", f"# {setting.word} = {json.dumps(setting.off)}\n"]
    lines.append(_KEYS)
    for title, bindings in _tables():
        lines.append(f"\n# {title}\n")
        known = {b.id: b for b in bindings if isinstance(b, Binding) and b.id}
        for id, binding in known.items():
            keys = ",".join(b.key for b in bindings if isinstance(b, Binding) and b.id == id)
            about = binding.tooltip or binding.description
            lines.append(f"# {json.dumps(id)} = {json.dumps(keys)}  # {about}\n")
    return "".join(lines)


def every_id() -> set[str]:
    """The ids of all bindings, also of those whose screen has not been created."""
    every = (binding for _, bindings in _tables() for binding in bindings)
    return {b.id for b in every if isinstance(b, Binding) and b.id}


def _tables() -> Iterator[tuple[str, list[object]]]:
    """The bindings of every screen, with a title."""
    yield "Everywhere", [*APP_BINDINGS]
    yield "Write, in the prompt input", [*PromptInput.BINDINGS]
    yield "Write, in WALK", [*WALK_BINDINGS]
    yield "Read", [*READ_BINDINGS]
    yield "Read, the models", [*MODELS_BINDINGS]
    yield "Shannon's game", [*GAME_BINDINGS]
    yield "The lesson", [*LESSON_BINDINGS]
    yield "Train, the form", [*TrainForm.BINDINGS]
    yield "Train, a run", [*KEYS, *RunView.BINDINGS]
    yield "Inspect", [*INSPECT_BINDINGS]
    yield "Inspect, why", [*WHY_BINDINGS]
    yield "Library", [*LibraryPane.BINDINGS]
    yield "Help", [*HelpScreen.BINDINGS]

"""What each slash command does, and what it says of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import UsageError
from engine.storage import write_bytes
from tui.commands import Command
from tui.dialogs import ConfirmDialog
from tui.write.rates import speed_name
from tui.write.session import RANDOM, adjusted, number

if TYPE_CHECKING:
    from tui.write.pane import WritePane

_APP_ACTIONS = {
    "write": "show_tab('write')",
    "train": "show_tab('train')",
    "race": "race",
    "library": "show_tab('library')",
    "palette": "command_palette",
    "help": "help",
    "quit": "quit",
}


async def run_command(pane: WritePane, command: Command, argument: str) -> None:
    """Do what the command says.

    Raises HeloError, with nothing changed.
    """
    if bool(argument) != bool(command.argument):
        takes = f"as in {command.usage}" if command.argument else "takes nothing after it"
        raise UsageError(f"/{command.name} {takes}")
    name = command.name
    if name in _APP_ACTIONS:
        await pane.app.run_action(_APP_ACTIONS[name])
    elif name in ("temperature", "top-k", "top-p", "min-p"):
        _sampling(pane, name, argument)
    else:
        await _OTHERS[name](pane, argument)


def _sampling(pane: WritePane, name: str, argument: str) -> None:
    key = name.replace("-", "_")
    value = number(argument, name, int if key == "top_k" else float)
    pane.set_sampling(adjusted(pane.session.state.sampling, {key: value}))


async def _model(pane: WritePane, argument: str) -> None:
    pane.open(argument)


async def _rng(pane: WritePane, argument: str) -> None:
    pane.session.set_rng(argument)
    rng = pane.session.rng
    pane.say("a new random seed each time" if rng == RANDOM else f"the next passage has rng {rng}")


async def _length(pane: WritePane, argument: str) -> None:
    pane.session.set_length(argument)
    pane.say(f"Enter asks for {pane.session.state.length:,} characters")


async def _speed(pane: WritePane, argument: str) -> None:
    speed = math.inf if argument == "max" else number(argument, "speed", float)
    if not speed > 0:
        raise UsageError("/speed takes characters a second, above 0, or max")
    pane.session.state.speed = speed
    pane.say(f"speed {speed_name(speed)}")


async def _append(pane: WritePane, argument: str) -> None:
    pane.append(argument)


async def _save(pane: WritePane, argument: str) -> None:
    if (passage := pane.passage) is None:
        raise UsageError("there is no passage to save yet")
    path = Path(argument).expanduser()
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file in it")
    data = passage.exact_bytes()

    def save(yes: bool | None) -> None:
        if yes:
            with pane.complaining():
                write_bytes(path, data)
                pane.say(f"{passage.shown:,} characters saved to {path}")

    if path.exists():
        question = ConfirmDialog(f"{path} exists already.", "Overwrite it", "Keep it")
        await pane.app.push_screen(question, save)
    else:
        save(True)


async def _clear(pane: WritePane, argument: str) -> None:
    pane.clear()


async def _walk(pane: WritePane, argument: str) -> None:
    pane.walk()


async def _theme(pane: WritePane, argument: str) -> None:
    if argument not in pane.app.available_themes:
        known = ", ".join(sorted(pane.app.available_themes))
        raise UsageError(f"no theme {argument!r}; there are {known}")
    pane.app.theme = argument


async def _colour(pane: WritePane, argument: str) -> None:
    pane.action_colour()


async def _branch(pane: WritePane, argument: str) -> None:
    pane.action_branch()


_OTHERS = {
    "colour": _colour,
    "branch": _branch,
    "model": _model,
    "rng": _rng,
    "length": _length,
    "speed": _speed,
    "append": _append,
    "save": _save,
    "clear": _clear,
    "walk": _walk,
    "theme": _theme,
}

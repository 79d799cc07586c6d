"""The slash commands: their names, their arguments, and what they do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from textual.app import App

from engine.errors import UsageError
from engine.storage import write_bytes
from engine.words import counted, quoted
from engine.writing.settings import SETTINGS, SamplingConfig, Setting
from tui.dialogs import ConfirmDialog
from tui.write.passage import Passage
from tui.write.rates import speed_name
from tui.write.session import RANDOM, Session, number


class Host(Protocol):
    """What a command may use of the Write screen."""

    session: Session
    passage: Passage | None

    @property
    def app(self) -> App[Any]: ...

    def open(self, *refs: str) -> None:
        """Open a model."""

    def set_sampling(self, sampling: SamplingConfig) -> None: ...

    def append(self, text: str) -> None:
        """Append text to the passage and continue from there."""

    def clear(self) -> None:
        """Empty the transcript."""

    def walk(self) -> None:
        """Switch to WALK."""

    def action_colour(self) -> None: ...

    def action_branch(self) -> None: ...

    def say(self, note: str) -> None:
        """Show a note in the status line for a few seconds."""

    def complaining(self) -> AbstractContextManager[None]:
        """Show a HeloError as a toast."""


@dataclass(frozen=True)
class Command:
    """A word after a slash, its argument if it takes one, and what it does."""

    name: str
    argument: str
    about: str
    do: Callable[[Host, str], Awaitable[object] | None]
    """May raise HeloError; then nothing has changed."""
    keeps_lines: bool = False
    """Whether line ends around the argument are part of it."""

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.argument}".rstrip()

    async def run(self, host: Host, argument: str) -> None:
        """Run the command.

        Raises HeloError; then nothing has changed.
        """
        if bool(argument) != bool(self.argument):
            takes = f"needs an argument: {self.usage}" if self.argument else "takes no argument"
            raise UsageError(f"/{self.name} {takes}")
        if going := self.do(host, argument):
            await going


def _app(action: str) -> Callable[[Host, str], Awaitable[object]]:
    """Runs an action of the app."""
    return lambda host, _: host.app.run_action(action)


def _setting(setting: Setting[Any]) -> Command:
    """The command that changes a setting of sampling."""

    def do(host: Host, argument: str) -> None:
        value = number(argument, setting.word, setting.kind)
        host.set_sampling(replace(host.session.state.sampling, **{setting.name: value}))

    letter = "N" if setting.kind is int else "F"
    about = setting.help.format(letter)
    if setting.low_text:
        about += f"; {setting.low:g} is {setting.low_text}"
    return Command(setting.word, letter, about, do)


def _rng(host: Host, argument: str) -> None:
    host.session.set_rng(argument)
    rng = host.session.rng
    host.say("a new random seed each time" if rng == RANDOM else f"the next passage has rng {rng}")


def _length(host: Host, argument: str) -> None:
    host.session.set_length(argument)
    host.say(f"Enter asks for {counted(host.session.state.length, 'character')}")


def _speed(host: Host, argument: str) -> None:
    host.session.set_speed(argument)
    host.say(f"speed {speed_name(host.session.state.speed)}")


async def _save(host: Host, argument: str) -> None:
    if (passage := host.passage) is None:
        raise UsageError("there is no passage to save yet")
    path = Path(argument).expanduser()
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file in it")
    data = passage.exact_bytes()

    def save(yes: bool | None) -> None:
        if yes:
            with host.complaining():
                write_bytes(path, data)
                host.say(f"{counted(passage.shown, 'character')} saved to {path}")

    if path.exists():
        question = ConfirmDialog(f"{path} exists already.", "Overwrite it", "Keep it")
        await host.app.push_screen(question, save)
    else:
        save(True)


def _theme(host: Host, argument: str) -> None:
    if argument not in host.app.available_themes:
        known = ", ".join(sorted(host.app.available_themes))
        raise UsageError(f"there is no theme {quoted(argument)}; choose from {known}")
    host.app.theme = argument


COMMANDS = (
    Command(
        "model",
        "NAME",
        "write with another model, from the next passage on",
        lambda host, name: host.open(name),
    ),
    *map(_setting, SETTINGS.values()),
    Command("rng", "N", "the random seed of the next passages; -1 takes a new one each time", _rng),
    Command("length", "N", "characters that Enter asks for", _length),
    Command("speed", "N", "characters per second; max is as fast as the model writes", _speed),
    Command(
        "append",
        "TEXT",
        "append TEXT to the passage and continue from there",
        lambda host, text: host.append(text),
        keeps_lines=True,
    ),
    Command(
        "colour",
        "",
        "colour the text by surprisal, or stop",
        lambda host, _: host.action_colour(),
    ),
    Command(
        "branch", "", "show the next branch of the passage", lambda host, _: host.action_branch()
    ),
    Command("save", "FILE", "write the passage to a file, exactly as it is", _save),
    Command("clear", "", "empty the transcript", lambda host, _: host.clear()),
    Command(
        "walk",
        "",
        "look at each character, step, take another one (Esc)",
        lambda host, _: host.walk(),
    ),
    Command("write", "", "this screen (F2)", _app("show_tab('write')")),
    Command("train", "", "train a network, watch a training (F3)", _app("show_tab('train')")),
    Command("race", "", "train networks of several cells in turns, and compare them", _app("race")),
    Command("library", "", "models, runs and corpora (F5)", _app("show_tab('library')")),
    Command("theme", "NAME", "choose other colours", _theme),
    Command("palette", "", "all actions by name (ctrl+p)", _app("command_palette")),
    Command("help", "", "keys and commands (F1)", _app("help")),
    Command("quit", "", "leave helo (ctrl+q)", _app("quit")),
)
ESCAPE = ("//COMMAND …", "a seed that begins with /COMMAND …")
"""How to type a seed that looks like a command, and what it gives."""

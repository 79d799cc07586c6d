"""The slash commands: their names, their arguments, and what they do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import UsageError
from engine.storage import write_bytes
from engine.words import counted, quoted
from engine.writing.rows import Number, Setting
from engine.writing.settings import SETTINGS, SamplingConfig
from tui.write.passage import Passage
from tui.write.rates import speed_name
from tui.write.session import RANDOM, Session, number

if TYPE_CHECKING:
    from textual.app import App

SCREEN, LINES = "screen", "lines"
"""The places where commands are typed: in the app, and in `helo --plain`."""


class Host(Protocol):
    """What every command can ask of the place where it was typed."""

    session: Session
    passage: Passage | None

    @property
    def place(self) -> str:
        """SCREEN or LINES."""

    def open(self, *refs: str) -> None:
        """Open a model."""

    def set_sampling(self, sampling: SamplingConfig) -> None: ...

    def append(self, text: str) -> None:
        """Append text to the passage and continue from there."""

    def clear(self) -> None:
        """Forget what was written."""

    def say(self, note: str) -> None:
        """Tell the user something in one line."""

    def confirm(self, question: str, yes: str, no: str, then: Callable[[], None]) -> None:
        """Ask, and call `then` if the answer is yes. A HeloError from it is shown."""

    def help(self) -> Awaitable[object] | None:
        """Show the commands."""

    def quit(self) -> Awaitable[object] | None:
        """Leave helo."""


class Screen(Host, Protocol):
    """What the commands of the app can also ask."""

    @property
    def app(self) -> App[Any]: ...

    def walk(self) -> None:
        """Switch to WALK."""

    def action_colour(self) -> None: ...

    def action_branch(self) -> None: ...


class Lines(Host, Protocol):
    """What the commands of `helo --plain` can also ask."""

    def tell_candidates(self, count: str) -> None:
        """Print what may come next; `count` may be empty."""

    def take(self, rank: str) -> None:
        """Append the candidate of that rank to the passage and continue from there."""

    def tell_settings(self) -> None:
        """Print the model and the settings."""


@dataclass(frozen=True)
class Command:
    """A word after a slash, its argument if it takes one, and what it does."""

    name: str
    argument: str
    """In square brackets if it may be left out; empty if there is none."""
    about: str
    do: Callable[[Any, str], Awaitable[object] | None]
    """Takes a Host, a Screen or Lines, as `place` says. May raise HeloError; then nothing has changed."""
    place: str = ""
    """The only place where it works; empty if it works in both."""
    binding: str = ""
    """The id of the binding that does the same in the app."""
    keeps_lines: bool = False
    """Whether line ends around the argument are part of it."""
    sets: bool = False
    """Whether it changes a setting, so that `/set NAME VALUE` does the same."""
    also: tuple[str, ...] = ()
    """Other names, for those who know them from other programs."""

    usual: tuple[str, ...] = ()
    """Arguments to offer, of all that it can be."""

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.argument}".rstrip()

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its other names."""
        return (self.name, *self.also)

    @property
    def about_in_full(self) -> str:
        """What it does, and its other names."""
        also = " and ".join(f"/{name}" for name in self.also)
        return f"{self.about}; also {also}" if also else self.about

    def about_on_screen(self, key_of: Callable[[str], str] | None) -> str:
        """What it does, its other names, and the key that does the same, as `key_of` names it."""
        about = self.about_in_full
        return f"{about} ({key_of(self.binding)})" if key_of and self.binding else about

    def run(self, host: Host, argument: str) -> Awaitable[object] | None:
        """Run the command, and return what is still to be awaited. In LINES that is always None.

        Raises HeloError; then nothing has changed.
        """
        if self.place not in ("", host.place):
            raise UsageError(f"/{self.name} {_ELSEWHERE[self.place]}")
        optional = self.argument.startswith("[")
        if bool(argument) != bool(self.argument) and not (optional and not argument):
            takes = f"needs an argument: {self.usage}" if self.argument else "takes no argument"
            raise UsageError(f"/{self.name} {takes}")
        return self.do(host, argument)


_ELSEWHERE = {
    SCREEN: "needs the full-screen app",
    LINES: "is a command of helo --plain; the screen shows this beside the text",
}


def _screen(
    name: str,
    argument: str,
    about: str,
    do: Callable[[Screen, str], Awaitable[object] | None],
    binding: str = "",
) -> Command:
    """A command that only the app has."""
    return Command(name, argument, about, do, SCREEN, binding)


def _app(name: str, about: str, action: str, binding: str = "") -> Command:
    """A command that runs an action of the app."""
    return _screen(name, "", about, lambda screen, _: screen.app.run_action(action), binding)


def _lines(name: str, argument: str, about: str, do: Callable[[Lines, str], None]) -> Command:
    """A command that only `helo --plain` has."""
    return Command(name, argument, about, do, LINES)


def _setting(setting: Setting[Any]) -> Command:
    """The command that changes a setting of sampling. Without its argument, a text is off."""

    def do(host: Host, argument: str) -> None:
        value: Any = argument
        if isinstance(setting, Number):
            value = number(argument, setting.word, setting.kind)
        host.set_sampling(host.session.state.sampling.changed(setting.name, value))

    if not isinstance(setting, Number):
        letter, about = setting.letter, f"{setting.help.format(setting.letter)}; alone, it is off"
        return Command(setting.word, f"[{letter}]", about, do, keeps_lines=True, sets=True)
    letter = "N" if setting.kind is int else "F"
    about = setting.help.format(letter)
    if setting.low_text:
        about += f"; {setting.low:g} is {setting.low_text}"
    usual = tuple(f"{value:g}" for value in setting.usual)
    return Command(setting.word, letter, about, do, sets=True, usual=usual)


def _seed(host: Host, argument: str) -> None:
    host.session.set_seed(argument)
    seed = host.session.seed
    host.say(
        "a new random seed each time" if seed == RANDOM else f"the next passage has seed {seed}"
    )


def _length(host: Host, argument: str) -> None:
    host.session.set_length(argument)
    host.say(f"Enter asks for {counted(host.session.state.length, 'character')}")


def _speed(host: Host, argument: str) -> None:
    host.session.set_speed(argument)
    host.say(f"writes at {speed_name(host.session.state.speed)}")


def _save(host: Host, argument: str) -> None:
    if (passage := host.passage) is None:
        raise UsageError("there is no passage to save yet")
    try:
        path = Path(argument).expanduser()
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, RuntimeError) as error:  # a name that is too long; a user that does not exist
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{quoted(argument)} cannot be written: {why}") from error
    if is_folder:
        raise UsageError(f"{path} is a folder: name a file in it")
    data, length = passage.exact_bytes(), passage.shown

    def save() -> None:
        write_bytes(path, data)
        host.say(f"{counted(length, 'character')} saved to {path}")

    if exists:
        host.confirm(f"{path} exists already.", "Overwrite it", "Keep it", save)
    else:
        save()


def _theme(screen: Screen, argument: str) -> None:
    if argument not in screen.app.available_themes:
        known = ", ".join(sorted(screen.app.available_themes))
        raise UsageError(f"there is no theme {quoted(argument)}; choose from {known}")
    screen.app.theme = argument


def _model(host: Host, argument: str) -> None:
    host.open(argument)


def _append(host: Host, argument: str) -> None:
    host.append(argument)


def _clear(host: Host, argument: str) -> None:
    host.clear()


def _help(host: Host, argument: str) -> Awaitable[object] | None:
    return host.help()


def _quit(host: Host, argument: str) -> Awaitable[object] | None:
    return host.quit()


COMMANDS = (
    Command(
        "model", "NAME", "write with another model, from the next passage on", _model, sets=True
    ),
    *map(_setting, SETTINGS.values()),
    Command(
        "seed",
        "N",
        "the random seed of the next passages; -1 uses a new one each time",
        _seed,
        sets=True,
        also=("rng",),
        usual=("1", "-1"),
    ),
    Command(
        "length",
        "N",
        "characters that Enter asks for",
        _length,
        sets=True,
        usual=("500", "2000", "10000"),
    ),
    Command(
        "speed",
        "N",
        "characters per second; max is as fast as the model writes",
        _speed,
        sets=True,
        usual=("10", "30", "100"),
    ),
    Command(
        "append",
        "TEXT",
        "append TEXT to the passage and continue from there",
        _append,
        keeps_lines=True,
    ),
    _screen(
        "colour",
        "",
        "colour the text by surprisal, or stop",
        lambda screen, _: screen.action_colour(),
    ),
    _screen(
        "branch",
        "",
        "show the next branch of the passage",
        lambda screen, _: screen.action_branch(),
    ),
    _lines(
        "candidates",
        "[N]",
        "the likeliest next characters, and how likely they are",
        lambda lines, count: lines.tell_candidates(count),
    ),
    _lines(
        "take",
        "N",
        "write candidate N and continue from there",
        lambda lines, rank: lines.take(rank),
    ),
    _lines(
        "settings",
        "",
        "the model, the settings, and the length of the passage",
        lambda lines, _: lines.tell_settings(),
    ),
    Command("save", "FILE", "write the passage to a file, exactly as it is", _save),
    Command("clear", "", "forget what was written", _clear),
    _screen(
        "walk",
        "",
        "look at each character, step, take another one",
        lambda screen, _: screen.walk(),
        "prompt.walk",
    ),
    _app("write", "this screen", "show_tab('write')", "app.write"),
    _app("train", "train a network, watch a training", "show_tab('train')", "app.train"),
    _app("race", "train networks of several cells in turns, and compare them", "race"),
    _app("library", "models, runs and corpora", "show_tab('library')", "app.library"),
    Command("theme", "NAME", "choose other colours", _theme, SCREEN, sets=True),
    _app("palette", "all actions by name", "command_palette", "app.palette"),
    Command("help", "", "keys and commands", _help, binding="app.help", also=("?",)),
    Command("quit", "", "leave helo", _quit, binding="app.quit", also=("exit", "bye")),
)
FORMS = (
    ("/set NAME VALUE", "the same as /NAME VALUE, for a setting"),
    ("//TEXT", "a prompt that begins with /TEXT"),
)
"""What else can be typed after a slash, and what it means."""


def commands(place: str) -> tuple[Command, ...]:
    """The commands that work in this place."""
    return tuple(command for command in COMMANDS if command.place in ("", place))

"""What a slash command is, and what it can ask of the place where it was typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import UsageError
from engine.writing.settings import SamplingConfig
from tui.write.passage import Passage
from tui.write.session import Session

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

    def in_background(self, do: Callable[[], str]) -> None:
        """Do what takes long, and then say what it returns. A HeloError from it is shown."""

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

    def edit(self) -> None:
        """Open the prompt in the user's editor."""

    def sessions(self) -> None:
        """Let the user choose one of the older sessions."""

    def colour(self, name: str) -> None:
        """Colour the text by this mode of `colours`, or not."""

    def action_branch(self) -> None: ...

    def action_details(self) -> None: ...

    def toggle_ghost(self) -> None: ...

    def action_tree(self) -> None: ...

    def action_copies(self) -> None: ...


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


def on_screen(
    name: str,
    argument: str,
    about: str,
    do: Callable[[Screen, str], Awaitable[object] | None],
    binding: str = "",
) -> Command:
    """A command that only the app has."""
    return Command(name, argument, about, do, SCREEN, binding)


def app_action(name: str, about: str, action: str, binding: str = "") -> Command:
    """A command that runs an action of the app."""
    return on_screen(name, "", about, lambda screen, _: screen.app.run_action(action), binding)


def in_lines(name: str, argument: str, about: str, do: Callable[[Lines, str], None]) -> Command:
    """A command that only `helo --plain` has."""
    return Command(name, argument, about, do, LINES)

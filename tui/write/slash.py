"""The slash commands: their names, their arguments, and what they do."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from engine.errors import UsageError
from engine.words import counted, quoted
from engine.writing.rows import Number, Setting, Text
from engine.writing.settings import SETTINGS
from tui.write.colours import COLOURINGS, NO_COLOURS, following
from tui.write.command import SCREEN, Command, Host, Screen, app_action, in_lines, on_screen
from tui.write.holding import hold
from tui.write.mixing import mix
from tui.write.rates import speed_name
from tui.write.saving import save
from tui.write.session import RANDOM, number

if TYPE_CHECKING:
    from tui.write.asked import TextAsked


def _setting(setting: Setting[Any]) -> Command:
    """The command that changes a setting of sampling. Without its argument, a text is off."""

    def do(host: Host, argument: str) -> None:
        value: Any
        if isinstance(setting, Text):
            value = setting.kept(argument)
        else:
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


def _theme(screen: Screen, argument: str) -> None:
    if argument not in screen.app.available_themes:
        known = ", ".join(sorted(screen.app.available_themes))
        raise UsageError(f"there is no theme {quoted(argument)}; choose from {known}")
    screen.app.theme = argument


def _colour(screen: Screen, argument: str) -> None:
    modes = NO_COLOURS, *COLOURINGS
    word, _, name = argument.partition(" ")
    if word == "unit":
        from tui.write.unit_colour import UnitColour  # helo --plain has no textual

        screen.app.query_one(UnitColour).begin(name.strip())
        return
    if argument and argument not in modes:
        raise UsageError(
            f"/colour takes {', '.join(modes)}, or unit and its name, not {quoted(argument)}"
        )
    screen.colour(argument or following(screen.session.state.colouring))


def _model(host: Host, argument: str) -> None:
    host.open(argument)


def _append(host: Host, argument: str) -> None:
    host.append(argument)


LESSON = "every number of a network that learns hello, page by page: forward, back, and a step"
READ = (
    "read FILE with the model's eyes, or a text to paste; /read validation: the part of its corpus "
    "that was held out"
)

GAME = (
    "Shannon's game: guess a text character by character against the model; FILE, or the part of its "
    "corpus that was held out, or sonnets"
)


def _read(screen: Screen, ref: str) -> None:
    from tui.write.asked import ReadAsked  # a message of Textual, which helo --plain does without

    _ask(screen, ReadAsked, ref)


def _game(screen: Screen, ref: str) -> None:
    from tui.write.asked import GameAsked

    _ask(screen, GameAsked, ref)


def _ask(screen: Screen, message: type[TextAsked], ref: str) -> None:
    """Ask the app for a screen that reads a text with the open model."""
    if (opened := screen.session.opened) is None:
        raise UsageError("no model is open: /model NAME opens one")
    screen.app.post_message(message(opened, ref))


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
        "mix",
        "[MODEL:SHARE]",
        "mix in the probabilities of another model, as in other:0.3; alone, it is off",
        mix,
        sets=True,
    ),
    Command(
        "hold",
        "[UNIT VALUE]",
        "hold a unit of the network at a value, as in layers.1.c[368] 1; alone, none is held",
        hold,
        sets=True,
    ),
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
    Command(
        "colour",
        "[MODE]",
        "what the colours of the text tell; alone, the next mode; or unit layers.1.c[3]",
        _colour,
        SCREEN,
        sets=True,
        also=("color",),
    ),
    on_screen(
        "ghost",
        "",
        "show behind the prompt how the model would go on, or not",
        lambda screen, _: screen.toggle_ghost(),
        "prompt.ghost",
    ),
    on_screen(
        "branch",
        "",
        "show the next branch of the passage",
        lambda screen, _: screen.action_branch(),
    ),
    on_screen(
        "copies",
        "",
        "the longest passage that stands word for word in the training text",
        lambda screen, _: screen.action_copies(),
    ),
    on_screen(
        "details",
        "",
        "the figures beside the text in full, in its place, or the text again",
        lambda screen, _: screen.action_details(),
        "write.details",
    ),
    on_screen(
        "tree",
        "",
        "the branches of the passage: go to one, name it, compare two, delete it",
        lambda screen, _: screen.action_tree(),
        "write.tree",
    ),
    in_lines(
        "candidates",
        "[N]",
        "the likeliest next characters, and how likely they are",
        lambda lines, count: lines.tell_candidates(count),
    ),
    in_lines(
        "take",
        "N",
        "write candidate N and continue from there",
        lambda lines, rank: lines.take(rank),
    ),
    in_lines(
        "settings",
        "",
        "the model, the settings, and the length of the passage",
        lambda lines, _: lines.tell_settings(),
    ),
    Command(
        "save",
        "FILE",
        "write the passage to a file: exactly as it is, or as its suffix says: "
        ".html and .svg with colours of surprisal, .jsonl with all predictions",
        save,
    ),
    on_screen(
        "sessions",
        "",
        "open what was written before, or delete it",
        lambda screen, _: screen.sessions(),
    ),
    Command("clear", "", "forget what was written", _clear),
    Command(
        "read",
        "[FILE]",
        READ,
        _read,
        SCREEN,
        usual=("validation",),
    ),
    on_screen("game", "[FILE]", GAME, _game),
    on_screen(
        "edit", "", "write a prompt in your editor", lambda screen, _: screen.edit(), "prompt.edit"
    ),
    on_screen(
        "walk",
        "",
        "look at each character, step, take another one",
        lambda screen, _: screen.walk(),
        "prompt.walk",
    ),
    app_action("write", "this screen", "show_tab('write')", "app.write"),
    app_action("train", "train a network, watch a training", "show_tab('train')", "app.train"),
    app_action("lesson", LESSON, "lesson"),
    app_action("race", "train networks of several cells in turns, and compare them", "race"),
    app_action(
        "inspect",
        "why the model writes what it writes",
        "show_tab('inspect')",
        "app.inspect",
    ),
    app_action("library", "models, runs and corpora", "show_tab('library')", "app.library"),
    Command("theme", "NAME", "choose other colours", _theme, SCREEN, sets=True),
    app_action("palette", "all actions by name", "command_palette", "app.palette"),
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

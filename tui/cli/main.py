"""All commands together."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Annotated, Any

import typer

from engine.errors import UsageError
from engine.version import __version__
from tui import signals
from tui.cli import (
    about,
    bench,
    complete,
    corpora,
    inspect,
    lesson,
    models,
    race,
    runs,
    sample,
    score,
    serve,
    train,
)
from tui.cli.shared import options, output
from tui.cli.shared.guard import FAILED, Settings, guarded
from tui.cli.shared.options import Writing, flag

app = options.group(
    "Type a prompt and watch a character-level recurrent network write; train such networks.",
    name="helo",
    epilog="helo alone opens the app; with --plain, and where no terminal can show it, helo reads prompts "
    "line by line. MODEL is a name, a run's name or a path; CORPUS is a name, a text file, or - for "
    "standard input.",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (sample, complete, score, serve, train, race):
    app.add_typer(group.app)
app.add_typer(inspect.app, name="inspect", rich_help_panel="Look inside")
app.add_typer(lesson.app)
app.add_typer(runs.app, name="runs", rich_help_panel="Train")
app.add_typer(models.app, name="models", rich_help_panel="Library")
app.add_typer(corpora.app, name="corpora", rich_help_panel="Library")
app.add_typer(bench.app, name="bench", rich_help_panel="This machine")
app.add_typer(about.app)


_COMPLETION = {
    "install_completion": "Let the Tab key complete commands and names in this shell.",
    "show_completion": "Print the script for that instead.",
}
"""Typer's options, in helo's words."""


def _version(asked: bool) -> None:
    if asked:
        output.write(f"helo {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def helo(
    context: typer.Context,
    model: Writing = None,
    plain: Annotated[
        bool,
        flag("--plain", help="Lines instead of a screen: for screen readers, braille and pipes."),
    ] = False,
    debug: Annotated[bool, flag("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    context.obj.debug = debug
    if context.invoked_subcommand is None:
        from tui.start import start

        raise typer.Exit(start(model, plain))
    if plain:
        raise UsageError(
            f"--plain is for helo alone: leave it out before {context.invoked_subcommand}"
        )
    if model is not None:
        raise UsageError(f"-m must come after {context.invoked_subcommand}")


@app.command(cls=options.Command)
def demo() -> None:
    """Let the app show itself, in two minutes: write, go back, look inside, train. Any key takes over."""
    from tui.start import demonstrate

    raise typer.Exit(demonstrate())


@app.command(cls=options.Command, rich_help_panel="This machine")
def config() -> None:
    """Write config.toml, with every setting and key as a comment; if there is one, print a new one."""
    from tui.start import configure

    configure()


def command() -> Any:
    """All commands, as Typer runs them."""
    found: Any = typer.main.get_command(app)
    for each in found.params:
        if about := _COMPLETION.get(each.name):
            each.metavar, each.help, each.callback = "", about, _in_a_shell(each.callback)
    return found


def _in_a_shell(callback: Any) -> Any:
    """Typer's callback that installs or shows the completion for the shell that helo was called from."""

    def call(context: typer.Context, parameter: Any, asked: Any) -> Any:
        if asked and not context.resilient_parsing:
            import shellingham

            try:
                shellingham.detect_shell()
            except shellingham.ShellDetectionFailure as error:
                raise UsageError(
                    "cannot tell which shell this is: run it in bash, zsh, fish or PowerShell"
                ) from error
        return callback(context, parameter, asked)

    return call


def answer_shell() -> int:
    """Answer a shell that completes a command line, as described in its variables. Returns the exit
    status."""
    with suppress(Exception):  # an error would appear in the middle of the line being typed
        command().main([], "helo", standalone_mode=False)
    return FAILED


def run(arguments: list[str]) -> int:
    """Run one command line. Returns its exit status."""
    settings = Settings()
    return guarded(lambda: _invoke(arguments, settings), settings)


def _invoke(arguments: list[str], settings: Settings) -> int:
    try:
        with command().make_context("helo", arguments, obj=settings) as context:
            context.command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        return signals.exit_status()
    except typer.TyperException as error:
        where = getattr(error, "ctx", None)
        path = where.command_path if where else "helo"
        message = error.format_message().rstrip(".")
        advice = f"see {path} --help"
        if file := next((a for a in arguments if a.startswith("-") and os.path.exists(a)), None):
            advice = f"write ./{file} for the file"
        raise UsageError(f"{message}; {advice}") from error
    return 0

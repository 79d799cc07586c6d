"""All commands together, and the one place where an error becomes a line and an exit status."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Annotated

import typer

from engine import __version__
from engine.errors import HeloError
from tui.cli import about, bench, corpora, models, options, output, runs, sample, score, train
from tui.cli.options import flag, option

INTERRUPTED = 130
FAILED = 1

app = options.group(
    "Type a seed and watch a character-level recurrent network write; train such networks.",
    name="helo",
    epilog="helo alone opens the app. MODEL is a name, a run's name or a path; "
    "CORPUS is a name, a text file, or - for standard input.",
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (sample, score, train):
    app.add_typer(group.app)
app.add_typer(runs.app, name="runs", rich_help_panel="Train")
app.add_typer(models.app, name="models", rich_help_panel="Library")
app.add_typer(corpora.app, name="corpora", rich_help_panel="Library")
app.add_typer(bench.app, name="bench", rich_help_panel="This machine")
app.add_typer(about.app)


@dataclass
class Settings:
    """What holds for every command."""

    debug: bool = False


def _version(asked: bool) -> None:
    if asked:
        output.write(f"helo {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def helo(
    context: typer.Context,
    model: Annotated[
        str | None, option("--model", "-m", shows="MODEL", help="The model that the app opens.")
    ] = None,
    debug: Annotated[bool, flag("--debug", help="Show where an error comes from.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Say the version."
        ),
    ] = False,
) -> None:
    context.obj.debug = debug
    if context.invoked_subcommand is None:
        from tui.app import run_app

        raise typer.Exit(run_app(model))
    if model is not None:
        raise typer.BadParameter(f"belongs after the command: helo {context.invoked_subcommand} -m")


def run(arguments: list[str]) -> int:
    """Run one command line; returns the exit status, having said on stderr what went wrong."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    settings = Settings()
    try:
        try:
            with typer.main.get_command(app).make_context("helo", arguments, obj=settings) as ctx:
                ctx.command.invoke(ctx)
        finally:
            sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:  # whoever read has read enough
        _discard_output()
        return 0
    except Exception as error:
        if settings.debug:
            import traceback

            traceback.print_exc()
        line, status = _told(error)
        output.note(f"helo: {line}")
        _discard_output()
        return status
    return 0


def _told(error: Exception) -> tuple[str, int]:
    """The line and the exit status of an error."""
    if isinstance(error, HeloError):
        return str(error), error.exit_status
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "helo"
        message = error.format_message().rstrip(".")
        return f"{message}; {command} --help shows what there is", error.exit_code
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}", FAILED
    return (
        f"unexpected {type(error).__name__}: {error}; helo --debug COMMAND … shows where",
        FAILED,
    )


def _discard_output() -> None:
    """Let what stdout still holds go nowhere, so that the interpreter's end does not stumble over it."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

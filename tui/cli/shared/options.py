"""How commands declare their options, so that all of them read alike in the help."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from engine.config import DEVICES, SPLITS, TrainConfig, held_out
from tui.cli.shared.completing import Offers, models, one_of


def option(
    *names: str,
    help: str,
    shows: str,
    default: bool | str = True,
    offers: Callable[..., Offers] | None = None,
    **settings: Any,
) -> Any:
    """An option with a value, which the help calls `shows`. `default` says whether the help shows the
    default, or is a text to show for it. `offers` completes the value in a shell."""
    settings |= {"metavar": shows, "show_default": default, "autocompletion": offers}
    return typer.Option(*names, help=help, **settings)


def flag(*names: str, help: str) -> Any:
    """An option without a value."""
    return typer.Option(*names, help=help, metavar="")


def argument(shows: str, help: str, offers: Callable[..., Offers] | None = None) -> Any:
    """A positional argument, which the help calls `shows`. `offers` completes it in a shell."""
    return typer.Argument(help=help, metavar=shows, show_default=False, autocompletion=offers)


Json = Annotated[bool, flag("--json", help="Print JSON.")]
Yes = Annotated[bool, flag("--yes", "-y", help="Do not ask.")]
AModel = Annotated[str, argument("MODEL", "A model's name, a run's name, or a path.", models)]
Writing = Annotated[
    str | None,
    option("--model", "-m", shows="MODEL", help="The model to write with.", offers=models),
]
HELD_OUT_TEXT = option(
    "--text", shows="FILE", help="The text to read, or -; else what was held out."
)
MODEL_HELP = "A model's name, a run's name, or a path; without one, the bundled model."
CORPUS_HELP = "A corpus' name, a text file, a folder, an archive, or - for a pipe."
LAYERS = option("--layers", shows="N", help="Number of stacked layers.")
BATCH = option("--batch", shows="N", help="Columns of text read side by side.")
SEQ_LENGTH = option("--seq-length", shows="N", help="Characters between two updates.")
VALIDATION = option(
    "--validation",
    shows="SHARE",
    help="Share of the text that is held out to evaluate on, as in 0.05 or 5%. With none there are no "
    "evaluations, and the last model is kept, not the best.",
    default=f"{TrainConfig.validation:.0%}",
    parser=held_out,
)
SPLIT = option(
    "--split",
    shows="WAY",
    help="Where that part lies: at the end of the text, or spread over it in blocks.",
    default="end; spread with --lines",
    offers=one_of(*SPLITS),
)
DEVICE = option(
    "--device", shows="DEVICE", help=f"One of {', '.join(DEVICES)}.", offers=one_of(*DEVICES)
)


class _PlainHelp:
    """Shows the --help option without a type, like every other flag."""

    def get_help_option(self, ctx: Any) -> Any:
        found = super().get_help_option(ctx)  # type: ignore[misc]
        if found is not None:
            found.metavar = ""
        return found


class Command(_PlainHelp, TyperCommand):
    """A command, whose help says what its --json prints."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from tui.cli.shared import answers

        _, _, path = ctx.command_path.partition(" ")
        width = max(40, shutil.get_terminal_size().columns - 2)
        self.epilog = answers.explained(path, width)
        super().format_help(ctx, formatter)


class Group(_PlainHelp, TyperGroup):
    """A group of commands."""


class Listing(Group):
    """A group that runs its command `list` if none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # without a command, a shell completes the names of all of them
        return super().parse_args(ctx, args or ([] if ctx.resilient_parsing else ["list"]))


def group(help: str, cls: type[Group] = Group, **settings: Any) -> typer.Typer:
    """An app for a group of commands."""
    return typer.Typer(cls=cls, help=help, **settings)

"""What every command writes with: answers on stdout, notes and progress on stderr.

To a pipe goes the exact text in UTF-8; on a terminal control characters are made visible, and nothing
is ever read as markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import UsageError
from tui.text import one_line, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_PIPE_WIDTH = 240


def write(text: str) -> None:
    """Text to stdout, at once."""
    if sys.stdout.isatty():
        sys.stdout.write(visible(text))
    else:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
    sys.stdout.flush()


def pieces() -> Callable[[str], None]:
    """`write` for a text that comes in pieces, which are shown as the whole would be."""
    if not sys.stdout.isatty():
        return write
    before = ""

    def put(text: str) -> None:
        nonlocal before
        shown = visible(text, before)
        sys.stdout.write(shown)
        sys.stdout.flush()
        before = shown or before

    return put


def emit(data: Any, indent: int | None = None) -> None:
    """One JSON value and a newline to stdout."""
    write(json.dumps(data, indent=indent) + "\n")


def note(text: str) -> None:
    """A line on stderr."""
    print(one_line(text), file=sys.stderr, flush=True)


def draws(characters: str) -> bool:
    """Whether stdout takes these characters."""
    stdout = getattr(sys.stdout, "rich_proxied_file", sys.stdout)  # beneath what rich shows live
    try:
        characters.encode(stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def console(stderr: bool = False) -> Console:
    """A console of rich that takes every text as it stands."""
    from rich.console import Console

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    width = None if terminal else _PIPE_WIDTH
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)


def facts(pairs: dict[str, str]) -> None:
    """Names and what they stand for on stdout, one pair a line; empty ones are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs.items():
        if value:
            grid.add_row(name, Text(one_line(value)))
    print_lines(grid)


def print_lines(grid: Table) -> None:
    """A table of rich on stdout; to a pipe as plain lines."""
    screen = console()
    if screen.is_terminal:
        screen.print(grid)
        return
    with screen.capture() as capture:  # a pipe needs no padding at the ends of lines
        screen.print(grid)
    write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


class Tell(Protocol):
    """Says how far something is."""

    def __call__(self, done: int, of: int | None, now: str = "") -> None: ...


@contextmanager
def progress(what: str, total: int | None = None, unit: str = "characters") -> Iterator[Tell]:
    """A bar on stderr while something long runs, where that is a terminal.

    Yields a function to call with how much is done and of how much (None where it is not known), and with
    what is done now where that is not `what`. Bytes are shown with their rate.
    """
    if not sys.stderr.isatty():
        yield lambda done, of, now="": None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    amount = (TextColumn(f"{{task.completed:,.0f}} {unit}"),)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *((DownloadColumn(), TransferSpeedColumn()) if unit == "bytes" else amount),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(visible(what), total=total)

        def tell(done: int, of: int | None, now: str = "") -> None:
            bar.update(task, completed=done, total=of or total, description=visible(now or what))

        yield tell


def confirm(question: str, yes: bool) -> None:
    """Ask before something is lost, unless `yes`.

    Raises UsageError where there is no terminal to ask on; an answer of no ends the command.
    """
    if yes:
        return
    import typer

    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on: add --yes")
    if not typer.confirm(visible(question), err=True):
        note("nothing was changed")
        raise typer.Exit(1)

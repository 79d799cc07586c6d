"""Output of the commands: answers go to stdout, notes and progress to stderr.

A pipe gets the exact text in UTF-8. On a terminal, control characters are made visible. Nothing is ever
parsed as markup.
"""

from __future__ import annotations

import codecs
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import UsageError
from tui.text import brief, one_line, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from engine.vocab import Alphabet

_PIPE_WIDTH = 240
_EVERY = 30.0
"""Seconds between two lines of progress."""


def write(text: str) -> None:
    """Write a text to stdout and flush it."""
    if sys.stdout.isatty():
        sys.stdout.write(visible(text))
    else:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
    sys.stdout.flush()


def pieces() -> Callable[[str], None]:
    """`write` for a text that comes in pieces. They look the same as the whole text would."""
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


def symbols(alphabet: Alphabet) -> Callable[[str], None]:
    """How symbols of an alphabet go to stdout: bytes raw to a pipe, and on a terminal as the text they
    make."""
    put = pieces()
    if alphabet.units == "char":
        return put
    if sys.stdout.isatty():
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        return lambda text: put(decoder.decode(text.encode("latin-1")))

    def raw(text: str) -> None:
        sys.stdout.buffer.write(text.encode("latin-1"))
        sys.stdout.buffer.flush()

    return raw


def emit(data: Any, indent: int | None = None) -> None:
    """Write one JSON value and a newline to stdout."""
    write(json.dumps(data, indent=indent) + "\n")


def note(text: str) -> None:
    """Write a line to stderr."""
    print(one_line(text), file=sys.stderr, flush=True)


def draws(characters: str) -> bool:
    """Whether stdout can encode these characters."""
    # below rich's live display
    stdout = getattr(sys.stdout, "rich_proxied_file", sys.stdout)
    try:
        characters.encode(stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def console(stderr: bool = False) -> Console:
    """A rich console that shows every text unchanged."""
    from rich.console import Console

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    width = None if terminal else _PIPE_WIDTH
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)


def facts(pairs: dict[str, str]) -> None:
    """Write names and values to stdout, one pair per line. Pairs without a value are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs.items():
        if value:
            grid.add_row(name, Text(brief(value)))
    print_lines(grid)


def print_lines(grid: Table) -> None:
    """Write a rich table to stdout; to a pipe, as plain lines."""
    screen = console()
    if screen.is_terminal:
        screen.print(grid)
        return
    with screen.capture() as capture:  # a pipe needs no trailing spaces
        screen.print(grid)
    write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


class Tell(Protocol):
    """Reports progress."""

    def __call__(self, done: int, of: int | None, now: str = "") -> None: ...


@contextmanager
def progress(what: str, total: int | None = None, unit: str = "characters") -> Iterator[Tell]:
    """Show a progress bar on stderr while something long runs, or a line now and then if it is no terminal.

    Yields a function to call with the amount done, the total (None if it is not known), and the current
    stage if its name differs from `what`. Bytes are shown with their rate.
    """
    if not sys.stderr.isatty():
        yield _in_lines(what, total, unit)
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    of = " of {task.total:,.0f}" if total else ""
    amount = (TextColumn(f"{{task.completed:,.0f}}{of} {unit}"),)
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


def _in_lines(what: str, total: int | None, unit: str) -> Tell:
    """Tells the progress of something long in a line every _EVERY seconds."""
    told = time.monotonic()

    def tell(done: int, of: int | None, now: str = "") -> None:
        nonlocal told
        if time.monotonic() - told >= _EVERY:
            told = time.monotonic()
            whole = of or total
            note(f"{now or what}: {done:,} {f'of {whole:,} ' if whole else ''}{unit}")

    return tell


def confirm(question: str, yes: bool) -> None:
    """Ask before something is deleted, unless `yes`.

    Raises UsageError if there is no terminal to ask on. If the answer is no, the command ends.
    """
    if yes:
        return
    import typer

    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on: add --yes")
    if not typer.confirm(visible(question), err=True):
        note("nothing was changed")
        raise typer.Exit(1)

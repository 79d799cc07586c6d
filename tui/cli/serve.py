"""`helo serve`: the app in a browser."""

from __future__ import annotations

import asyncio
from signal import Signals
from typing import Annotated

import typer

from engine.config import check_count
from engine.errors import UsageError
from tui import signals
from tui.cli.shared.options import Command, Writing, option
from tui.cli.shared.output import note, write

_MOST_VISITORS = 100

app = typer.Typer()


@app.command(cls=Command, rich_help_panel="Write")
def serve(
    port: Annotated[
        int, option("--port", shows="N", help="The port to serve at; 0 takes a free one.")
    ] = 8000,
    host: Annotated[
        str,
        option(
            "--host",
            shows="HOST",
            help="The address to serve at; whoever can reach it acts as you.",
        ),
    ] = "127.0.0.1",
    visitors: Annotated[
        int, option("--visitors", shows="N", help="How many may be there at once.")
    ] = 4,
    model: Writing = None,
) -> None:
    """Show the app in a browser. Each visitor has one of his own, which ends with the page.

    Needs textual-serve, the extra `web`.
    """
    check_count("port", port, 0, 65535)
    check_count("visitors", visitors, 1, _MOST_VISITORS)
    try:
        from tui.serving.server import Server, is_loopback
        from tui.serving.server import serve as serving
    except ImportError as error:
        raise UsageError("the app in a browser needs textual-serve: install helo[web]") from error
    from engine.runs import library

    if model is not None:
        library.model_path(model)

    def begun(address: str) -> None:
        if not is_loopback(host):
            note(f"whoever reaches {address} acts as you: with your models, runs and files")
        write(f"helo is at {address}; ctrl+c ends it\n")

    async def until_a_signal() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def end(_: Signals) -> None:
            loop.call_soon_threadsafe(ended.set)

        with signals.handled(end):
            arguments = [] if model is None else ["-m", model]
            await serving(Server(arguments, host, visitors), host, port, begun, ended)

    asyncio.run(until_a_signal())
    raise typer.Exit(signals.exit_status())

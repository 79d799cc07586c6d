"""helo without a command: the app, or lines."""

from __future__ import annotations

from engine.errors import UsageError
from tui.terminal import shows_the_app


def start(model: str | None = None, plain: bool = False) -> int:
    """Open the app, or lines if `plain` or if the terminal cannot show the app. Returns the exit status.

    Raises NotFoundError or ModelFileError if MODEL cannot be opened.
    """
    if plain or not shows_the_app():
        from tui.plain.repl import run_plain

        return run_plain(model)
    from tui.app import run_app

    return run_app(model)


def demonstrate() -> int:
    """Open the app and let it show itself. Returns the exit status.

    Raises UsageError if the terminal cannot show the app.
    """
    if not shows_the_app():
        raise UsageError("the demonstration needs a terminal that can show the app")
    from tui.app import run
    from tui.demo import DemoApp

    return run(DemoApp())


def configure() -> None:
    """Write `config.toml`; if there is one already, print what would stand in a new one.

    Raises StorageError.
    """
    from engine import places
    from tui.cli.shared.output import note, write
    from tui.configure import config_text, write_config

    if write_config():
        note(f"wrote {places.config()}; it changes nothing until you edit it")
    else:
        note(f"{places.config()} exists and stays as it is; a new one would be:")
        write(config_text())

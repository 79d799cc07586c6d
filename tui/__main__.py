"""The command `helo`, which is also `python -m tui`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; returns its exit status."""
    arguments = sys.argv[1:]
    try:
        if arguments == ["--version"]:  # answered before anything slow is imported
            from engine import __version__

            print(f"helo {__version__}")
            return 0
        if not arguments:  # the app, without the time that the other commands take to import
            from tui.cli.shared.guard import Settings, guarded

            return guarded(_open_app, Settings())
        from tui.cli.main import run

        return run(arguments)
    except KeyboardInterrupt:  # before there was a guard
        return 130


def _open_app() -> int:
    from tui.app import run_app

    return run_app(None)


if __name__ == "__main__":
    sys.exit(main())

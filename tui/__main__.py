"""The command `helo`, also run as `python -m tui`."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run this process's command line and return its exit status."""
    arguments = sys.argv[1:]
    try:
        if "_HELO_COMPLETE" in os.environ:  # a shell asks how a line that is being typed may go on
            from tui.cli.main import answer_shell

            return answer_shell()
        if arguments == ["--version"]:  # answered before importing anything slow
            from engine.version import __version__

            print(f"helo {__version__}")
            return 0
        if not arguments:  # opens the app without importing the other commands
            from tui.cli.shared.guard import Settings, guarded
            from tui.start import start

            return guarded(start, Settings())
        from tui.cli.main import run

        return run(arguments)
    except KeyboardInterrupt:  # pressed before `guarded` took over
        return 130


if __name__ == "__main__":
    sys.exit(main())

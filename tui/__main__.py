"""The command `helo`, which is also `python -m tui`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; returns its exit status."""
    try:
        if sys.argv[1:] == ["--version"]:  # answered before anything slow is imported
            from engine import __version__

            print(f"helo {__version__}")
            return 0
        from tui.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

"""The one place that turns an error into a line on stderr and an exit status."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper

from engine.errors import HeloError
from tui import signals
from tui.cli.shared.output import note

FAILED = 1


@dataclass
class Settings:
    """Settings for every command."""

    debug: bool = False


def guarded(work: Callable[[], int], settings: Settings) -> int:
    """Run the work of a process and report errors. Returns the exit status."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the parent process
            setattr(sys, name, open(os.devnull, "w"))
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    # overflows are reported as errors where they matter
    warnings.filterwarnings("ignore", "overflow|invalid value", RuntimeWarning)
    try:
        with signals.ending():
            try:
                return work()
            finally:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return signals.exit_status()
    except BrokenPipeError:  # the reader has closed the pipe
        _discard_output()
        return 0
    except Exception as error:
        if settings.debug:
            import traceback

            traceback.print_exc()
        with suppress(OSError):  # the terminal was closed
            note(f"helo: {_line(error)}")
        _discard_output()
        if isinstance(error, HeloError):
            return error.exit_status
        return signals.exit_status() if signals.killed() else FAILED


def _line(error: Exception) -> str:
    if isinstance(error, HeloError):
        return str(error)
    if isinstance(error, OSError):
        return (error.strerror or str(error)) + (f": {error.filename}" if error.filename else "")
    if isinstance(error, MemoryError):
        return "there is not enough memory for this: choose smaller sizes"
    return f"unexpected {type(error).__name__}: {error}; helo --debug COMMAND … shows where"


def _discard_output() -> None:
    """Discard what is left in stdout's buffer, so that the interpreter does not fail on it at exit."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

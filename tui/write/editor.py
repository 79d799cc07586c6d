"""The prompt in the user's own editor, which has the terminal while it runs."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from signal import Signals

from textual.app import App, SuspendNotSupported

from engine import outside
from engine.errors import DamagedError, UsageError
from engine.vocab import normalise
from engine.words import quoted
from tui import signals

_KEPT = "the prompt is as it was"


def edited(app: App[object], text: str) -> str:
    """The text as the user leaves it in `$VISUAL` or `$EDITOR`, treated as a paste is.

    Raises UsageError if there is no editor, if it fails, or if it leaves nothing.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        command = shlex.split(editor)
    except ValueError as error:
        raise UsageError(f"the editor {quoted(editor)} cannot be started: {error}") from error
    if not command:
        raise UsageError(
            "no editor is set: type export EDITOR=nano, or another one, and start helo again"
        )
    try:
        with tempfile.TemporaryDirectory(prefix="helo-") as folder:
            path = Path(folder) / "prompt.txt"
            path.write_bytes(f"{text}\n".encode("utf-8", "replace"))
            with app.suspend(), signals.handled(lambda _: None, Signals.SIGINT):
                status = subprocess.run([*command, str(path)], check=False).returncode
            left = outside.read(path) if not status else b""
    except SuspendNotSupported as error:
        raise UsageError("an editor needs a terminal to itself, which helo has not got") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"the editor {quoted(editor)} did not work: {why}; {_KEPT}") from error
    except DamagedError as error:
        raise UsageError(f"what the editor left is {error}; {_KEPT}") from error
    if status:
        raise UsageError(f"the editor {quoted(command[0])} ended with status {status}; {_KEPT}")
    prompt = normalise(left.decode("utf-8", "replace")).replace("\0", "").removesuffix("\n")
    if not prompt:
        raise UsageError(f"the editor left nothing; {_KEPT}")
    return prompt

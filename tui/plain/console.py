"""Lines from standard input and text to standard output, without escape sequences."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from signal import Signals

from engine.vocab import Alphabet
from tui.cli.shared.output import note, symbols, write
from tui.commands import Completion
from tui.terminal import is_dumb

_WORD = 16
"""A word is kept back for at most this many characters."""


class Console:
    """A terminal that is used line by line, or a pipe."""

    def __init__(self, typed_before: list[str], completion: Completion) -> None:
        """The earlier lines and the completion are used if the terminal can edit a line."""
        self.person = sys.stdin.isatty()
        """Whether someone types. Then there is a prompt, and ctrl+c pauses."""
        self._shown = sys.stdout.isatty()
        self._edits = (
            self.person and self._shown and not is_dumb() and _editing(typed_before, completion)
        )
        self._mid_line = False
        self._asking = False
        self.interrupted = False
        """Whether ctrl+c was pressed since the last line was asked for."""
        if isinstance(sys.stdin, TextIOWrapper):
            encoding = None if self.person else "utf-8"
            sys.stdin.reconfigure(encoding=encoding, errors="replace")

    def on_ctrl_c(self, number: Signals) -> None:
        """Note that ctrl+c was pressed; at the prompt, also raise KeyboardInterrupt."""
        self.interrupted = True
        if self._asking:
            self._asking = False
            raise KeyboardInterrupt
        if self._shown:
            self._mid_line = True  # the terminal shows ^C

    def ask(self, prompt: str) -> str | None:
        """The next line without its line end, or None after the last one. Only a person sees the prompt."""
        if self.person:
            self.end_line()
        self.interrupted = False
        self._asking = True
        line = self._line(prompt)
        self._asking = False
        return line

    def _line(self, prompt: str) -> str | None:
        if self._edits:
            try:
                return input(prompt)
            except EOFError:
                self.new_line()
                return None
        if self.person:
            out = sys.stdout if self._shown else sys.stderr
            out.write(prompt)
            out.flush()
        line = sys.stdin.readline()
        if self.person and not line.endswith("\n"):
            self.new_line()
        return line.removesuffix("\n") if line else None

    def new_line(self) -> None:
        """Begin a new line after what was typed."""
        print(file=sys.stdout if self._shown else sys.stderr, flush=True)

    def wrote(self, text: str) -> None:
        """Remember whether the text that was just written ended a line."""
        self._mid_line = not text.endswith("\n") if text else self._mid_line

    def end_line(self) -> None:
        """End the line of text if it is not ended yet."""
        if self._mid_line:
            write("\n")
            self._mid_line = False

    def answer(self, text: str) -> None:
        """Print lines that were asked for."""
        self.end_line()
        write(f"{text}\n")

    def say(self, text: str) -> None:
        """Print a message, to standard error."""
        if self._shown:
            self.end_line()
        note(text)


class Words:
    """Writes a passage word by word, so that a screen reader speaks words and not letters."""

    def __init__(self, console: Console, alphabet: Alphabet) -> None:
        self._console = console
        self._put = symbols(alphabet)
        self._held = ""

    def write(self, text: str) -> None:
        """Write symbols of the alphabet. The last word is kept back until it is complete."""
        self._held += text
        if len(self._held) >= _WORD or self._held[-1:].isspace():
            self.flush()

    def flush(self) -> None:
        """Write what was kept back."""
        if self._held:
            self._put(self._held)
            self._console.wrote(self._held)
            self._held = ""


def _editing(typed_before: list[str], completion: Completion) -> bool:
    """Let `input` edit lines, recall earlier ones and complete commands. Returns whether it can."""
    try:
        import readline
    except ImportError:
        return False

    def complete(text: str, i: int) -> str | None:
        return (completion.complete(text) or None) if i == 0 else None

    for line in typed_before:
        if line and "\n" not in line:
            readline.add_history(line)
    readline.set_completer_delims("")
    readline.set_completer(complete)
    if "libedit" in (readline.__doc__ or ""):
        readline.parse_and_bind("bind ^I rl_complete")
    else:
        readline.parse_and_bind("tab: complete")
        readline.parse_and_bind("set enable-bracketed-paste on")  # what is pasted is one prompt
    return True

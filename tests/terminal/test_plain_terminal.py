"""`helo --plain` in a real terminal: ctrl+c, ctrl+d, signals, and not one escape sequence."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pexpect
import pytest

from engine.config import ModelConfig
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.parameters import initial
from engine.vocab import Alphabet
from tui.remember import Prompts, load_state

PATIENCE = 60
PROMPT = "prompt> "


class LineTerminal:
    """helo in a terminal that only prints, and all that it has printed."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], env: dict[str, str]) -> None:
        self.child = pexpect.spawn(
            sys.executable,
            ["-P", "-m", "tui", *arguments],
            dimensions=(30, 90),
            timeout=PATIENCE,
            cwd=str(folder),
            env=os.environ | {"TERM": "dumb"} | env,
        )
        self.child.delaybeforesend = 0
        self.printed = b""

    def until(self, pattern: str) -> str:
        """Read on until this was printed; returns what stands before it."""
        self.child.expect(pattern)
        self.printed += self.child.before + self.child.after
        return self.child.before.decode().replace("\r\n", "\n")

    def enter(self, line: str) -> str:
        """Type a line; returns what is printed up to the next prompt, without the line itself."""
        self.child.send(f"{line}\r")
        printed = self.until(PROMPT)
        assert printed.startswith(f"{line}\n")
        return printed.removeprefix(f"{line}\n")

    def end(self) -> tuple[int, str]:
        """Let it go on to its end; returns the exit status and what is printed until then."""
        self.child.expect(pexpect.EOF)
        self.printed += self.child.before
        self.child.close()
        return self.child.exitstatus, self.child.before.decode().replace("\r\n", "\n")


Start = Callable[..., LineTerminal]


@pytest.fixture
def start(tiny: Model, tmp_path: Path) -> Iterator[Start]:
    """Opens helo with the model `tiny`, ready for a line; what still runs at the end is ended."""
    started: list[LineTerminal] = []

    def call(*arguments: str, **env: str) -> LineTerminal:
        started.append(LineTerminal(tmp_path, arguments or ("-m", "tiny"), env))
        started[-1].until(PROMPT)
        return started[-1]

    yield call
    for terminal in started:
        terminal.child.close(force=True)


def test_a_prompt_a_pause_and_the_end_without_an_escape(start: Start, home: Path) -> None:
    lines = start()
    lines.enter("/length 100000")
    lines.child.send("Shall I\r")
    lines.until("Shall I\r\nShall I.{10}")
    lines.child.sendintr()
    paused = lines.until(PROMPT)
    assert paused.endswith("\npaused: Enter continues\n")
    shown = lines.enter("/settings")
    assert "100,000 characters at a time" in shown and "this passage: " in shown

    lines.child.send("\r")
    lines.until(".{20}")
    lines.child.sendintr()
    lines.until("paused: Enter continues\r\n" + PROMPT)
    assert len(lines.enter("/candidates").splitlines()) == 10
    assert lines.enter("/save text").endswith("characters saved to text\n")
    lines.child.sendeof()
    assert lines.end() == (0, "\n")

    assert b"\x1b" not in lines.printed and b"Traceback" not in lines.printed
    assert load_state()[0].length == 100_000 and Prompts(home / "history").all == ["Shall I"]


def test_all_that_was_written_before_a_pause_is_kept(start: Start, tmp_path: Path) -> None:
    lines = start()
    lines.enter("/seed 3")
    lines.enter("/speed 200")
    written = ""
    lines.child.send("Shall I\r")
    lines.until("Shall I\r\nShall I.{9}")
    for _ in range(3):
        lines.child.sendintr()
        lines.until("paused: Enter continues\r\n" + PROMPT)
        lines.enter("/save text")
        assert (tmp_path / "text").read_text().startswith(written)
        written = (tmp_path / "text").read_text()
        lines.child.send("\r")
        lines.until("\n.{9}")
        (tmp_path / "text").unlink()
    assert len(written) > 25


def test_ctrl_c_at_the_prompt_forgets_the_line_and_stays(start: Start) -> None:
    lines = start()
    lines.child.send("/quit")
    lines.until("/quit")
    lines.child.sendintr()
    assert lines.until(PROMPT).endswith("\nctrl+d or /quit leaves\n")
    lines.child.sendintr()
    lines.until(PROMPT)
    lines.enter("/length 5")
    lines.child.send("Shall\\\r")
    lines.until("more> ")
    lines.child.sendintr()
    lines.until(PROMPT)
    assert lines.enter("May").startswith("May")
    lines.child.send("/quit\r")
    assert lines.end() == (0, "/quit\n")


def test_ctrl_c_at_a_question_changes_nothing(start: Start, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("precious")
    lines = start()
    lines.enter("/length 5")
    lines.enter("Shall")
    lines.child.send("/save text\r")
    lines.until("Overwrite it\\? y or n> ")
    lines.child.sendintr()
    lines.until(PROMPT)
    assert (tmp_path / "text").read_text() == "precious"


@pytest.mark.parametrize("units", ["char", "byte"])
def test_what_a_model_writes_moves_nothing(start: Start, home: Path, units: str) -> None:
    symbols = "\x07\x1b\x9b" + ("" if units == "byte" else "\u202e")
    config, alphabet = ModelConfig("rnn", 4, 1), Alphabet(tuple(symbols), units)
    weights = initial(config, len(alphabet), 0)
    weights["head.W_hy"] = np.zeros_like(weights["head.W_hy"])
    modelfile.save(home / "models" / "evil.safetensors", Model("evil", config, alphabet, weights))
    lines = start("-m", "evil")
    lines.enter("/length 60")
    assert "␛" in lines.enter("")
    assert "␛" in lines.enter("/candidates")
    lines.child.sendeof()
    lines.end()
    assert not set(lines.printed.decode()) & set("\x07\x1b\x9b\u202e")


@pytest.mark.parametrize("writing", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_what_was_set_is_remembered(
    start: Start, writing: bool, number: signal.Signals
) -> None:
    lines = start()
    lines.enter("/length 12345")
    if writing:
        lines.child.send("Shall I\r")
        lines.until("Shall I\r\nShall I.{3}")
    lines.child.kill(number)
    status, printed = lines.end()
    assert status == 128 + number and "Traceback" not in printed
    assert load_state()[0].length == 12345


def test_a_terminal_that_can_edit_a_line_completes_and_remembers(start: Start, home: Path) -> None:
    pytest.importorskip("readline")
    Prompts(home / "history").add("May be")
    lines = start("-m", "tiny", "--plain", TERM="xterm")
    lines.child.send("/length 5\r")
    lines.until("Enter asks for 5 characters")
    lines.until(PROMPT)
    lines.child.send("/temper\t")
    lines.until("/temperature ")
    lines.child.send("0.5\r")
    lines.until("temperature 0.50")
    lines.until(PROMPT)
    lines.child.send("\x1b[A\x1b[A\x1b[A\r")
    lines.until("May be\r\n.*May be")
    lines.until(PROMPT)
    lines.child.send("\x04")
    assert lines.end()[0] == 0

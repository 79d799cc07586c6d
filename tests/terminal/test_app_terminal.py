"""The app in a real terminal: keys as a terminal sends them, sizes, colours, and the end."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs import rundir
from engine.runs.events import Progress, Started, parse
from engine.runs.logs import LineReader
from tests.app_terminal import PATIENCE, AppTerminal
from tests.conftest import make_model
from tests.engine.lives import a_run, only, until

TRAIN, LIBRARY, RIGHT = "\x1bOR", "\x1b[15~", "\x1b[C"


Start = Callable[..., AppTerminal]


@pytest.fixture
def start(tiny: Model, tmp_path: Path) -> Iterator[Start]:
    """Opens the app with the model `tiny`, ready for keys; what still runs at the end is ended."""
    started: list[AppTerminal] = []

    def call(size: tuple[int, int] = (110, 30), **env: str) -> AppTerminal:
        started.append(AppTerminal(size, env, "-m", "tiny", folder=tmp_path))
        started[-1].until(lambda text: "PROMPT" in text and "opening" not in text)
        return started[-1]

    yield call
    for terminal in started:
        terminal.child.close(force=True)


def status(text: str) -> str:
    return text.splitlines()[-2]


def test_a_prompt_and_enter_in_one_packet(start: Start) -> None:
    app = start()
    app.send("Shall I\r")
    app.until(lambda text: "Shall I" in text and "▶" in text and "writing" in status(text))
    app.send("/length 5\r")
    app.send("\x11")
    assert app.end() == 0


def test_escape_and_a_key_in_one_packet(start: Start) -> None:
    app = start()
    app.send("May\x1bt")
    app.until(lambda text: "WALK" in status(text) and "0.95" in status(text))
    app.send("i be\x1b ")
    app.until(lambda text: "May be" in text and "nothing is written yet" in status(text))
    app.send("ij\x1b\x1b[D")
    app.until(lambda text: "May bej" in text and "WALK" in status(text))


def test_control_characters_of_a_paste_stay_off_the_terminal(start: Start) -> None:
    app = start()
    app.send("\x1b[200~\x1b]0;owned\x07[/bold] \x1b[2Jday\r\nday\x1b[201~")
    app.until(lambda text: "[/bold] ␛[2Jday" in text)
    assert app.screen.title == "helo" or "owned" not in app.screen.title
    app.send("\r")
    app.until(lambda text: "left out" in text)


@pytest.mark.parametrize("size", [(140, 45), (80, 24), (60, 18), (40, 10)])
def test_sizes(start: Start, size: tuple[int, int]) -> None:
    app = start(size)
    app.send("Shall\r")
    app.until(lambda text: "Shall" in text and "writing" in text)
    app.send("\tc")
    app.until(lambda text: "WALK" in text)
    app.send("\x11")
    assert app.end() == 0


def test_without_colour(start: Start) -> None:
    app = start(NO_COLOR="1")
    app.send("Shall\r")
    app.until(lambda text: "▶" in text)
    rows = [app.screen.buffer[y] for y in range(app.screen.lines)]
    colours = {cell.fg for row in rows for cell in row.values()} - {"default"}
    assert all(len({c[:2], c[2:4], c[4:]}) == 1 for c in colours if len(c) == 6)


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "xterm"},
        {"TERM": "linux", "NO_COLOR": "1"},
        {"TERM": "linux", "TEXTUAL_THEME": "textual-dark"},
        {"TERM": "xterm", "TEXTUAL_THEME": "textual-light"},
        {"TEXTUAL_THEME": "ansi-dark", "NO_COLOR": "1"},
    ],
    ids=lambda env: " ".join(env.values()),
)
def test_every_text_can_be_seen_with_few_colours_or_none(start: Start, env: dict[str, str]) -> None:
    app = start(**{"COLORTERM": ""} | env)
    for key, shown in [("\x1b[Z", "PROMPT"), (TRAIN, "auto"), (LIBRARY, "Models")]:
        app.send(key)
        app.until(lambda text, shown=shown: shown in text)
        hidden = "".join(
            cell.data
            for line in app.screen.buffer.values()
            for cell in line.values()
            if cell.fg == cell.bg != "default" and (cell.data.isalnum() or cell.data == "▼")
        )
        assert not hidden, app.text


def test_characters_of_any_width_leave_every_edge_in_its_column(start: Start, home: Path) -> None:
    text = "ab\n\t日本語\u200c\u200d\u00ade\u0301เ\u0e35कन\u0a4d\u202e한ن"
    modelfile.save(home / "models" / "tiny.safetensors", make_model(text=text))
    app = start()
    app.send("/length 900\r/speed max\r\x1b[200~ab日本語\ue000\tab\x1b[201~\r")
    app.until(lambda text: "done" in status(text))
    rows = [app.screen.buffer[y] for y in range(2, 22)]
    edges = [[x for x in range(110) if row[x].data == "│"] for row in rows]
    assert len(edges[0]) == 4 and all(found == edges[0] for found in edges)


def test_quitting_while_it_writes_at_full_speed(start: Start) -> None:
    app = start()
    app.send("/speed max\r/length 100000\rShall\r")
    app.until(lambda text: "▶" in status(text))
    begun = time.monotonic()
    app.send("\x11")
    assert app.end() == 0
    assert time.monotonic() - begun < 10


def test_a_terminal_that_is_closed_ends_it(start: Start) -> None:
    app = start()
    app.child.kill(signal.SIGHUP)
    app.child.expect(pexpect.EOF, timeout=PATIENCE)
    app.child.wait()
    assert not app.child.isalive()


ENDS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
MODES = ("?1049l", "?1000l", "?1003l", "?2004l", "?25h")
"""What gives a terminal back: its own screen, no mouse, no marked pastes, a cursor."""


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_gives_the_terminal_back_and_remembers(
    start: Start, home: Path, number: signal.Signals
) -> None:
    app = start()
    app.send("/length 123\r")
    app.until(lambda text: "Enter asks for 123" in text)
    app.send("\x1bOP")  # help stands in front
    app.until(lambda text: "PROMPT: type what" in text)
    app.child.kill(number)
    assert app.end() == 128 + number
    after = app.child.before.decode("utf-8", "replace")
    assert all(after.rfind(f"\x1b[{mode}") > after.rfind(f"\x1b[{_undone(mode)}") for mode in MODES)
    assert "Traceback" not in after
    assert '"length": 123' in (home / "state.json").read_text()


def _undone(mode: str) -> str:
    return mode[:-1] + {"l": "h", "h": "l"}[mode[-1]]


def test_a_killed_app_leaves_its_training_running_and_says_so(
    start: Start, nobody_left: None
) -> None:
    run = a_run("endless", steps=10_000_000)
    app = start()
    app.send(LIBRARY)
    app.until(lambda text: "endless" in text and "Rename" in text)
    app.send(RIGHT)
    app.until(lambda text: "─ endless ─" in text)
    app.send("o")
    app.until(lambda text: "r starts it" in text)
    app.send("r")
    app.until(lambda text: "characters/s" in text)
    app.child.kill(signal.SIGTERM)
    assert app.end() == 143
    assert "left training: endless" in app.text and run.alive()


@pytest.fixture
def nobody_left(home: Path) -> Iterator[None]:
    """Ends the trainers that a test leaves at work."""
    yield
    for run in rundir.runs():
        if run.alive():
            os.kill(run.owner()["pid"], signal.SIGKILL)
            until(lambda run=run: not run.alive())


def test_a_training_outlives_the_terminal_and_is_found_again_without_a_gap(
    start: Start, nobody_left: None
) -> None:
    run = a_run("endless", steps=10_000_000)
    app = start()
    app.send(LIBRARY)
    app.until(lambda text: "endless" in text and "Rename" in text)
    app.send(RIGHT)
    app.until(lambda text: "─ endless ─" in text)
    app.send("o")
    app.until(lambda text: "r starts it" in text)
    app.send("r")
    app.until(lambda text: "characters/s" in text)
    left = run.events()[-1].step
    app.hang_up()
    alone = until(lambda: [e for e in only(Progress, run.events()) if e.step > left][3:])[0].step
    assert run.alive()

    app = start()
    app.send(TRAIN)
    app.until(lambda text: f"▶ {run.name}" in text and "characters/s" in text)
    shown = re.search(r"step ([\d,]+) of", app.text)
    assert shown and int(shown[1].replace(",", "")) >= alone
    app.send("x")
    app.until(lambda text: "Keep training" in text)
    app.send("s")
    app.until(lambda text: "stopped and saved" in text)
    found = [parse(line) for line in LineReader(run.events_path).read()]
    assert found == run.events(), "nothing is torn, nothing was voided"
    assert len(only(Started, found)) == 1
    steps = [event.step for event in only(Progress, found)]
    assert steps == sorted(set(steps)) and min(steps) <= left < alone


def test_an_error_nobody_expected_is_one_line(start: Start, home: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import tui.help\ndef fail(*a): raise KeyError('[/broken]')\ntui.help.HelpScreen.compose = fail\n"
    )
    app = start(PYTHONPATH=f"{tmp_path}:{Path(__file__).parents[2]}")
    app.send("\x1bOP")
    assert app.end() == 1
    assert "unexpected KeyError" in app.text and "Traceback" not in app.text
    assert "KeyError" in (home / "crash.log").read_text()

"""The command line in a real terminal: what is shown, what is asked, and ctrl+c."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pexpect
import pyte
import pytest

from engine.config import ModelConfig
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.parameters import initial
from engine.runs import rundir
from engine.vocab import Alphabet
from tests.conftest import make_model

Terminal = Callable[..., pexpect.spawn]
PATIENCE = 60


@pytest.fixture
def terminal(home: Path, tmp_path: Path) -> Iterator[Terminal]:
    """Run helo in a terminal of 90×30; what still runs at the end is ended."""
    running: list[pexpect.spawn] = []

    def start(*arguments: str) -> pexpect.spawn:
        child = pexpect.spawn(
            sys.executable,
            ["-P", "-m", "tui", *arguments],
            dimensions=(30, 90),
            timeout=PATIENCE,
            cwd=str(tmp_path),
            env=os.environ | {"TERM": "xterm-256color"},
        )
        running.append(child)
        return child

    yield start
    for child in running:
        child.close(force=True)


def finish(child: pexpect.spawn) -> tuple[int, str]:
    """The exit status and all that was left to read."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before.decode()


def screen(output: str) -> list[str]:
    """What a terminal shows of an output."""
    shown = pyte.Screen(90, 30)
    pyte.Stream(shown).feed(output)
    return [line.rstrip() for line in shown.display]


def hostile_model(home: Path, units: str = "char") -> None:
    """A model that writes escapes, bells and text that runs backwards, and nothing else."""
    symbols = "\x07\x1b\x9b" + ("" if units == "byte" else "\u202e")
    config, alphabet = ModelConfig("rnn", 4, 1), Alphabet(tuple(symbols), units)
    weights = initial(config, len(alphabet), 0)
    weights["head.W_hy"] = np.zeros_like(weights["head.W_hy"])
    modelfile.save(home / "models" / "evil.safetensors", Model("evil", config, alphabet, weights))


@pytest.mark.parametrize("units", ["char", "byte"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_control_characters_never_reach_a_terminal(terminal, home, units, form):
    hostile_model(home, units)
    status, out = finish(terminal("sample", "evil", "-n", "60", "-s", "1", *form))
    assert status == 0
    assert not set(out) & set("\x07\x1b\x9b\u202e")
    assert form or "␛" in out


def test_metadata_never_moves_the_cursor(terminal, home):
    hostile_model(home)
    for command in (["show", "evil"], ["list"]):
        _, out = finish(terminal("models", *command))
        assert "evil" in out
        assert not set(out) & set("\x07\x9b\u202e")


def test_a_sample_ends_with_a_new_line(terminal, tiny):
    status, out = finish(terminal("sample", "tiny", "-p", "Shall", "-n", "0", "-s", "1"))
    assert (status, out) == (0, "Shall\r\n")


@pytest.mark.parametrize("units", ["char", "byte"])
def test_what_joins_reaches_a_terminal_as_it_is(terminal, home, units):
    text = "نمی\u200cداند 👩\u200d👧\tpay"
    symbols = text.encode().decode("latin-1") if units == "byte" else text
    model = make_model(text=symbols)
    alphabet = Alphabet(model.alphabet.symbols, units)
    model = Model("odd", model.config, alphabet, model.weights)
    modelfile.save(home / "models" / "odd.safetensors", model)
    for prompt, shown in ((text, text), ("pay\u200d\u200cp", "pay��p")):
        written = finish(terminal("sample", "odd", "-p", prompt, "-n", "0", "-s", "1"))
        assert written == (0, f"{shown}\r\n")


@pytest.mark.parametrize(("answer", "status", "gone"), [("y", 0, True), ("n", 1, False)])
def test_deleting_asks_first(terminal, tiny, home, answer, status, gone):
    child = terminal("models", "rm", "tiny")
    child.expect_exact("delete model tiny for good?")
    child.sendline(answer)
    assert finish(child)[0] == status
    assert (home / "models" / "tiny.safetensors").exists() is not gone


def test_ctrl_c_at_a_question_changes_nothing(terminal, tiny, home):
    child = terminal("models", "rm", "tiny")
    child.expect_exact("for good?")
    child.sendintr()
    status, out = finish(child)
    assert status == 130
    assert "Traceback" not in out
    assert (home / "models" / "tiny.safetensors").exists()


def interrupted(child):
    """What is on the screen after one ctrl+c, by which a training saves and ends."""
    child.sendintr()
    child.expect_exact("ctrl+c again")
    status, out = finish(child)
    assert status == 130
    assert "Traceback" not in out
    return screen(out)


def test_a_training_is_shown_live_and_ctrl_c_saves(terminal):
    child = terminal("train", "hello", "--hidden", "8", "--steps", "10000000", "--name", "live")
    child.expect_exact("characters/s")
    shown = interrupted(child)
    assert "write    helo sample live" in shown
    assert "stopped and saved: helo train --resume live continues it" in shown
    run = rundir.find("live")
    assert rundir.status(run, run.events()).word == "stopped"


def test_a_training_to_its_end(terminal):
    status, out = finish(terminal("train", "hello", "--hidden", "8", "--steps", "20"))
    assert status == 0
    shown = screen(out)
    assert any("100%  step 20 of 20" in line for line in shown)
    assert any(line.startswith("╭─ sample at step 20") for line in shown)
    assert "write    helo sample hello-lstm-1" in shown


def test_attaching_shows_a_training_and_ctrl_c_leaves_it_training(terminal):
    named = ("--hidden", "8", "--steps", "10000000", "--name", "endless")
    assert finish(terminal("train", "hello", *named, "--detach"))[0] == 0
    run = rundir.find("endless")
    try:
        child = terminal("runs", "attach", "endless")
        child.expect_exact("ctrl+c leaves it training")
        child.expect_exact("characters/s")
        child.sendintr()
        status, out = finish(child)
        assert status == 0
        assert "Traceback" not in out
        assert any(line.startswith("endless trains on") for line in screen(out))
        assert run.alive()
    finally:
        os.kill(run.owner()["pid"], signal.SIGKILL)


def test_a_race_is_shown_live_and_ctrl_c_saves_them_all(terminal):
    child = terminal("race", "hello", "--cells", "rnn,gru", "--hidden", "8", "--seconds", "20")
    child.expect_exact("validation loss in nats by step")
    shown = interrupted(child)
    assert any(line.startswith("● rnn 8×1") and line.endswith("stopped") for line in shown)
    assert any(line.startswith("▲ gru 4×1") and line.endswith("stopped") for line in shown)
    assert any("continues race-1-rnn, race-1-gru" in line for line in shown)
    for name in ("race-1-rnn", "race-1-gru"):
        run = rundir.find(name)
        assert rundir.status(run, run.events()).word == "stopped"
        assert run.state_path(run.events()[-1].step).exists()

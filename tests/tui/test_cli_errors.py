"""Whatever a command is given, an error is one line on stderr and an exit status."""

from __future__ import annotations

import errno
import pickle
import sys
from types import ModuleType

import numpy as np
import pytest
from safetensors.numpy import save

from engine.errors import HeloError
from engine.runs import library
from tui.__main__ import main


def one_line(done, status: int, *words: str) -> None:
    assert done.status == status, done
    assert done.out == ""
    assert done.err.startswith("helo: ")
    assert done.err.count("\n") == 1
    for word in words:
        assert word in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], ["nosuch", "--help"]),
        (["--nosuch"], ["--nosuch"]),
        (["sample", "--nosuch"], ["--nosuch", "helo sample --help"]),
        (["sample", "--length", "many"], ["--length", "integer"]),
        (["sample", "--length", "-1"], ["--length", "-1"]),
        (["sample", "--temperature", "-1"], ["--temperature", "-1"]),
        (["sample", "--temperature", "nan"], ["--temperature"]),
        (["sample", "--top-p", "0"], ["--top-p"]),
        (["sample", "--seed", "-2"], ["--seed"]),
        (["score"], ["FILE"]),
        (["score", "nosuch", "--dynamic", "--windows", "9"], ["--dynamic", "--windows"]),
        (["train"], ["CORPUS"]),
        (["train", "hello", "--hidden", "0"], ["--hidden", "0"]),
        (["train", "hello", "--cell", "transformer"], ["--cell", "peephole, coupled, gru"]),
        (["train", "hello", "--steps", "5", "--epochs", "1"], ["--steps", "--epochs"]),
        (["train", "--resume", "x", "--lr", "1", "--layer-norm"], ["--layer-norm, --lr"]),
        (["train", "hello", "--lr", "0.1", "--lr-to", "0.2", "--steps", "5"], ["--lr-to", "0.1"]),
        (["train", "hello", "--lr-to", "nan", "--steps", "5"], ["--lr-to", "nan"]),
        (["-m", "tiny", "sample"], ["-m"]),
        (["bench"], ["command"]),
        (["models", "rename", "a"], ["NEW"]),
        (["models", "rm", "tiny"], ["--yes"]),
        (["models", "rename", "tiny", "no/name"], ["name"]),
        (["corpora", "add", "hello", "--units", "words"], ["char or byte"]),
        (["corpora", "add", "hello", "--encoding", "klingon"], ["--encoding", "klingon"]),
        (["corpora", "add", "hello", "--max-size", "much"], ["--max-size", "500MB"]),
        (["corpora", "add", "hello", "--glob", "!"], ["--glob"]),
        (["corpora", "add", "-", "--glob", "*.c"], ["--glob", "standard input"]),
        (["corpora", "add", "hello", "--glob", "*.c"], ["--glob", "built in"]),
        (["corpora", "add", ""], ["file"]),
    ],
)
def test_what_cannot_be_is_a_usage_error(cli, tiny, arguments, words):
    one_line(cli(*arguments), 2, *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sample", "nosuch"], ["nosuch", "helo models list"]),
        (["sample", "./nosuch.safetensors"], ["nosuch"]),
        (["sample", "tiny", "-p", "@nosuch"], ["nosuch"]),
        (["score", "nosuch.txt", "-m", "tiny"], ["nosuch.txt"]),
        (["score", ".", "-m", "tiny"], ["folder"]),
        (["score", "/dev/null", "-m", "tiny"], ["not a regular file"]),
        (["train", "nosuch.txt"], ["nosuch.txt", "helo corpora list"]),
        (["train", "hello", "--init-from", "nosuch"], ["nosuch"]),
        (["train", "--resume", "nosuch"], ["nosuch", "helo runs list"]),
        (["runs", "show", "nosuch"], ["nosuch"]),
        (["runs", "stop", "nosuch"], ["nosuch"]),
        (["runs", "rm", "nosuch", "--yes"], ["nosuch"]),
        (["models", "show", "nosuch"], ["nosuch"]),
        (["models", "rm", "nosuch"], ["nosuch"]),
        (["corpora", "show", "nosuch"], ["nosuch"]),
        (["corpora", "show", "python"], ["helo corpora add python"]),
    ],
)
def test_a_name_that_stands_for_nothing(cli, tiny, arguments, words):
    one_line(cli(*arguments), 1, *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"x", ["one character"]),
        (bytes(range(1, 256)) * 50, ["binary", "--units byte"]),
        (b"text with \x00 in it", ["binary", "--units byte"]),
        (b"na\xc3\xafve " * 50 + b"\xff", ["broken UTF-8", "byte 350"]),
        (b"PK\x03\x04" + b"x" * 50, ["damaged"]),
    ],
)
@pytest.mark.parametrize("command", ["train", "corpora add"])
def test_a_text_that_is_no_corpus(cli, home, tmp_path, content, words, command):
    file = tmp_path / "text.txt"
    file.write_bytes(content)
    one_line(cli(*command.split(), str(file)), 1, *words)
    assert not list(home.glob("runs/*"))
    assert not list(home.glob("corpora/*"))


@pytest.mark.parametrize("form", [[], ["--dynamic"]])
@pytest.mark.parametrize("content", [b"", b"S"])
def test_a_text_too_short_to_score(cli, tiny, content, form):
    one_line(cli("score", "-", "-m", "tiny", *form, stdin=content), 2, "two characters")


def test_a_binary_file_cannot_be_scored(cli, tiny):
    one_line(cli("score", "-", "-m", "tiny", stdin=b"\xff\0" * 9), 1, "binary")


@pytest.mark.parametrize("kind", ["truncated", "corrupt", "foreign", "text", "pickle", "zip"])
def test_a_file_that_is_no_model(cli, tiny, home, tmp_path, kind):
    good = (home / "models" / "tiny.safetensors").read_bytes()
    content = {
        "truncated": good[: len(good) // 2],
        "corrupt": good[:8] + b"\xff" * 40 + good[48:],
        "foreign": save({"weight": np.zeros((2, 2), np.float32)}),
        "text": b"To be or not to be",
        "pickle": pickle.dumps({"weights": [1.0]}),
        "zip": b"PK\x03\x04" + bytes(100),
    }[kind]
    file = tmp_path / "bad.safetensors"
    file.write_bytes(content)
    one_line(cli("sample", str(file), "-n", "1"), 1, "bad.safetensors")
    one_line(cli("train", "hello", "--init-from", str(file)), 1, "bad.safetensors")
    assert not list(home.glob("runs/*"))


def test_a_damaged_model_in_the_library_is_listed_as_such(cli, tiny, home):
    (home / "models" / "bad.safetensors").write_bytes(b"nothing")
    done = cli("models", "list")
    assert done.status == 0
    assert "damaged" in next(line for line in done.out.splitlines() if line.startswith("bad"))
    assert "tiny" in done.out


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (HeloError("no such luck"), 1, ["no such luck"]),
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), 1, ["No space left", "/x/y"]),
        (ValueError("odd"), 1, ["ValueError: odd", "--debug"]),
        (HeloError("two\nlines \x1b[31m"), 1, ["two", "lines ␛[31m"]),
    ],
)
def test_every_error_is_a_line(cli, monkeypatch, error, status, words):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(library, "models", fail)
    one_line(cli("models", "list"), status, *words)


def test_debug_shows_where(cli, monkeypatch):
    def fail_on_purpose(*_: object) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(library, "models", fail_on_purpose)
    done = cli("--debug", "models", "list")
    assert done.status == 1
    assert "Traceback" in done.err
    assert "fail_on_purpose" in done.err


def test_an_interrupt_is_130(cli, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(library, "models", interrupt)
    done = cli("models", "list")
    assert (done.status, done.err) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "terminal", "opens"),
    [
        ([], "xterm", ("app", None)),
        (["-m", "tiny"], "", ("app", "tiny")),
        (["--debug"], "linux", ("app", None)),
        (["--plain"], "xterm", ("lines", None)),
        (["-m", "tiny", "--plain"], "xterm", ("lines", "tiny")),
        ([], "dumb", ("lines", None)),
        (["-m", "tiny"], "dumb", ("lines", "tiny")),
        ([], "unknown", ("lines", None)),
    ],
)
def test_helo_without_a_command_opens_what_the_terminal_can_show(
    monkeypatch, arguments, terminal, opens
):
    opened = []
    app, lines = ModuleType("tui.app"), ModuleType("tui.plain.repl")
    app.run_app = lambda model: opened.append(("app", model)) or 3  # type: ignore[attr-defined]
    lines.run_plain = lambda model: opened.append(("lines", model)) or 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui.app", app)
    monkeypatch.setitem(sys.modules, "tui.plain.repl", lines)
    monkeypatch.setenv("TERM", terminal)
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "argv", ["helo", *arguments])
    assert main() == 3
    assert opened == [opens]

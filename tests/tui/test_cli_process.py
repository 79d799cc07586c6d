"""The command line as a process: what it imports, pipes, and the ends of both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from engine.version import __version__

HEAVY = {"torch", "textual"}


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["--version"], HEAVY | {"typer", "numpy", "rich"}),
        (["--help"], HEAVY | {"numpy"}),
        (["sample", "tiny", "-n", "3"], HEAVY | {"rich"}),
        (["score", "-", "-m", "tiny"], HEAVY | {"rich"}),
        (["-m", "tiny", "--plain"], HEAVY),
        (["-m", "tiny"], HEAVY),
        (["score", "-", "-m", "tiny", "--dynamic"], HEAVY | {"rich"}),
        (["models", "list"], HEAVY),
        (["runs", "list"], HEAVY),
        (["train", "nosuch"], HEAVY),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_nothing_heavy_is_imported(tiny, arguments, missing):
    code = (
        "import json, sys\n"
        "from tui.__main__ import main\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "main()\n"
        "print(json.dumps([m for m in sys.modules if '.' not in m]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], input=b"Shall I", capture_output=True, check=True
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "engine" in loaded
    assert not loaded & missing


def test_without_a_terminal_helo_reads_lines(helo, tiny):
    for arguments in (("-m", "tiny"), ("-m", "tiny", "--plain")):
        done = helo(*arguments, input=b"/length 5\nShall\n")
        assert (done.returncode, done.stdout[:5], len(done.stdout)) == (0, b"Shall", 11)
        done = helo(*arguments, stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_lines_without_a_standard_input_are_refused(tiny):
    command = f"exec '{sys.executable}' -P -m tui -m tiny <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    line = b"helo: standard input is closed: there is nothing to read\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", line)


def test_version(helo):
    done = helo("--version")
    assert (done.returncode, done.stdout) == (0, f"helo {__version__}\n".encode())
    assert helo("--debug", "--version").stdout == done.stdout


@pytest.mark.parametrize("command", ["", "sample", "train", "runs", "models", "corpora", "bench"])
def test_help(helo, command):
    done = helo(*command.split(), "--help")
    assert done.returncode == 0
    assert b"Usage: helo" in done.stdout
    assert done.stderr == b""


def test_the_exact_text_goes_to_a_pipe_whatever_the_locale(helo, tiny):
    command = ("sample", "tiny", "-p", "Shall", "-n", "20", "-s", "1")
    plain = helo(*command, env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0"})
    assert plain.returncode == 0
    assert plain.stdout == helo(*command).stdout
    assert plain.stdout.startswith(b"Shall")
    assert len(plain.stdout) == 25


ENDLESS = {
    "sample": (["sample", "tiny", "-n", "10000000", "-s", "1"], b""),
    "lines": (["-m", "tiny", "--plain"], b"/length 100000\nShall\n" + b"\n" * 1000),
}


@contextmanager
def endless(kind):
    arguments, lines = ENDLESS[kind]
    command = [sys.executable, "-P", "-m", "tui", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stdin.write(lines)
        process.stdin.flush()
        assert len(os.read(process.stdout.fileno(), 1)) == 1
        yield process


@pytest.mark.parametrize(
    ("kind", "said"), [("sample", b""), ("lines", b"Enter asks for 100,000 characters\n")]
)
def test_characters_come_as_they_are_written(tiny, kind, said):
    with endless(kind) as process:
        process.stdout.close()  # a reader that has read enough
        assert process.stderr.read() == said
        assert process.wait(60) == 0


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_interrupted_process_ends_with_130(tiny, kind):
    with endless(kind) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130 and b"Traceback" not in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["sample tiny -n 9 -s 1", "models list --json"])
def test_a_full_disk_is_a_line(tiny, command):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tui", *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"helo: No space left on device\n"


def test_a_closed_stdout_is_survived(tiny):
    command = f"exec '{sys.executable}' -P -m tui models list >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_folders_in_the_way_are_not_imported(tiny, tmp_path):
    for name in ("engine", "tui", "numpy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong one')")
    code = "import sys; from tui.__main__ import main; sys.exit(main())"
    for start in (["-m", "tui"], ["-c", code]):  # the second is what the installed script does
        done = subprocess.run(
            [sys.executable, "-P", *start, "sample", "tiny", "-n", "5", "-s", "1"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert len(done.stdout) == 5


def test_no_password_of_an_address_is_kept(helo, home, server, tmp_path):
    """Not in a corpus, a run, its log, its model, nor in anything else in the home."""
    text = b"To be, or not to be, that is the question.\n" * 20
    here = server.serve("/text.txt", text)
    secret = here.replace("://", "://me:secret@")
    small = ("--cell", "rnn", "--hidden", "4", "--layers", "1", "--device", "cpu")
    done = helo("train", secret, "--name", "r", "--steps", "2", *small)
    assert done.returncode == 0, done.stderr
    (tmp_path / "list").write_text(f"{secret}\n{secret}.gone\n")
    listed = helo("corpora", "add", f"@{tmp_path / 'list'}")
    told = done.stdout + done.stderr + listed.stdout + listed.stderr
    files = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".npy"]
    assert {"run.json", "best.safetensors", "corpus.json"} <= {path.name for path in files}
    kept = b"".join(path.read_bytes() for path in files if path.parent.name != "cache")
    assert b"secret" not in told + kept and b"me:" not in told + kept
    assert json.loads((home / "runs" / "r" / "run.json").read_text())["command"].startswith(
        f"helo train {here}"
    )

"""The command line as a process: what it imports, pipes, and the ends of both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from engine import __version__

HEAVY = {"torch", "textual"}


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["--version"], HEAVY | {"typer", "numpy", "rich"}),
        (["--help"], HEAVY | {"numpy"}),
        (["sample", "tiny", "-n", "3"], HEAVY | {"rich"}),
        (["score", "-", "-m", "tiny"], HEAVY | {"rich"}),
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


def test_the_app_opens_in_a_terminal_only(helo, tiny):
    for arguments in ((), ("-m", "tiny")):
        done = helo(*arguments, stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.startswith(b"helo: the app needs a terminal")
        assert done.stderr.count(b"\n") == 1


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


def test_characters_come_as_they_are_written(tiny):
    command = [sys.executable, "-P", "-m", "tui", "sample", "tiny", "-n", "100000000", "-s", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        assert len(os.read(process.stdout.fileno(), 1)) == 1
        process.stdout.close()  # a reader that has read enough
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_an_interrupted_process_ends_with_130(tiny):
    command = [sys.executable, "-P", "-m", "tui", "sample", "tiny", "-n", "100000000", "-s", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        os.read(process.stdout.fileno(), 1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, b"")


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
        assert len(done.stdout) == 6


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

"""What a shell completes, asked as shells ask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.network.modelfile import Model
from engine.text import corpus
from tests.conftest import Cli
from tui.__main__ import main

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Complete:
    """The values offered for the last word of a line, by the way of one of the shells."""
    monkeypatch.chdir(tmp_path)

    def ask(line: str, shell: str = "bash", status: int = 0) -> list[str]:
        before = line.split(" ")
        variables = {
            "_HELO_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "COMP_WORDS": line.replace(" ", "\n"),
            "COMP_CWORD": str(len(before) - 1),
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert (end.value.code or 0, err) == (status, "")
        return out.rstrip("\n").split("\n") if out.strip() else []

    return ask


def test_commands_and_options(complete: Complete) -> None:
    assert {"sample", "train", "runs", "config"} <= set(complete("helo "))
    assert complete("helo sc") == ["score"]
    assert {"list", "export", "stop"} <= set(complete("helo runs "))
    assert complete("helo train --dev") == ["--device"]
    assert complete("helo train --device c") == ["cpu", "cuda"]
    assert "lstm" in complete("helo train x --cell ")
    assert complete("helo race x --cells lstm,gru,mi") == ["lstm,gru,mingru"]
    assert complete("helo corpora add x --normalise nf") == ["nfc", "nfd"]
    assert "torch" in complete("helo models export x --to ")
    assert "--install-completion" in complete("helo --")
    assert complete("helo nosuch command") == []


def test_models_and_runs(complete: Complete, tiny: Model, fake_run) -> None:
    one, two = fake_run(race="race-1", name="race-1-gru"), fake_run(name="winter")
    one.live()
    assert complete("helo sample ") == ["tiny", "shakespeare"]
    assert complete("helo -m s") == complete("helo score x -m s") == ["shakespeare"]
    assert complete("helo models rm ") == ["tiny"]
    assert complete("helo runs show ") == ["race-1-gru", "winter"]
    assert complete("helo runs pause ") == ["race-1-gru"]
    assert complete("helo runs stop ") == ["race-1-gru", "race-1"]
    assert complete("helo train --resume ") == ["winter"]
    assert complete("helo train x --init-from winter@b") == []
    (two.run.folder / "run.json").write_text("{")  # damaged
    assert complete("helo runs show w") == ["winter"] and complete("helo runs back winter ") == []


def test_corpora_and_files(complete: Complete, tmp_path: Path) -> None:
    corpus.add(["abab" * 100], "my-corpus", "here")
    for name in ("my-book.txt", "my plans.txt", "$(touch bad)", ".mine"):
        (tmp_path / name).write_text("x")
    assert complete("helo train my") == ["my-corpus", "my-book.txt"]
    assert complete("helo train my-b") == [], "the shell completes paths itself"
    assert complete("helo train $") == complete("helo train ./m") == []
    assert complete("helo corpora show ") == ["my-corpus"]
    assert complete("helo corpora add py") == ["python"]
    assert "tang-poems" in complete("helo corpora get ")
    assert complete("helo corpora rm my-corpus ") == ["my-corpus"]


def test_zsh_and_fish(complete: Complete, tiny: Model) -> None:
    assert complete("helo sample t", "zsh") == ["""_arguments '*: :(("tiny":"model"))'"""]
    assert complete("helo score x", "zsh") == ["_files"]
    assert complete("helo sample t", "fish") == ["tiny\tmodel"]
    assert complete("helo score x", "fish") == []


def test_a_damaged_home_says_nothing(complete: Complete, home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "runs").write_text("not a folder")
    assert complete("helo runs show ") == []
    assert complete("helo sample s") == ["shakespeare"]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_itself(home: Path, tiny: Model, tmp_path: Path) -> None:
    """Also that completing imports nothing heavy."""
    command = tmp_path / "helo"
    code = (
        "import sys\nsys.argv = ['helo']\nfrom tui.__main__ import main\n"
        "try: main()\nfinally: assert not {'torch', 'textual'} & sys.modules.keys()\n"
    )
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -c "{code}"\n')
    command.chmod(0o755)
    show = [sys.executable, "-P", "-m", "tui", "--show-completion"]
    asked = (
        f"source <({' '.join(show)})\n"
        "COMP_WORDS=(helo sample t) COMP_CWORD=2\n"
        f"_helo_completion {command}\n"
        'echo "${COMPREPLY[@]}"; complete -p helo'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "tiny\ncomplete -o default -F _helo_completion helo\n"
    assert not done.stderr


def test_installing(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import shellingham

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("zsh", "/bin/zsh"))
    with pytest.raises(SystemExit) as end:
        cli("--install-completion")
    assert not end.value.code and (tmp_path / ".zfunc" / "_helo").read_text().startswith("#compdef")

    def fails() -> None:
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr(shellingham, "detect_shell", fails)
    done = cli("--show-completion")
    assert (done.status, done.out) == (2, "") and "which shell" in done.err
    assert done.err.count("\n") == 1
    assert "_HELO_COMPLETE" not in os.environ

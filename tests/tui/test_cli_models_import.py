"""`helo models import`: names, alphabets, what is told, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.exporting import torch_file
from engine.network import modelfile
from tests.conftest import SONNET, Cli, make_model
from tests.engine.foreign.known import real
from tests.tui.test_cli_json import asked


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A file with torch's names and no alphabet."""
    from safetensors.numpy import save_file

    path = tmp_path / "Their model.safetensors"
    save_file(torch_file.tensors(make_model("gru")), path)
    return path


def test_the_alphabet_is_named_by_a_text_or_a_file(
    cli: Cli, theirs: Path, tmp_path: Path, home: Path
) -> None:
    done = cli("models", "import", str(theirs))
    assert done.status == 2 and "the file stores no alphabet: add --alphabet" in done.err
    V = len(set(SONNET))
    done = cli("models", "import", str(theirs), "--alphabet", "hello")
    assert done.status == 2 and f"--alphabet has 4 characters, the model {V}" in done.err
    assert not (home / "models").exists()
    (tmp_path / "text").write_text(SONNET)
    done = cli("models", "import", str(theirs), "--alphabet", str(tmp_path / "text"))
    assert (done.status, done.err) == (0, "") and done.out.count("\n") == 1
    assert done.out.startswith(
        f"Their-model: gru 16×2, {V} characters, from PyTorch; the alphabet is "
    )
    found = modelfile.load(home / "models" / "Their-model.safetensors")
    for name, W in make_model("gru").weights.items():
        np.testing.assert_array_equal(found.weights[name], W)
    shown = cli("models", "show", "Their-model").out
    assert "from PyTorch" in shown and "as named, sorted" in shown and "0 steps" not in shown
    done = cli("models", "import", str(theirs), "--alphabet", SONNET)
    assert done.status == 2 and "there is a model 'Their-model' already" in done.err
    [told] = asked(cli, "models import", str(theirs), "--alphabet", SONNET, "--name", "other")
    assert told["name"] == "other" and told["history"]["project"] == "PyTorch"
    assert told["history"]["notes"][0] == "the alphabet is not in the file: as named, sorted"


def test_a_model_of_helos_is_copied(cli: Cli, tmp_path: Path, home: Path) -> None:
    modelfile.save(tmp_path / "a.safetensors", make_model(), "float16")
    done = cli("models", "import", str(tmp_path / "a.safetensors"))
    assert (done.status, done.err) == (0, "") and done.out.endswith(", copied\n")
    copy = home / "models" / "a.safetensors"
    assert copy.read_bytes() == (tmp_path / "a.safetensors").read_bytes()
    copy.write_bytes(copy.read_bytes()[:-9])
    done = cli("models", "import", str(copy), "--name", "b")
    assert done.status == 1 and "cut off" in done.err and not copy.with_stem("b").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no file or folder"),
        (b"", "is no model of a project that helo reads"),
        (b"hello\n" * 99, "is no model of a project that helo reads"),
        (b"PK\x03\x04 and no more", "is damaged (not a whole zip archive)"),
        (b"{ nothing", "is damaged (not valid JSON, line 1)"),
        (b"\x80\x02}.", "is no model of a project that helo reads"),
    ],
)
def test_what_is_no_model_is_told_in_a_line(
    cli: Cli, tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    done = cli("models", "import", str(path))
    assert done.status == 1 and done.err.count("\n") == 1 and says in done.err, done.err


def test_an_empty_folder_and_a_bad_name(cli: Cli, tmp_path: Path, theirs: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = cli("models", "import", str(tmp_path / "empty"))
    assert done.status == 1 and "is no model of a project" in done.err
    done = cli("models", "import", str(theirs), "--name", "a/b")
    assert done.status == 2 and "is not a valid name" in done.err


def test_a_file_that_others_made_without_torch_in_the_process(tmp_path: Path) -> None:
    file = real("char-rnn.pytorch/baseline_model.pt")
    (tmp_path / "text").write_text(
        "First Citizen:\nBefore we proceed any further, hear me speak.\n"
    )
    code = (
        "import sys; from tui.cli.main import run as main\n"
        f"assert main(['models', 'import', {str(file)!r}, '--alphabet', 'printable']) == 0\n"
        "assert not {'torch', 'h5py', 'textual'} & set(sys.modules)\n"
        f"sys.exit(main(['score', {str(tmp_path / 'text')!r}, '-m', 'baseline_model', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert 1 < json.loads(done.stdout.splitlines()[-1])["nats_per_char"] < 1.7

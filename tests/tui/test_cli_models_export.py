"""`helo models export`: files, names, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.exporting.forms import FORMS
from tests.conftest import Cli
from tests.tui.test_cli_json import asked

pytestmark = pytest.mark.usefixtures("tiny", "here")


@pytest.mark.parametrize("to", FORMS)
def test_a_file_in_this_folder(cli: Cli, here: Path, to: str) -> None:
    done = cli("models", "export", "tiny", "--to", to)
    assert (done.status, done.err) == (0, "")
    names = done.out.splitlines()
    assert names[0] == f"tiny{FORMS[to].ending}"
    assert sorted(names) == sorted(path.name for path in here.iterdir())


def test_a_file_of_that_name_and_a_model_by_its_path(cli: Cli, here: Path, home: Path) -> None:
    model = str(home / "models" / "tiny.safetensors")
    [found] = asked(cli, "models export", model, "--to", "torch", "-o", "deep/a.safetensors")
    assert found == {
        "model": model,
        "to": "torch",
        "files": ["deep/a.safetensors", "deep/a.py"],
    }
    assert all((here / file).is_file() for file in found["files"])


def test_nothing_is_replaced_unasked(cli: Cli, here: Path) -> None:
    (here / "tiny_torch.py").write_text("mine")
    done = cli("models", "export", "tiny", "--to", "torch")
    assert done.status == 2 and "add --yes" in done.err and done.out == ""
    assert [path.name for path in here.iterdir()] == ["tiny_torch.py"]
    assert cli("models", "export", "tiny", "--to", "torch", "--yes").status == 0
    assert (here / "tiny_torch.py").read_text() != "mine"


@pytest.mark.parametrize(
    "arguments, word",
    [
        (("tiny", "--to", "pickle"), "--to must be one of torch"),
        (("tiny",), "Missing option '--to'"),
        (("nosuch", "--to", "torch"), "no model 'nosuch'"),
        (("tiny", "--to", "torch", "-o", "a.onnx"), "ends in .safetensors, not as 'a.onnx' does"),
        (("tiny", "--to", "torch", "-o", ""), "ends in .safetensors"),
        (("tiny", "--to", "torch", "-o", "full.safetensors"), "is not a file"),
        (("tiny", "--to", "torch", "-o", "file/a.safetensors"), "cannot write"),
    ],
)
def test_what_is_refused(cli: Cli, here: Path, arguments: tuple[str, ...], word: str) -> None:
    (here / "full.safetensors").mkdir()
    (here / "file").write_text("")
    done = cli("models", "export", *arguments)
    assert done.status and word in done.err and done.err.count("\n") == 1
    assert len(list(here.iterdir())) == 2


def test_a_run_gives_its_best_model(cli: Cli, here: Path, home: Path) -> None:
    run = home / "runs" / "first"
    run.mkdir(parents=True)
    (home / "models" / "tiny.safetensors").rename(run / "best.safetensors")
    assert cli("models", "export", "first", "--to", "torch").out.startswith("first_torch.")
    done = json.loads(cli("models", "export", "first", "--to", "torch", "-y", "--json").out)
    assert done["model"] == "first"

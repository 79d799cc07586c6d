"""The wings of the house: what must not be in a process, seen from a child process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import ModelConfig
from engine.runs import launch
from engine.text import corpus
from tests.configs import a_config
from tests.conftest import SONNET
from tests.test_house import ROOT, sources

TERMINAL = ("textual", "rich", "typer")


def modules(package: str) -> list[str]:
    return sorted(sources(ROOT, package))


TRAINING = {name for name in modules("engine") if name.startswith("engine.training")}
OTHERS = sorted(set(modules("engine")) - TRAINING)


def loaded(code: str, *arguments: str) -> set[str]:
    """The top-level packages, and helo's modules, that a process has after running `code`."""
    code += "\nimport json, sys; print('\\n' + json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout.splitlines()[-1])
    return {name.partition(".")[0] for name in names} | set(names)


def test_all_wings_but_training_have_no_torch_and_no_terminal() -> None:
    found = loaded("\n".join(f"import {name}" for name in OTHERS))
    assert set(OTHERS) <= found
    assert not found & {"torch", "tui", *TERMINAL}
    assert not found & TRAINING, "imports point down only"


def test_a_training_has_no_terminal_and_no_compiler() -> None:
    config = a_config(ModelConfig("lstm", 4, 1), steps=2, batch=2, seq_length=5, device="cpu")
    run = launch.create("r", corpus.add([SONNET], "r", "here"), config)
    found = loaded("from engine.training.trainer import main; assert main() == 0", str(run.folder))
    assert run.latest.exists()
    # it takes longer to import than torch itself
    assert "torch" in found and not found & {"tui", *TERMINAL, "torch._dynamo"}


def test_corpora_stand_on_nothing() -> None:
    found = loaded("\n".join(f"import {name}" for name in modules("corpora")))
    assert not found & {"engine", "tui", "torch", "numpy"}


def test_the_app_has_no_torch_and_no_screen_of_training_before_that_is_opened() -> None:
    found = loaded("import tui.app")
    assert "textual" in found and not found & {"torch", "tui.train.pane"}


def test_no_module_of_the_terminal_imports_torch() -> None:
    found = loaded("\n".join(f"import {name}" for name in modules("tui")))
    assert "tui.app" in found and "torch" not in found


MAIN = "from tui.__main__ import main; assert main() == 0"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["paths"], ["train", "--help"]])
def test_the_command_line_has_no_torch_and_no_numpy(arguments: list[str]) -> None:
    found = loaded(MAIN, *arguments)
    assert "tui" in found and not found & {"torch", "textual", "numpy"}


def test_the_library_is_imported_when_it_is_used() -> None:
    assert not loaded("import engine") & {"numpy", "engine.api", "engine.config"}
    found = loaded("import engine; engine.train")
    assert "engine.runs.launch" in found and not found & {"torch", "tui", *TERMINAL}


def test_settings_know_the_cells_without_numpy() -> None:
    found = loaded("from engine.config import ModelConfig; ModelConfig('gru', 8, 1)")
    assert "engine.cells.gru" in found and not found & {"torch", "numpy"}


@pytest.mark.parametrize("arguments", [["--help"], ["sample", "--help"]])
def test_help_is_told_without_numpy(arguments: list[str]) -> None:
    assert "numpy" not in loaded(MAIN, *arguments)


def test_writing_and_scoring_have_no_torch(tmp_path: Path) -> None:
    from engine.network import modelfile
    from tests.conftest import random_model

    modelfile.save(tmp_path / "m.safetensors", random_model())
    (tmp_path / "text").write_text("Shall I compare thee")
    model = str(tmp_path / "m.safetensors")
    for arguments in (
        ["sample", model, "--prompt", "Shall", "--length", "3"],
        ["score", str(tmp_path / "text"), "-m", model],
    ):
        assert not loaded(MAIN, *arguments) & {"torch", "textual"}

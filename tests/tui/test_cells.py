"""Every cell is trained, writes and is scored; what a stack has beyond its sizes goes with it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs import library, rundir
from tests.conftest import Cli, stacked
from tests.engine.lives import a_run, live

TEXT = "hello, hello, who is there? " * 20
FEW = ("--hidden", "16", "--batch", "4", "--seq-length", "8", "--steps", "3")
STACK = ("--layers", "2", "--layer-norm", "--residual")


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "greeting.txt"
    path.write_text(TEXT)
    return str(path)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_learns_writes_and_is_scored(cli: Cli, text: str, cell: str) -> None:
    live(a_run("mine", TEXT, cell, steps=3))  # a process for each would take half a minute
    assert f"{cell} 8×2" in cli("runs").out
    written = cli("sample", "mine", "-n", "20", "--seed", "1")
    assert len(written.out.rstrip("\n")) > 0 and set(written.out) <= set(TEXT) | {"\n"}
    scored = json.loads(cli("score", text, "-m", "mine", "--json").out)
    assert scored["chars"] == len(TEXT) - 1 and 0 < scored["nats_per_char"] < 4


def test_a_stack_with_all_it_can_have(cli: Cli, text: str) -> None:
    stack = ModelConfig("mlstm", 16, 2, layer_norm=True, residual=True)
    done = cli("train", text, "--cell", "mlstm", "--name", "first", *FEW, *STACK)
    assert done.status == 0, done.err
    assert f"first: {stack}, on greeting" in done.out
    assert library.open_model("first").config == stack
    cli("runs", "keep", "first")
    for command in (("runs",), ("runs", "show", "first"), ("models",), ("models", "show", "first")):
        assert str(stack) in cli(*command).out
    for command in (("runs", "list"), ("models", "list")):
        found = json.loads(cli(*command, "--json").out)
        assert asdict(stack).items() <= next(x for x in found if x["name"] == "first").items()
    again = cli("train", text, "--init-from", "first", "--name", "second", "--steps", "2")
    assert again.status == 0, again.err
    assert rundir.find("second").info().config.model == stack


@pytest.mark.parametrize("flag", ["--layer-norm", "--residual"])
def test_a_model_to_begin_with_says_what_the_stack_has(
    cli: Cli, tiny: Model, home: Path, flag: str
) -> None:
    refused = cli("train", "hello", "--init-from", "tiny", flag)
    assert refused.status == 2
    assert refused.err == f"helo: {flag} does not fit --init-from (lstm 16×2): leave it out\n"
    assert not list(home.glob("runs/*"))


def test_a_cell_that_is_not_there_is_named_beside_all_that_are(cli: Cli) -> None:
    refused = cli("train", "hello", "--cell", "nonsense")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert "'nonsense'" in refused.err and ", ".join(CELLS) in refused.err
    assert all(cell in cli("train", "--help").out for cell in CELLS)


@pytest.mark.parametrize("cell", CELLS)
def test_a_model_file_of_every_stack_is_shown(cli: Cli, home: Path, cell: str) -> None:
    modelfile.save(home / "models" / "stack.safetensors", stacked(cell))
    assert f"{cell} 16×2, layer norm, residual, " in cli("models", "show", "stack").out
    assert cli("sample", "stack", "-n", "5", "--seed", "1").status == 0

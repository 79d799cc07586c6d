"""helo inspect gates: how open a model's gates are, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.inspecting.gates import Gate
from engine.network import modelfile
from tests.conftest import SONNET, Cli
from tests.engine.networks import random_model
from tui.curves import openings
from tui.curves.ink import BRAILLE


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_has_its_gates(cli: Cli, home: Path, cell: str) -> None:
    model = random_model(ModelConfig(cell, 6, 2), SONNET)
    modelfile.save(home / "models" / "it.safetensors", model)
    found = json.loads(cli("inspect", "gates", "it", "--json").out)
    assert found["chars"] == 4096 and found["text"] == "a text that it wrote itself"
    own = [gate for gate in CELLS[cell].gates if gate in "ifozr"]
    assert [g["name"] for g in found["gates"]] == [f"layers.{l}.{g}" for l in (0, 1) for g in own]
    assert len(found["keeping"]) == (2 if own else 0)
    for gate in found["gates"] + found["keeping"]:
        shut, opened, mean = (np.array(gate[key]) for key in ("shut", "open", "mean"))
        assert shut.shape == opened.shape == mean.shape == (6,)
        assert (shut + opened <= 1).all() and (mean >= 0).all() and (mean <= 1).all()
    done = cli("inspect", "gates", "it")
    assert done.status == 0 and all(len(line) <= 80 for line in done.out.splitlines())
    said = " ".join(done.out.split())
    assert (openings.MEANS if own else openings.NO_GATES) in said
    assert (openings.UNLIKE_TRAINING in said) == bool(own)


def test_a_unit_is_where_its_shares_say() -> None:
    gate = Gate("layers.0.f", np.array([1.0]), np.array([0.0]), np.array([0.0]))
    rows = openings.saturation(gate, 11, 5, BRAILLE)
    assert ["".join(text for text, _ in row) for row in rows] == [
        *["│          "] * 3,
        "│         ⢀",
        "└──────────",
    ]


def test_values_rise_from_the_left() -> None:
    rows = openings.in_order(np.array([1.0, 0.0, 0.5]), 3, 3, BRAILLE)
    drawn = ["".join(text for text, _ in row) for row in rows]
    assert drawn[0][2] != " " and drawn[1][1] != " " and drawn[0][1] == " "


def test_memories_in_words() -> None:
    gate = Gate("layers.1.kept", np.zeros(3), np.ones(3), np.array([0.5, 0.99, 1.0]))
    assert openings.keeping_words(gate) == (
        "layers.1: 3 integrators of 3 units; memory of the middle unit 99 characters, of a tenth below "
        "1.4, of a tenth above ∞"
    )

"""A new cell is a file: one is added to a copy of helo in which nothing else is touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.copied import Copy

LEAKY = '''"""The leaky-integrator unit (Jaeger et al., 2007).

    n  = tanh(x W_xh + h W_hh + b_h)
    h' = h + α (n − h)
"""

from engine.cells.cell import Cell, cut

ALPHA = 0.5


class Leaky(Cell):
    name = "leaky"
    hint = "a step that forgets slowly"
    aliases = ("leaky-integrator",)
    lr_factor = 0.5
    gates = ("n",)

    def views(self, a):
        return (a,)

    def step(self, xp, p, trace):
        (n,), (h,), (h_after,), _ = trace
        xp.add_matmul(h, p["W_hh"], out=n)
        xp.tanh(n, out=n)
        xp.lerp(h, n, ALPHA, out=h_after)

    def backward(self, xp, p, trace, r, d_state, d_h):
        (n,), _, _, _ = trace
        (d,) = d_state
        d_h += d * (1 - ALPHA)
        xp.d_tanh(d * ALPHA, n, out=n)
        xp.add_matmul(n, p["W_hh"].T, out=d_h)
        return ()
'''


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of helo with one file more."""
    copy = Copy(tmp_path_factory.mktemp("added") / "source")
    (copy.folder / "engine" / "cells" / "leaky.py").write_text(LEAKY, "utf-8")
    return copy


def test_the_help_lists_it_after_the_others(source: Copy) -> None:
    said = " ".join(source.helo("train", "--help").replace("│", " ").split())
    assert "gru, mlstm, mingru, leaky." in said


def test_it_is_trained_under_any_of_its_names_and_writes(source: Copy, home: Path) -> None:
    few = ("--steps", "3", "--hidden", "4", "--device", "cpu")
    source.helo("train", "hello", "--cell", "leaky-integrator", "--name", "slow", *few)
    config = json.loads((home / "runs" / "slow" / "run.json").read_text("utf-8"))["config"]
    assert config["model"]["cell"] == "leaky"
    assert config["lr"] == 0.01, "half of what an lstm of this size gets"
    (run,) = json.loads(source.helo("runs", "list", "--json"))
    assert (run["status"], run["step"], run["cell"]) == ("finished", 3, "leaky")
    assert set(source.helo("sample", "slow", "-n", "30", "--seed", "1")) <= set("helo\n")


def test_the_tests_of_all_cells_hold_for_it(source: Copy) -> None:
    """Among them those that check derivatives, in NumPy and torch."""
    where = ("tests/engine/cells/test_cells.py", "tests/engine/network/test_gradient.py")
    said = source.tests("-k", "leaky", *where)
    passed = re.search(r"(\d+) passed", said)
    assert passed and int(passed[1]) > 12, said


def test_the_form_offers_it_with_its_hint(source: Copy) -> None:
    said = source.tests("-k", "every_cell_can_be_chosen", "tests/tui/test_train_form.py")
    assert "1 passed" in said

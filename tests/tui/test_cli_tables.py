"""Tables fit the terminal, and never give up the name that a row begins with."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from engine.runs.rundir import RunDirectory
from tests.conftest import Cli
from tests.engine.lives import a_run
from tui.cli.shared.tables import grid, reasons

COLUMNS = {"run": "left", "status": "left", "network": "left", "best nats": "right", "": "left"}
WORDS = st.text("ab 日é-", max_size=40)
ROWS = st.lists(
    st.tuples(WORDS, WORDS, st.integers(0, 10**9).map("{:,}".format), WORDS), min_size=1, max_size=4
)


def printed(rows: list[list[str]], width: int, spare: tuple[str, ...] | None = None) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(grid(COLUMNS, rows, width, spare))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


@given(ROWS, st.integers(20, 120))
def test_every_row_is_one_line_that_fits_and_begins_with_its_name(
    cells: list[tuple[str, str, str, str]], width: int
) -> None:
    names = [f"plain-lstm-run-{i}" for i in range(len(cells))]
    rows = [[name, a, b, number, c] for name, (a, b, number, c) in zip(names, cells, strict=True)]
    heading, *lines = printed(rows, width)
    lines = lines[-len(rows) :]
    assert all(cell_len(line) <= width for line in (heading, *lines))
    assert [line.split()[0] for line in lines] == names
    for line, row in zip(lines, rows, strict=True):
        assert row[3] in line or "best" not in heading, "a number is whole or not there"


def test_what_is_worth_least_gives_way_first() -> None:
    rows = [
        ["plain-lstm-long", "finished", "lstm 256×2, layer norm, residual", "1.2345", "bundled"]
    ]
    order = ("", "best nats", "network", "status")
    seen = [printed(rows, width, order)[-1].split("  ") for width in (100, 80, 60, 50, 40, 20)]
    assert [len([cell for cell in cells if cell]) for cells in seen] == [5, 5, 4, 3, 2, 1]
    assert "finished   lstm 256×2, layer norm, re…" in printed(rows, 75, order)[-1]


def test_a_name_that_is_wider_than_the_terminal_is_folded() -> None:
    name = "n" * 50
    lines = printed([[name, "finished", "", "1.2", ""]], 30)
    assert "".join(lines[2:]) == name


def test_empty_columns_are_left_out() -> None:
    assert printed([["a", "", "", "1", ""]], 80)[0].split() == ["run", "best", "nats"]


@pytest.mark.parametrize("width", [120, 80, 50])
def test_runs_of_like_names_can_be_told_apart(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    names = [f"plain-lstm-with-a-long-name-{i}" for i in range(3)]
    for name in names:
        a_run(name, "hello " * 100)
    monkeypatch.setattr("tui.cli.shared.tables._PIPE_WIDTH", width)
    lines = cli("runs", "list").out.splitlines()
    assert sorted(line.split()[0] for line in lines[-3:]) == names
    assert all(len(line) <= width for line in lines)


def test_corpora_take_a_line_each(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (120, 80, 50):
        monkeypatch.setattr("tui.cli.shared.tables._PIPE_WIDTH", width)
        lines = cli("corpora", "list").out.splitlines()
        assert len(lines) < 24 and all(len(line) <= width for line in lines)
        assert {"tiny-shakespeare", "brackets"} <= {line.split()[0] for line in lines}


def test_a_damaged_item_has_its_reason_whole(cli: Cli) -> None:
    run: RunDirectory = a_run("half", "hello " * 100)
    (run.folder / "run.json").write_text("{")
    told = cli("runs", "list").out
    assert "damaged" in told and told.splitlines()[-1].startswith("half: ")


def test_reasons_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    reasons({"a": "broken\nin two", "b": "x" * 200})
    assert capsys.readouterr().out == f"\na: broken⏎in two\nb: {'x' * 200}\n"

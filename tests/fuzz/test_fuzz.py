"""A few hundred cases of `make fuzz`, and that its watch sees what it should."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from random import Random

import pytest

from engine.errors import RunError
from tests.fuzz import watch
from tests.fuzz.__main__ import fuzz


@pytest.mark.parametrize(
    ("part", "cases"),
    [("models", 120), ("records", 120), ("sources", 60), ("foreign", 300), ("keras", 12)],
)
def test_damaged_files_are_read_or_refused_in_a_line(part: str, cases: int) -> None:
    tally = fuzz(part, range(cases))
    assert not tally.failures
    assert tally.cases == cases


def _slow(rng: Random) -> str:
    while True:
        rng.random()


def _long(rng: Random) -> str:
    with watch.refusing():
        raise RunError("x" * 1000)
    return ""


def _fallen(rng: Random) -> str:
    raise KeyError(rng.random())


@pytest.mark.parametrize(
    ("case", "says"),
    [(_slow, "_slow"), (_long, "1000 characters"), (_fallen, "KeyError")],
)
def test_what_takes_too_long_or_falls_is_seen(
    monkeypatch: pytest.MonkeyPatch, case: watch.Case, says: str
) -> None:
    monkeypatch.setattr(watch, "SECONDS", 0.02)
    [failure] = watch.watch("x", case, range(1), 7).failures
    assert failure.startswith("x:0 --seed 7: ") and says in failure


def test_what_takes_too_much_memory_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "peak", count(0, watch.MEMORY).__next__)
    [failure] = watch.watch("x", lambda rng: "", range(1), 7).failures
    assert failure.endswith(" MB")


def test_each_case_is_the_same_again() -> None:
    def case(rng: Random) -> str:
        return str(rng.random())

    assert watch.watch("x", case, range(3), 1).kinds == watch.watch("x", case, range(3), 1).kinds


def test_a_command_that_steers_the_terminal_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def command(arguments: list[str]) -> int:
        watch.sys.stdout.write("\x1b[2J")
        return 0

    monkeypatch.setattr(watch, "run", command)
    with watch.prepared(tmp_path), pytest.raises(watch.Wrong, match="got to the terminal"):
        for number in range(20):
            watch.helo(Random(number), "x")

"""Generators that run in threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from engine import blas
from engine.blas import side_by_side


@pytest.fixture(autouse=True)
def processors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three of them; no thread is left at the end."""
    monkeypatch.setattr(blas, "processors", lambda: 3)
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.parametrize("tasks", [0, 1, 2, 3, 20])
def test_all_that_the_tasks_give_comes_each_tasks_own_in_order(tasks: int) -> None:
    def counts(task: int) -> Iterator[tuple[int, int]]:
        for n in range(9):
            yield task, n

    found = list(side_by_side([counts(task) for task in range(tasks)]))
    assert sorted(found) == [(task, n) for task in range(tasks) for n in range(9)]
    for task in range(tasks):
        assert [n for own, n in found if own == task] == list(range(9))


def test_tasks_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=60)

    def meets() -> Iterator[int]:
        yield meeting.wait()

    assert sorted(side_by_side([meets() for _ in range(3)])) == [0, 1, 2]


def test_an_error_of_one_ends_all() -> None:
    def fails() -> Iterator[int]:
        yield 1
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(side_by_side([count(), fails(), count()]))


def test_leaving_it_ends_them() -> None:
    work = side_by_side([count(), count(), count()])
    assert next(work) == 0
    work.close()  # type: ignore[attr-defined]

"""What a text keeps of its characters: pages that copies share, compared with plain lists."""

from __future__ import annotations

from itertools import count, islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.writing.columns import Columns, Record

TOP = 3


def record(n: int) -> Record:
    return Record(n % 50, 1 + n % 7, n / 8, n / 4, 1 / (1 + n), n % 2)


def append(columns: Columns, n: int) -> None:
    top = np.arange(n, n + TOP)
    columns.append(record(n), top, top / 1024, top / 2048)


def check(columns: Columns, plain: list[int]) -> None:
    assert columns.n == len(plain)
    assert columns.ids[: columns.n].tolist() == [n % 50 for n in plain]
    for start in {0, 1, 255, 256, 300, len(plain) - 1, len(plain), len(plain) + 5} - {-1}:
        for i, name in enumerate(Record._fields):
            assert columns.column(name, start).tolist() == [record(n)[i] for n in plain[start:]]
    for i in {0, 255, 256, 511, len(plain) // 2, len(plain) - 1}:
        if 0 <= i < len(plain):
            top, p, q = columns.candidates(i)
            assert columns.record(i) == record(plain[i])
            assert top.tolist() == list(range(plain[i], plain[i] + TOP))
            assert (p * 1024).tolist() == (q * 2048).tolist() == top.tolist()


OPERATION = st.tuples(st.sampled_from(["append", "truncate", "copy"]), st.integers(0, 600))


@given(st.lists(OPERATION, max_size=10), st.sampled_from([10_000, 100_000]))
def test_copies_share_pages_and_never_write_into_each_other(
    done: list[tuple[str, int]], symbols: int
) -> None:
    every: list[tuple[Columns, list[int]]] = [(Columns(TOP, symbols), [])]
    numbers = count()
    for what, size in done:
        columns, plain = every[size % len(every)]
        if what == "append":
            for n in islice(numbers, size % 300):
                append(columns, n)
                plain.append(n)
        elif what == "truncate":
            del plain[size:]
            columns.truncate(len(plain))
        else:
            every.append((columns.copy(), plain[:]))
    for columns, plain in every:
        check(columns, plain)


@pytest.mark.parametrize(("symbols", "most"), [(1, 140), (256, 140), (257, 150), (0x110000, 170)])
def test_what_a_character_takes(symbols: int, most: int) -> None:
    columns = Columns(10, symbols)
    ids = [symbols - 1] * 10
    columns.append(record(0), ids, [0.5] * 10, [0.25] * 10)
    assert columns.candidates(0)[0].tolist() == ids
    assert columns._pages[0].itemsize + columns.ids.itemsize <= most

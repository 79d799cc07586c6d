"""How a text is split: two parts that cover it, of the right sizes, and lines that stay whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import places
from engine.text import corpus, split
from engine.text.split import FEW_BLOCKS, MOST_BLOCKS, SHORTEST_BLOCK, USUAL_BLOCK, Pieces, ranges
from engine.vocab import Ids, Text

NEWLINE = 0
SHARE = st.floats(0, 0.9)
LINES = st.lists(st.integers(0, 30), min_size=1, max_size=300)


def lines(lengths: list[int], ends: bool = True) -> Ids:
    """Lines of such lengths, without their newlines; `ends` says whether the last one has one."""
    ids = np.concatenate([[1] * length + [NEWLINE] for length in lengths]).astype(np.uint8)
    return ids if ends or len(ids) < 2 else ids[:-1]


def places_of(parts: list[range]) -> list[int]:
    return [place for part in parts for place in part]


@given(st.integers(0, 40 * SHORTEST_BLOCK), SHARE, st.booleans())
def test_the_parts_cover_a_text_and_have_their_shares(n: int, share: float, spread: bool) -> None:
    learnt, held = ranges(np.zeros(n, np.uint8), share, spread)
    assert sorted(places_of(learnt) + places_of(held)) == list(range(n))
    assert len(places_of(held)) == int(n * share)
    assert all(learnt) and all(held)


@given(SHARE, st.sampled_from([10**4, 10**6, 3 * 10**7]))
def test_blocks_are_long_few_and_all_over_a_text(share: float, n: int) -> None:
    learnt, held = ranges(np.zeros(n, np.uint8), share, True)
    assert len(held) <= MOST_BLOCKS
    if len(held) > 1:
        least = USUAL_BLOCK if len(held) > FEW_BLOCKS else SHORTEST_BLOCK
        assert min(map(len, learnt + held)) >= least - 2
        assert max(map(len, held)) - min(map(len, held)) <= 2
        gaps = np.diff([part.start for part in held])
        assert gaps.max() - gaps.min() <= 4 and held[0].stop <= n / len(held)


@pytest.mark.parametrize(
    ("n", "blocks"), [(10_000, 1), (30_000, 2), (100_000, 8), (1_115_394, 27), (10**8, 256)]
)
def test_how_many_blocks_a_tenth_is(n: int, blocks: int) -> None:
    assert len(ranges(np.zeros(n, np.uint8), 0.1, True)[1]) == blocks


@given(st.integers(0, 40 * SHORTEST_BLOCK), SHARE)
def test_the_end_is_one_block(n: int, share: float) -> None:
    ids, border = np.zeros(n, np.uint8), n - int(n * share)
    for newline in (None, NEWLINE):
        learnt, held = ranges(ids, share, False, newline)
        assert learnt == [range(border)][: border > 0]
        assert held == [range(border, n)][: border < n]


@given(LINES, SHARE, st.booleans())
def test_every_line_is_whole_in_one_part(lengths: list[int], share: float, ends: bool) -> None:
    ids = lines(lengths, ends)
    learnt, held = ranges(ids, share, True, NEWLINE)
    assert sorted(places_of(learnt) + places_of(held)) == list(range(len(ids)))
    for part in learnt + held:
        assert part.start == 0 or ids[part.start - 1] == NEWLINE
        assert part.stop == len(ids) or ids[part.stop - 1] == NEWLINE


@given(st.lists(st.integers(1, 9), min_size=20, max_size=3000))
def test_lines_are_held_out_a_few_at_a_time_and_evenly(lengths: list[int]) -> None:
    ids = lines(lengths)
    _, held = ranges(ids, 0.1, True, NEWLINE)
    short = 0.1 * len(ids) - sum(map(len, held))
    assert 0 <= short <= 1 + max(lengths) + 1
    counts, _ = np.histogram([part.start for part in held], bins=4, range=(0, len(ids)))
    assert len(held) < 40 or counts.min() > 0.5 * counts.max()
    assert max(map(len, held), default=0) <= 3 * (max(lengths) + 1)


def test_every_tenth_line_of_many() -> None:
    ids = lines([4] * 30_000)
    _, held = ranges(ids, 0.1, True, NEWLINE)
    assert 2990 <= len(held) <= 3000 and set(map(len, held)) <= {5, 10}
    assert set(np.diff([part.start for part in held])) <= {45, 50, 55}


def test_a_line_longer_than_a_block_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "_LOOK", 7)
    ids = lines([3] * 40 + [500] + [3] * 40)
    learnt, held = ranges(ids, 0.2, True, NEWLINE)
    assert sorted(places_of(learnt) + places_of(held)) == list(range(len(ids)))
    assert all(ids[part.stop - 1] == NEWLINE for part in learnt + held)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6),
    st.integers(-3, 40),
    st.integers(-3, 40),
)
def test_pieces_are_one_text(steps: list[tuple[int, int]], start: int, stop: int) -> None:
    ids, parts, at = np.arange(60, dtype=np.uint8), list[range](), 0
    for gap, length in steps:
        parts.append(range(at + gap, at + gap + length))
        at += gap + length
    text: Text = Pieces(ids, parts)
    whole = np.array(places_of(parts), np.uint8)
    assert len(text) == len(whole) and text.dtype == ids.dtype
    found = text[slice(start, stop)]
    assert found.dtype == ids.dtype and np.array_equal(found, whole[start:stop])


@pytest.fixture
def names(home: Path) -> corpus.Corpus:
    text = "".join(f"{first}{second}\n" for first in "abcdefghij" for second in "aeiou" * 8)
    return corpus.add([text], "names", "here", lines=True)


def test_a_corpus_is_split_by_its_lines(names: corpus.Corpus) -> None:
    learnt, held = names.split(0.1, "spread")
    decode = names.info.alphabet.decode
    found = decode(held[:].tolist())
    assert found.endswith("\n") and {len(line) for line in found.split()} == {2}
    assert {line[0] for line in found.split()} == set("abcdefghij")
    assert sorted((decode(learnt[:].tolist()) + found).split()) == sorted(
        decode(names.ids.tolist()).split()
    )
    for part, mapped in zip(names.parts(0.1, "spread"), (learnt, held), strict=True):
        assert np.array_equal(part[:], mapped[:])


def test_lines_without_a_newline_are_a_text(home: Path) -> None:
    made = corpus.add(["ab" * 5000], "flat", "here", lines=True)
    learnt, held = made.split(0.1, "spread")
    assert (len(learnt), len(held)) == (9000, 1000)
    assert made.folder.parent == places.corpora()


def test_a_small_corpus_keeps_nothing(home: Path) -> None:
    made = corpus.add(["a\n" * 99], "small", "here", lines=True)
    assert [len(part) for part in made.split(0.1, "spread")] == [198, 0]
    assert [len(part) for part in made.parts(0.1, "spread")] == [198, 0]

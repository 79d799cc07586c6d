"""What of a text stands in a corpus, against searching for every passage; and how the index is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import storage
from engine.runs import launch
from engine.text import copies, corpus, prefixes
from engine.text.copied import SKIPPED, Copied
from engine.text.copies import Found, Index
from engine.text.corpus import Corpus
from engine.text.prefixes import ordered
from engine.vocab import Alphabet
from tests.conftest import SONNET

ABC = "abcé"


def indexed(text: str, folder: Path = Path()) -> Index:
    """An index of a text, without a file."""
    symbols = sorted(set(text))
    counts = tuple(text.count(symbol) for symbol in symbols)
    info = corpus.CorpusInfo("c", "", "", "", len(text), "char", "".join(symbols), counts, "")
    ids = info.alphabet.encode(text).astype(np.min_scalar_type(len(symbols)))
    ends = ordered(ids, len(symbols))
    return Index(Corpus(folder, info, ids), copies.in_memory(ends), copies.in_memory(ids))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 9), st.integers(1, 70))
def test_the_order_is_that_of_sorting_the_beginnings_read_backward(
    text: list[int], times: int, piece: int
) -> None:
    ids = np.array(text * times, np.uint16)
    shares: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefixes, "_PIECE", piece)
        found = ordered(ids, 4, shares.append)
    backward = ids[::-1].tolist()
    n = len(ids)
    assert found.tolist() == sorted(range(n), key=lambda e: backward[n - 1 - e :])
    assert shares == sorted(shares) and 0 < shares[0] <= shares[-1] <= 1


def test_an_alphabet_of_many_symbols_is_sorted_too() -> None:
    ids = np.random.default_rng(0).integers(0, 70_000, 5000).astype(np.uint32)
    ids[3000:4000] = ids[1000:2000]
    backward = ids[::-1].tolist()
    assert ordered(ids, 70_000).tolist() == sorted(range(5000), key=lambda e: backward[4999 - e :])


def longest_end(text: str, written: str) -> int:
    """The length of the longest end of `written` that `text` contains."""
    return next(n for n in range(len(written), -1, -1) if written[len(written) - n :] in text)


@given(st.text(ABC, min_size=1, max_size=80), st.text(ABC + "x", max_size=60), st.integers(0, 8))
def test_equal_to_searching_for_every_passage(text: str, written: str, given_chars: int) -> None:
    index, alphabet = indexed(text), Alphabet(tuple(sorted(ABC + "x")))
    copied, ids = Copied(index, alphabet), alphabet.encode(written)
    ids[:given_chars] = SKIPPED
    copied.extend(ids)
    assert len(copied) == len(written)
    inside = set()
    for i in range(len(written)):
        found = copied.at(i)
        assert found.length == longest_end(text, written[given_chars : i + 1])
        if found.length:
            assert index.text(found) == written[i + 1 - found.length : i + 1]
            assert text[found.start : found.end + 1] == index.text(found)
            inside |= set(range(i + 1 - found.length, i + 1)) if found.length >= 3 else set()
        lengths = [copied.at(j).length for j in range(i + 1)]
        assert copied.longest(i + 1).length == max(lengths)
        assert copied.last_of_longest(i + 1) == int(np.argmax(lengths)) or max(lengths) == 0
    assert copied.covered(3) == len(inside)


@given(
    st.text(ABC, min_size=1, max_size=40),
    st.text(ABC, max_size=40),
    st.integers(0, 40),
    st.text(ABC, max_size=40),
)
def test_a_fork_goes_on_by_itself(text: str, written: str, n: int, other: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.text.copied._PAGE", 5)
        alphabet = Alphabet(tuple(sorted(ABC)))
        first = Copied(indexed(text), alphabet)
        first.extend(alphabet.encode(written))
        fork = first.fork(n)
        fork.extend(alphabet.encode(other))
        first.extend(alphabet.encode(other))
        for copied, whole in (first, written + other), (fork, written[:n] + other):
            anew = Copied(indexed(text), alphabet)
            anew.extend(alphabet.encode(whole))
            assert len(copied) == len(anew) == len(whole)
            assert [copied.at(i) for i in range(len(whole))] == [
                anew.at(i) for i in range(len(whole))
            ]
            assert copied.covered(2) == anew.covered(2)


def test_a_long_text_is_followed_past_every_doubling() -> None:
    copied = Copied(indexed(SONNET * 8), Alphabet(tuple(sorted(set(SONNET)))))
    copied.extend(Alphabet(tuple(sorted(set(SONNET)))).encode(SONNET * 8))
    assert copied.longest(len(copied)) == Found(len(SONNET) * 8, len(SONNET) * 8 - 1)
    assert copied.covered() == len(copied) > 1000


def test_lines_are_counted_from_one_over_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_STRETCH", 7)
    text = "a\n\nbc\nd" * 5
    index = indexed(text)
    assert [index.line(i) for i in range(len(text))] == [
        1 + text[:i].count("\n") for i in range(len(text))
    ]
    assert indexed("abc").line(2) == 1


# -- the file


@pytest.fixture
def sonnet(home: Path) -> Corpus:
    return corpus.add([SONNET * 3], "sonnet", "here")


def finds(index: Index) -> Found:
    return index.longest(index.corpus.ids[20:60])


def test_it_is_made_once_and_kept(sonnet: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    assert copies.kept(sonnet) is None
    first = copies.obtain(sonnet)
    assert finds(first).length == 40
    monkeypatch.setattr(copies, "ordered", lambda *_: pytest.fail("made again"))
    assert finds(copies.obtain(sonnet)) == finds(first)
    assert corpus.corpora() == [sonnet.folder]


@pytest.mark.parametrize("symbols", [10, 300])
def test_it_finds_the_same_in_memory_and_from_mapped_and_read_files(
    home: Path, monkeypatch: pytest.MonkeyPatch, symbols: int
) -> None:
    text = "".join(chr(0x4E00 + i * i % symbols) for i in range(2000)) + "\n" + SONNET
    found = corpus.add([text], "odd", "here")
    made = copies.obtain(found)
    mapped = copies.kept(found)
    monkeypatch.setattr(copies, "_MAPPED_MOST", 0)
    read = copies.kept(found)
    assert mapped and read
    for start in range(0, len(text), 7):
        written = found.ids[start : start + 40]
        length = len(written)
        for index in (made, mapped, read):
            passage = index.longest(written)
            assert (passage.length, index.text(passage)) == (length, text[start : start + length])
            assert index.follows(passage, int(written[-1])) == made.follows(
                passage, int(written[-1])
            )
            assert index.line(passage.start) == 1 + text[: passage.start].count("\n")


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def other_text(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"sha256": "', b'"sha256": "0', 1))


def out_of_range(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4] + b"\xff" * 4)


DAMAGE = {
    "torn": torn,
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"1234"),
    "empty": lambda path: path.write_bytes(b""),
    "no JSON": lambda path: path.write_bytes(b"\xff" * len(path.read_bytes())),
    "another text": other_text,
    "out of range": out_of_range,
    "newer": lambda path: path.write_bytes(
        path.read_bytes().replace(b'"version": 1', b'"version": 2', 1)
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_or_of_another_text_is_made_anew(sonnet: Corpus, damage: str) -> None:
    first = copies.obtain(sonnet)
    DAMAGE[damage](sonnet.folder / copies.KEPT)
    assert copies.kept(sonnet) is None
    assert finds(copies.obtain(sonnet)) == finds(first)
    assert copies.kept(sonnet) is not None


def test_where_it_cannot_be_kept_it_still_finds(sonnet: Corpus) -> None:
    (sonnet.folder / copies.KEPT).mkdir()
    assert finds(copies.obtain(sonnet)).length == 40


def test_a_deleted_corpus_does_not_come_back(sonnet: Corpus) -> None:
    copies.obtain(sonnet, lambda share: share > 0.99 and storage.remove_folder(sonnet.folder))
    assert not sonnet.folder.exists()


def test_only_the_beginning_of_a_huge_text_is_searched(
    sonnet: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "SEARCHED_MOST", 30)
    index = copies.obtain(sonnet)
    assert index.searched == 30
    assert finds(index).length == 0 or finds(index).end < 30
    assert index.longest(sonnet.ids[:31]).end < 30
    monkeypatch.undo()
    assert copies.kept(sonnet) is None


def test_a_corpus_is_found_by_its_text_under_any_name(sonnet: Corpus) -> None:
    corpus.add([b"bytes"], "bytes", "here", units="byte")
    chars = corpus.add(["bytes"], "chars", "here")
    assert copies.trained_on(sonnet.info.sha256, "char") == sonnet.folder
    assert copies.trained_on(chars.info.sha256, "char") == chars.folder, "not the one of bytes"
    assert copies.trained_on("0" * 64, "char") is copies.trained_on("", "char") is None


def test_another_process_makes_it(sonnet: Corpus) -> None:
    indexing = launch.index(sonnet.folder)
    assert indexing.child.wait(60) == 0 and not indexing.running
    found = copies.kept(sonnet)
    assert found is not None and finds(found).length == 40


def test_a_process_that_cannot_read_the_corpus_ends(sonnet: Corpus) -> None:
    (sonnet.folder / corpus.IDS).write_bytes(b"")
    assert launch.index(sonnet.folder).child.wait(60) == 1

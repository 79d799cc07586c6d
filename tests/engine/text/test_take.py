"""What is taken out of documents, whatever their blocks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CorpusError
from engine.text import take

BOOK = b"licence\n*** START OF THE BOOK ***\r\nof York\n\rand\nmore\n*** END OF THE BOOK ***\nlicence\n"


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[i : i + size] for i in range(0, len(data), size))


@given(st.integers(1, len(BOOK)))
def test_lines_between_two_marks(size: int) -> None:
    assert (
        b"".join(take.between(cut(BOOK, size), "*** START", "*** END", "x"))
        == b"of York\n\rand\nmore\n"
    )


@pytest.mark.parametrize("mark", ["*** START", "*** END"])
def test_a_mark_that_is_missing_is_named(mark: str) -> None:
    book = BOOK.replace(mark.encode(), b"")
    with pytest.raises(CorpusError, match=f"x has no line with '{mark[:3]}".replace("*", r"\*")):
        list(take.between(cut(book, 9), "*** START", "*** END", "x"))


POEMS = [
    {"title": "靜夜思", "author": "李白", "paragraphs": ["床前明月光", "疑是地上霜"], "id": 1},
    {"author": "杜甫", "paragraphs": []},
]


@pytest.mark.parametrize("escaped", [True, False])
def test_fields_of_json_become_lines(escaped: bool) -> None:
    data = json.dumps(POEMS, ensure_ascii=escaped).encode()
    text = b"".join(take.fields(cut(data, 5), ["title", "author", "paragraphs"], "x")).decode()
    assert text == "靜夜思\n李白\n床前明月光\n疑是地上霜\n\n杜甫\n\n"


@pytest.mark.parametrize(
    "data",
    [b"", b"[1]", b"7", b'{"title": "x"}', b'[{"title": 7}]', b'[{"title": [7]}]', b"[" * 10**5],
)
def test_json_of_another_shape_is_refused(data: bytes) -> None:
    with pytest.raises(CorpusError, match="x is not a list of JSON objects with title"):
        list(take.fields(iter([data]), ["title"], "x"))


def test_what_is_verified_is_passed_on_or_refused_with_both_hashes() -> None:
    right = hashlib.sha256(BOOK).hexdigest()
    assert b"".join(take.verified(cut(BOOK, 7), right, "x")) == BOOK
    with pytest.raises(CorpusError, match=f"{'0' * 64}.*{right}"):
        list(take.verified(cut(BOOK, 7), "0" * 64, "x"))

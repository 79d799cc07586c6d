"""Bytes become the same text whatever their encoding and the borders of the blocks they come in."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CorpusError
from engine.text.sources import Document, Ledger, Reading, Source, blocks
from engine.vocab import normalise
from tests.engine.text.test_sources import PLAIN

FRENCH = "Le café était déjà fermé à l'arrivée de l'élève. Où êtes-vous allés, garçon ?\n"
RUSSIAN = "Широка страна моя родная, много в ней лесов, полей и рек.\n"
CHINESE = "床前明月光，疑是地上霜。举头望明月，低头思故乡。\n"


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """The data in blocks of these sizes, and the rest."""
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def source(*parts: Iterator[bytes]) -> Source:
    documents = iter([Document(f"d{i}", None, part) for i, part in enumerate(parts)])
    return Source("x", "x", "", documents, Ledger())


def read(
    data: bytes, reading: Reading = PLAIN, sizes: tuple[int, ...] = ()
) -> tuple[str, list[str]]:
    found = source(cut(data, list(sizes)))
    return "".join(blocks(found, reading)), found.ledger.notes  # type: ignore[arg-type]


TEXTS = st.lists(
    st.sampled_from(["\r", "\n", "\r\n", "\ufeff", "a", "Σ", "é", "日", "𝐀", "İ"]), max_size=30
).map("".join)
SIZES = st.lists(st.integers(0, 5), max_size=40)
MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@given(TEXTS, SIZES, st.sampled_from(sorted(MARKED)), st.booleans())
def test_any_encoding_in_any_blocks_is_the_same_text(
    text: str, sizes: list[int], encoding: str, lowercase: bool
) -> None:
    wanted = text.replace("\r\n", "\n").replace("\r", "\n")
    if lowercase:
        wanted = "".join(map(str.lower, wanted))
    reading = Reading(lowercase=lowercase)
    marked = MARKED[encoding] + text.encode(encoding)
    assert read(marked, reading, tuple(sizes)) == (wanted, [])
    told = Reading(encoding=encoding, lowercase=lowercase)
    unmarked = wanted.removeprefix("\ufeff")
    assert read(text.encode(encoding), told, tuple(sizes)) == (unmarked, [])


@given(TEXTS, SIZES)
def test_plain_utf8_is_what_a_prompt_would_be(text: str, sizes: list[int]) -> None:
    assert read(text.encode(), sizes=tuple(sizes)) == (normalise(text), [])


@given(st.lists(st.tuples(st.text("a\r\né", max_size=5), SIZES), min_size=1, max_size=5))
def test_documents_are_joined_by_line_ends(parts: list[tuple[str, list[int]]]) -> None:
    wanted = ""
    for text in (normalise(text) for text, _ in parts):
        wanted += "\n" if text and wanted and not wanted.endswith("\n") else ""
        wanted += text
    found = source(*[cut(text.encode(), sizes) for text, sizes in parts])
    assert "".join(blocks(found, PLAIN)) == wanted  # type: ignore[arg-type]


@given(st.text("\n\n\na", min_size=1), SIZES, st.sampled_from(["char", "byte"]))
def test_empty_lines_are_dropped_whatever_the_blocks(
    text: str, sizes: list[int], units: str
) -> None:
    found = source(cut(text.encode(), sizes))
    taken = blocks(found, Reading(lines=True, units=units))
    wanted = re.sub("\n+", "\n", text).lstrip("\n")
    if "\n" not in wanted:
        with pytest.raises(CorpusError, match="--lines"):
            list(taken)
    else:
        assert b"".join(b if isinstance(b, bytes) else b.encode() for b in taken) == wanted.encode()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[(FRENCH, "cp1252"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (CHINESE, "gb18030")],
        *[("Příliš žluťoučký kůň úpěl ďábelské ódy.\n", "cp1250"), ("café noir", "cp1252")],
        *[
            ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n", "cp932"),
            ("人人生而自由，在尊嚴上一律平等。\n", "big5"),
        ],
    ],
)
@pytest.mark.parametrize("times", [1, 500])
def test_what_is_no_utf8_is_detected_and_said(text: str, encoding: str, times: int) -> None:
    data = (text * times).encode(encoding)
    assert read(data, sizes=(3, 7)) == (text * times, [f"read as {encoding}: d0"])


def fails(data: bytes, reading: Reading = PLAIN) -> str:
    with pytest.raises(CorpusError) as caught:
        read(data, reading, (1 << 20,))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_utf8_that_turns_out_to_be_none_names_the_byte_and_the_encoding() -> None:
    plain = b"plain text\n" * 100_000
    told = fails(plain + FRENCH.encode("cp1252"))
    assert f"byte {len(plain) + 6:,}" in told
    assert "--encoding cp1252" in told
    assert read(plain + FRENCH.encode("cp1252"), Reading(encoding="cp1252"))[0].endswith(FRENCH)
    assert "--units byte" in fails(plain + b"\x81\x8d\xff\xfe\x90\x9d" * 99)


def test_the_bytes_that_tell_the_encoding_may_be_the_last() -> None:
    assert read(b"plain text\n" * 9 + b"caf\xe9")[1] == ["read as cp1252: d0"]
    assert "--encoding cp1252" in fails(b"plain text\n" * 100_000 + b"caf\xe9")


@pytest.mark.parametrize("flaw", [b"\xff", b"\xe6\x97"])
def test_broken_utf8_is_not_taken_for_another_encoding(flaw: bytes) -> None:
    text = CHINESE.encode()
    assert f"broken UTF-8 file: d0 (byte {len(text):,})" in fails(text + flaw)
    assert f"byte {len(text) * 20_000:,}" in fails(text * 20_000 + flaw)


def test_a_wrong_encoding_is_refused_where_it_fails() -> None:
    assert "no ascii text at byte 2" in fails(FRENCH[4:].encode(), Reading(encoding="ascii"))
    assert "--encoding utf-8" in fails(FRENCH.encode(), Reading(encoding="ascii"))
    assert "no utf-16-le text" in fails(b"a\0b", Reading(encoding="utf-16-le"))


@pytest.mark.parametrize(
    "data",
    [b"a\0b", b"\0" * 9, bytes(range(256)) * 9, b"\x28\xb5\x2f\xfd\x04", "a\0".encode("utf-16")],
)
def test_binary_is_no_text(data: bytes) -> None:
    assert "binary file" in fails(data)
    taken = blocks(source(iter([data])), Reading(units="byte"))
    assert b"".join(taken) == data  # type: ignore[arg-type]


def test_binary_after_a_long_text_is_refused() -> None:
    assert "NUL" in fails(b"plain text\n" * 100_000 + b"\0")
    assert "NUL" in fails(b"plain text\n" * 100_000 + b"\0", Reading(encoding="cp1252"))

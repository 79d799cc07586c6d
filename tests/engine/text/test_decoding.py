"""Bytes become the same text whatever their encoding and the borders of the blocks they come in."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
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


@pytest.mark.parametrize("flaw", [b"\xff", b"\xe6\x97 \n", b"\xed\xa0\xbd\n"])
@pytest.mark.parametrize("rest", ["", CHINESE])
def test_broken_utf8_is_not_taken_for_another_encoding(flaw: bytes, rest: str) -> None:
    text = CHINESE.encode()
    told = fails(text + flaw + rest.encode())
    assert f"broken UTF-8 file: d0 (byte {len(text):,}, line 2)" in told
    assert "--errors drop or --errors replace" in told and "--encoding" not in told
    told = fails(text * 20_000 + flaw + rest.encode())
    assert f"byte {len(text) * 20_000:,}, line 20,001: --errors drop" in told
    told = fails(text + flaw + rest.encode(), Reading(encoding="UTF8"))
    assert f"d0 is broken UTF-8 at byte {len(text):,}, line 2: --errors drop" in told


UTF8_TEXT = st.text(st.sampled_from("a\né…日😀"), min_size=1, max_size=20)


@given(UTF8_TEXT.filter(lambda text: not text.isascii()), st.data())
def test_utf8_cut_anywhere_loses_only_the_character_in_which_it_ends(
    text: str, data: st.DataObject
) -> None:
    whole = text.encode()
    end = data.draw(st.integers(1, len(whole)))
    kept = whole[:end].decode("utf-8", "ignore")
    assume(kept)  # else there is no text
    # where nothing else is beyond ASCII a single byte may be a letter of another encoding
    assume(not kept.isascii() or kept.encode() == whole[:end] or end - len(kept.encode()) > 1)
    note = f"UTF-8 cut short within a character, which is left out: d0 (byte {end:,})"
    wanted = [note] if kept.encode() != whole[:end] else []
    assert read(whole[:end], sizes=tuple(data.draw(SIZES))) == (kept, wanted)


@pytest.mark.parametrize(
    ("data", "encoding", "kept"),
    [
        (b"a\0b", "utf-16-le", "a"),
        ("日本".encode("cp932")[:-1], "cp932", "日"),
        (b"caf\xe9", "utf-8", "caf"),
        ("a😀".encode("utf-16-be")[:-2], "utf-16-be", "a"),
    ],
)
def test_any_encoding_may_be_cut_short(data: bytes, encoding: str, kept: str) -> None:
    text, notes = read(data, Reading(encoding=encoding))
    cut = f"{encoding.upper()} cut short within a character, which is left out"
    assert (text, notes) == (kept, [f"{cut}: d0 (byte {len(data)})"])


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF16_LE])
def test_what_is_cut_down_to_nothing_is_no_text(mark: bytes) -> None:
    told = fails(mark + b"a", Reading(encoding="utf-16-le"))
    assert f"not utf-16-le text at byte {len(mark)}, line 1" in told


@given(
    st.lists(st.sampled_from(["a", "é", "\n", "😀", b"\xff", b"\xe6\x97", b"\0"]), max_size=30),
    SIZES,
    st.sampled_from(["replace", "drop"]),
    st.booleans(),
)
def test_faults_are_replaced_or_dropped_and_counted(
    parts: list[str | bytes], sizes: list[int], errors: str, told: bool
) -> None:
    begins = ["日本\n" * 30]  # enough that it is UTF-8
    parts = [*begins, *parts, "."]
    faults = sum(isinstance(part, bytes) for part in parts)
    data = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    stand_in = "\ufffd" if errors == "replace" else ""
    wanted = "".join(part if isinstance(part, str) else stand_in for part in parts)
    reading = Reading(encoding="utf-8" if told else None, errors=errors)
    text, notes = read(data, reading, tuple(sizes))
    assert text == wanted
    if not faults:
        assert notes == []
        return
    done = "replaced by U+FFFD" if errors == "replace" else "dropped"
    first = next(i for i, part in enumerate(parts) if isinstance(part, bytes))
    before = "".join(map(str, parts[:first]))
    at = f"byte {len(before.encode())}, line {before.count(chr(10)) + 1}"
    times = f"{faults} place{'s' if faults > 1 else ''}"
    assert notes == [f"unreadable bytes {done}: d0 ({times}, the first at {at})"]


@pytest.mark.parametrize("errors", ["replace", "drop"])
def test_faults_of_other_encodings_are_counted_too(errors: str) -> None:
    data = "日本".encode("euc_jp") + b"\xff\n\xff" + "日".encode("euc_jp")
    text, notes = read(data, Reading(encoding="euc_jp", errors=errors))
    assert text == ("日本\ufffd\n\ufffd日" if errors == "replace" else "日本\n日")
    assert "(2 places, the first at byte 4, line 1)" in notes[0]


def cesu(text: str) -> bytes:
    """Each half of a UTF-16 pair as three bytes."""
    data = text.encode("utf-16-le")
    units = (int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), 2))
    return b"".join(chr(unit).encode("utf-8", "surrogatepass") for unit in units)


@given(st.lists(st.sampled_from(["a", "é", "\n", "한", "😀", "𝐀"]), min_size=1).map("".join), SIZES)
def test_pairs_of_surrogates_are_joined(text: str, sizes: list[int]) -> None:
    joined = any(ord(char) > 0xFFFF for char in text)
    notes = ["read as CESU-8, its pairs of surrogates joined: d0"] if joined else []
    assert read(cesu(text), sizes=tuple(sizes)) == (text, notes)


def test_pairs_of_surrogates_are_joined_across_the_blocks_of_a_long_text() -> None:
    text = "😀" * 180_000
    data = b"x" * 3 + cesu(text)
    assert read(data, sizes=(1 << 20,)) == (
        "xxx" + text,
        ["read as CESU-8, its pairs of surrogates joined: d0"],
    )


def test_a_wrong_encoding_is_refused_where_it_fails() -> None:
    assert "not ascii text at byte 2" in fails(FRENCH[4:].encode(), Reading(encoding="ascii"))
    assert "--encoding utf-8" in fails(FRENCH.encode(), Reading(encoding="ascii"))
    told = fails(b"a\0\n\0\0\xdcb\0", Reading(encoding="utf-16-le"))
    assert "not utf-16-le text at byte 4, line 2" in told


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


@pytest.mark.parametrize("encoding", [None, "utf-8", "cp1252", "utf-16-le"])
@pytest.mark.parametrize("lines", [3, 150_000])
def test_a_nul_is_named_by_its_place(encoding: str | None, lines: int) -> None:
    before = ("plain text\n" * lines + "x").encode(encoding or "utf-8")
    told = fails(before + ("\0y" + "z" * 9).encode(encoding or "utf-8"), Reading(encoding=encoding))
    assert "NUL character" in told and "is a binary file" not in told
    assert f"byte {len(before):,}, line {lines + 1:,}" in told and "--errors drop" in told


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [FRENCH, RUSSIAN * 9, CHINESE * 9, "hi"])
def test_wide_text_without_a_mark_is_detected_and_said(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)) == (text, [f"read as {encoding}: d0"])
    told = fails(text.encode(encoding), Reading(encoding="utf-8"))
    assert f"(it looks like {encoding}): --encoding {encoding} may read it" in told


THAI = "ฉันกินข้าวที่บ้านของเพื่อน วันนี้อากาศดีมาก เราไปตลาดด้วยกัน\n"
KOREAN = "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[(THAI, "cp874"), (KOREAN, "cp949"), (FRENCH, "mac_roman")],
        *[
            (text, encoding)
            for text in [
                "Die Straße führte über den Fluß; schöne Mädchen äßen Öl und Übermut.\n",
                "Räven hoppade över ån och åt en smörgås på ön där älgen står.\n",
                "The café was closed, and the old naïve man walked home in a small coupé.\n",
            ]
            for encoding in ("cp1252", "mac_roman", "cp437")
        ],
    ],
)
@pytest.mark.parametrize("times", [1, 500])
def test_encodings_of_old_machines_are_told_by_their_sense(
    text: str, encoding: str, times: int
) -> None:
    data = (text * times).encode(encoding)
    assert read(data) == (text * times, [f"read as {encoding}: d0"])


def test_what_was_read_is_remembered() -> None:
    parts = [FRENCH.encode(), FRENCH.encode("cp1252"), FRENCH.encode(), cesu("😀\n")]
    found = source(*map(iter, ([part] for part in parts)))
    assert "".join(blocks(found, PLAIN)) == FRENCH * 3 + "😀\n"  # type: ignore[arg-type]
    assert list(found.ledger.encodings) == ["utf-8", "cp1252", "cesu-8"]

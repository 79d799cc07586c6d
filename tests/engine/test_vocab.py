"""Alphabets: characters to ids and back, and seeds that hold what a model does not know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import AlphabetError
from engine.vocab import Alphabet, normalise

ASCII = Alphabet(tuple(map(chr, range(32, 127))))
ANY_TEXT = st.text(st.characters())  # lone surrogates too


def over(text: str, units: str = "char") -> Alphabet:
    return Alphabet(tuple(sorted(set(text))), units)


@given(ANY_TEXT.filter(bool))
def test_decode_undoes_encode(text: str) -> None:
    alphabet = over(text)
    ids = alphabet.encode(text)
    assert alphabet.decode(ids.tolist()) == text
    assert [alphabet.symbols[i] for i in ids] == list(text)
    assert alphabet.fit(text).ids.tolist() == ids.tolist()


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_fit_never_fails_and_names_what_it_changed(text: str, known: str) -> None:
    alphabet = over(known)
    fitted = alphabet.fit(text)
    unknown = set(text) - set(known)
    assert set(fitted.replaced) | set(fitted.dropped) == unknown
    assert not set(fitted.replaced) & set(fitted.dropped)
    kept = [fitted.replaced.get(c, c) for c in text if c not in fitted.dropped]
    assert alphabet.decode(fitted.ids.tolist()) == "".join(kept)
    assert bool(fitted.note) == bool(unknown)


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_encode_refuses_and_encode_known_leaves_out_the_same_characters(
    text: str, known: str
) -> None:
    alphabet, unknown = over(known), [c for c in text if c not in known]
    ids, dropped = alphabet.encode_known(text)
    assert alphabet.decode(ids.tolist()) == "".join(c for c in text if c in known)
    assert dropped == len(unknown)
    if unknown:
        with pytest.raises(AlphabetError):
            alphabet.encode(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [("é", "e"), ("ﬁ", "fi"), ("Ａ", "A"), ("½", ""), ("…", "..."), ("ß", "ss"), ("日本", "")],
)
def test_fallbacks(text: str, read: str) -> None:
    fitted = ASCII.fit(text)
    assert ASCII.decode(fitted.ids.tolist()) == read
    assert (text in fitted.replaced) == bool(read)


def test_case_is_the_last_resort() -> None:
    assert over("abc").fit("B").replaced == {"B": "b"}
    assert over("ABC").fit("b").replaced == {"b": "B"}
    assert over("eEé").fit("É").replaced == {"É": "E"}


def test_notes_name_characters_that_would_not_print() -> None:
    note = over("ab").fit("a\u202e\x07é").note
    assert "U+202E" in note and "U+0007" in note and "é" in note
    assert "\u202e" not in note and "\x07" not in note
    many = over("ab").fit("".join(map(chr, range(0x4E00, 0x4F00)))).note
    assert "244 more" in many and len(many) < 200
    with pytest.raises(AlphabetError, match=r"'z'.*U\+0009|U\+0009.*'z'"):
        over("ab").encode("z\ta")


def test_chinese_is_an_alphabet_like_any_other() -> None:
    alphabet = over("床前明月光")
    assert alphabet.decode(alphabet.encode("明月光").tolist()) == "明月光"


@given(st.binary(min_size=1))
def test_bytes_keep_every_byte(data: bytes) -> None:
    alphabet = over(data.decode("latin-1"), "byte")
    ids = alphabet.encode(data)
    assert bytes(ord(alphabet.symbols[i]) for i in ids) == data
    assert alphabet.decode(ids.tolist()) == data.decode("utf-8", "replace")


def test_a_text_meets_a_byte_alphabet_as_utf8() -> None:
    alphabet = Alphabet(tuple(map(chr, range(256))), "byte")
    assert alphabet.encode("é").tolist() == [0xC3, 0xA9]
    assert alphabet.decode([0xC3, 0xA9]) == "é"
    assert alphabet.decode([0xC3]) == "\ufffd"
    assert over("ab", "byte").fit("aé").dropped == ("Ã", "©")


@pytest.mark.parametrize(
    ("symbols", "units"),
    [
        *(((), "char"), (("ab",), "char"), (("b", "a"), "char"), (("a", "a"), "char")),
        *((("a",), "word"), (("\u0100",), "byte"), (("",), "char")),
    ],
)
def test_what_is_no_alphabet_is_refused(symbols: tuple[str, ...], units: str) -> None:
    with pytest.raises(AlphabetError):
        Alphabet(symbols, units)


def test_a_text_begins_with_a_newline_else_with_the_first_symbol() -> None:
    assert over("\t\nab").start == 1
    assert over("xyz").start == 0


def test_empty_text_has_no_ids() -> None:
    ids = ASCII.encode("")
    assert ids.shape == (0,) and np.issubdtype(ids.dtype, np.integer)
    assert ASCII.fit("").ids.shape == (0,)


def test_normalise() -> None:
    assert normalise("\ufeffa\r\nb\rc\n\r\n\r\r\n") == "a\nb\nc\n\n\n\n"
    assert normalise("a\ufeff") == "a\ufeff"


SETS = st.sets(st.characters(), min_size=1, max_size=20)


@given(SETS, SETS)
def test_united_alphabets_keep_every_symbol_and_translate(one: set[str], two: set[str]) -> None:
    own, other = over("".join(one)), over("".join(two))
    both = own.united(other)
    assert both == other.united(own) and set(both.symbols) == one | two
    ids = np.arange(len(own))
    found = own.translated(ids, both)
    assert len(found) == len(ids) and both.decode(found[:].tolist()) == own.decode(ids.tolist())
    assert np.array_equal(found[1:3], found[:][1:3]) and own.translated(ids, own) is ids


def test_alphabets_that_cannot_be_one() -> None:
    with pytest.raises(AlphabetError, match="--units"):
        over("ab").united(Alphabet(("a",), "byte"))
    with pytest.raises(AlphabetError, match="no 'c'"):
        over("abc").translated(np.array([0]), over("ab"))


def test_translated_ids_are_as_small_as_they_can_be() -> None:
    many = Alphabet(tuple(map(chr, range(0x4E00, 0x4E00 + 300))))
    assert over("一").ids_in(many).dtype == np.uint16
    assert over("ab").ids_in(over("abc")).dtype == np.uint8

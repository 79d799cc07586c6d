"""Composed, decomposed and plain forms, and the alphabets that know one of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import forms
from engine.errors import AlphabetError
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing import score
from tests.conftest import random_model

# letters that compose, marks, some of them in the wrong order, Hangul, what is one character in all forms
# (U+212B, U+1F71), what no character is composed of (x with a dot), and a mark first in a text
CHARACTERS = "aexAoé\u0301\u0323\u0302ộ\u212b\u1f71Åσ한가\u1112\u1161\u11ab \n日😀"
TEXTS = st.text(CHARACTERS, max_size=30) | st.text(max_size=20)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def over(text: str, units: str = "char") -> Alphabet:
    return Alphabet(tuple(sorted(set(text))), units)


@given(TEXTS, st.lists(st.integers(0, 30)), st.sampled_from(["nfc", "nfd", "none"]))
def test_a_text_is_brought_to_a_form_whatever_its_blocks(
    text: str, cuts: list[int], form: str
) -> None:
    borders = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    blocks = [text[a:b] for a, b in pairwise(borders)]
    wanted = text if form == "none" else unicodedata.normalize(form.upper(), text)
    assert "".join(forms.normalised(blocks, form)) == wanted


def test_a_long_text_without_a_break_is_brought_to_a_form_as_it_comes() -> None:
    taken = 0

    def blocks() -> Iterator[str]:
        nonlocal taken
        for taken in range(5):  # noqa: B007
            yield "\u1112\u1161\u11ab" * 10

    made = forms.normalised(blocks(), "nfc")
    assert next(made) == "한" * 9 and taken == 0
    assert "".join(made) == "한" * 41


@given(TEXTS, TEXTS, st.sampled_from(["char", "byte"]))
def test_both_forms_of_a_text_are_read_alike(text: str, known: str, units: str) -> None:
    symbols = known + "x" if units == "char" else (known + "x").encode().decode("latin-1")
    alphabet = over(symbols, units)
    one, other = alphabet.fit(nfc(text)), alphabet.fit(nfd(text))
    assert one.ids.tolist() == other.ids.tolist()
    assert (one.replaced, one.dropped, one.left_out) == (
        other.replaced,
        other.dropped,
        other.left_out,
    )


@given(TEXTS.filter(bool), TEXTS, st.sampled_from([nfc, nfd]))
def test_an_alphabet_that_has_a_form_reads_both_without_a_word(text, more, form) -> None:
    text = form(text)
    alphabet = over(text + form(more))
    wanted = alphabet.encode(nfc(text) if set(nfc(text)) <= set(alphabet.symbols) else text)
    for written in (nfc(text), nfd(text)):
        fitted = alphabet.fit(written)
        assert fitted.ids.tolist() == wanted.tolist() and fitted.note == ""


@pytest.mark.parametrize("form", [nfc, nfd])
def test_both_forms_of_a_text_score_the_same(form) -> None:
    text = "Où est l'élève ? Là-bas, à côté de la fenêtre, où il rêve déjà.\n"
    model = random_model(text=form(text))
    stepper = Stepper(model)
    losses = {
        score.stateful(stepper, model.alphabet.encode(model.alphabet.equivalent(written)))
        for written in (nfc(text), nfd(text))
    }
    assert len(losses) == 1


def test_what_is_known_stays_as_it_is() -> None:
    mixed = "éa e\u0301a"
    assert over(mixed).equivalent(mixed) == mixed
    assert over("\u212b Å").equivalent("\u212b Å") == "\u212b Å"
    assert over("aé").equivalent(mixed + "😀") == "éa éa😀"


@pytest.mark.parametrize(
    ("text", "known", "read"),
    [
        ("Lélève", "Lle\u0301\u0300v", "Le\u0301le\u0300ve"),  # NFD is known
        ("Le\u0301le\u0300ve", "Lléève", "Lélève"),  # NFC is
        ("Le\u0301le\u0300ve", "Llève", "Lelève"),  # the one accent is not
        ("ệ e\u0323\u0302", "ê\u0323 ", "ê\u0323 ê\u0323"),  # as Vietnamese was typed once
        ("e\u0302\u0323", "ẹ\u0302e", "ẹ\u0302"),
        ("ﬁn ½ …", "fin .", "fin  ..."),
        ("ǆ", "dž", "dž"),  # compatible, before it loses its accent
        ("it’s “so” – or—not", "it's\"o -rn", 'it\'s "so" - or-not'),
        ("«a\u00a0b\u2009c»\u3000d\te", '"abcde ', '"a b c" d e'),
        ("a\u2028b", "a\nb", "a\nb"),
        ("a\u00adb\u200cc", "abc", "abc"),
    ],
)
def test_the_nearest_form_is_taken(text: str, known: str, read: str) -> None:
    alphabet = over(known)
    assert alphabet.decode(alphabet.fit(text).ids.tolist()) == read


def test_what_is_only_scored_keeps_its_letters() -> None:
    alphabet = over("its' e")
    strict = alphabet.fit("it’s é É", strictly=True)
    assert (strict.replaced, strict.dropped, strict.left_out) == ({"’": "'"}, ("é", "É"), 2)
    assert alphabet.fit("it’s é É").left_out == 0
    with pytest.raises(AlphabetError, match="'é'"):
        alphabet.encode(alphabet.equivalent("e\u0301"))


def test_plain_forms_are_said_by_name() -> None:
    note = over("-a ").fit("—a\u00a0").note
    assert "'—' read as '-'" in note and "U+00A0 read as U+0020" in note

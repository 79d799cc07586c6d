"""What is shown can neither move a cursor nor hide, and has as many characters as what it stands for."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.characters import VISIBLE_FORMATS
from tests.hard import hard
from tui.text import brief, common_prefix, one_line, visible, visible_char

ODD = "\u200b\u200c\u200d\ufe0f\U000e0100\U0001f3fd\U000e0067\u00ad\u0301"
TEXTS = st.text(st.characters(codec=None) | st.sampled_from(ODD + "اक👩❤🏴a1 \n\t"))


@given(TEXTS)
def test_nothing_shown_is_a_control_or_turns_text_round(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    for char in shown.replace("\n", "").replace("\t", ""):
        if char not in "\u200b\u200c\u200d" and char not in VISIBLE_FORMATS and char < "\U000e0000":
            assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode()


@given(TEXTS)
def test_what_takes_no_cell_follows_what_it_changes(text: str) -> None:
    shown = visible(text)
    for before, char in zip(" " + shown, shown, strict=False):
        if char in ODD.replace("\u0301", ""):
            assert cell_len(before) or unicodedata.category(before)[0] in "MC" or before in ODD
            assert not before.isspace() and before not in "\u200b\u200c\u200d\ufffd"


@given(TEXTS, TEXTS)
def test_a_text_in_pieces_is_shown_as_the_whole(text: str, more: str) -> None:
    first = visible(text)
    assert first + visible(more, first) == visible(text + more)


def test_ordinary_text_stays_as_it_is() -> None:
    text = "ROMEO:\n  naïve 日本語 é 👍 [/bold]\tend"
    assert visible(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "او نمی\u200cداند",
        "👩\u200d👩\u200d👧 👨\u200d🍳 🐈\u200d⬛ 🏳\ufe0f\u200d🌈 👍🏽 🧑🏽\u200d💻",
        "❤\ufe0f 1\ufe0f\u20e3",
        "\U0001fae8 \U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "ක්\u200dරි क्\u200dष ប្រទេស\u200bកម្ពុជា",
        "葛\U000e0100城市",
        "\u06dd١",
    ],
)
def test_what_joins_passes(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200dpal", "pay�pal"),
        ("\u200cab \u200dcd\n\ufe0f", "�ab �cd\n�"),
        ("👩\u200d\u200d👧", "👩\u200d�👧"),
        ("a\U0001f3fdb\U000e0067", "a�b�"),
        ("Sil\u00adbe", "Sil‧be"),
        ("\u2060\ufdd0\U0010ffff\ufff0", "����"),
    ],
)
def test_what_joins_nothing_is_a_mark(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("name", ["fa.txt", "emoji.txt", "thai.txt", "softhyphen.txt", "tabs.c"])
def test_texts_that_once_fell_apart(name: str) -> None:
    text = hard(name).read_text()
    assert visible(text) == text.replace("\u00ad", "‧")


def test_what_is_made_visible() -> None:
    assert visible("\x1b[31m\x07\x7f") == "␛[31m␇␡"
    assert visible("\u202eabc\u200b\ufeff\x85\ud800") == "�abc����"
    assert one_line("a\nb") == "a⏎b"
    assert one_line("a\tb") == "a␉b"


def test_one_character_always_has_a_shape() -> None:
    shapes = [visible_char(c) for c in (" ", "\n", "\u0301", "a", "\t")]
    assert shapes == ["␣", "⏎", "◌\u0301", "a", "␉"]


def test_what_has_no_shape_has_a_name() -> None:
    names = "SHY ZWNJ ZWJ VS16 VS17 U+0085 U+202E U+D800 U+1F3FD U+E000 U+3000".split()
    chars = "\u00ad\u200c\u200d\ufe0f\U000e0100\x85\u202e\ud800\U0001f3fd\ue000\u3000"
    assert [visible_char(char) for char in chars] == names
    assert visible_char("\u0378") == "U+0378", "unassigned for now"
    assert visible_char("\u0e35") == "◌\u0e35"


@given(st.characters(codec=None))
def test_no_two_candidates_look_alike(char: str) -> None:
    shown = visible_char(char)
    assert cell_len(shown) > 0 and not shown.isspace()
    assert ("\ufffd" in shown) == (char == "\ufffd")


def test_what_is_too_long_to_be_laid_out_is_shown_by_both_ends() -> None:
    assert brief("a\nb") == "a⏎b"
    shown = brief("\x1b" + "漢" * 2_000_000 + "\n")
    assert len(shown) < 5000 and shown.startswith("␛漢") and shown.endswith("漢⏎")


def test_common_prefix() -> None:
    assert common_prefix([]) == ""
    assert common_prefix(["abc"]) == "abc"
    assert common_prefix(["/model ", "/min-p "]) == "/m"
    assert common_prefix(["ab", "abc", "abd"]) == "ab"

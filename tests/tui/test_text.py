"""What is shown can neither move a cursor nor hide, and has as many characters as what it stands for."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tui.text import common_prefix, one_line, visible, visible_char


@given(st.text(st.characters(codec=None)))
def test_nothing_shown_is_a_control_or_turns_text_round(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    for char in shown.replace("\n", ""):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode()


def test_ordinary_text_stays_as_it_is() -> None:
    text = "ROMEO:\n  naïve 日本語 é 👍 [/bold]"
    assert visible(text) == text


def test_what_is_made_visible() -> None:
    assert visible("\x1b[31m\x07\x7f") == "␛[31m␇␡"
    assert visible("\u202eabc\u200b\ufeff\x85\ud800") == "�abc����"
    assert one_line("a\nb") == "a⏎b"


def test_one_character_always_has_a_shape() -> None:
    shapes = [visible_char(c) for c in (" ", "\n", "\u0301", "a", "\t")]
    assert shapes == ["␣", "⏎", "◌\u0301", "a", "␉"]


def test_common_prefix() -> None:
    assert common_prefix([]) == ""
    assert common_prefix(["abc"]) == "abc"
    assert common_prefix(["/model ", "/min-p "]) == "/m"
    assert common_prefix(["ab", "abc", "abd"]) == "ab"

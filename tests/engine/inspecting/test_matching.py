"""A user's own property: the matches of a regular expression, found in a process of its own."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.inspecting.matching import check, own_property


def marked(expression: str, text: str) -> str:
    found = own_property(expression).of(text)
    assert found.shape == (len(text),) and found.dtype == bool
    return "".join(str(int(on)) for on in found)


def test_the_characters_of_every_match_are_labelled() -> None:
    assert marked("^b.|你+", "abb\nbab你你\ud800") == "0000110110"
    assert marked("x*", "ab") == "00"
    assert marked("a", "") == ""


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "--match is empty: give a regular expression"),
        ("ab[c", "--match: unterminated character set, at character 3: ab▸[c"),
        ("a" * 1001, "--match: the expression is longer than 1,000 characters"),
        ("a{99999999999}", "--match: the expression is too large: "),
        ("(" * 900, "--match: the expression is too large: "),
    ],
)
def test_a_broken_expression_is_told_in_one_line(expression: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        check(expression)
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)


def test_an_expression_that_would_take_for_ever_is_given_up() -> None:
    slow = own_property("(a+)+$", patience=0.3)
    with pytest.raises(UsageError, match=r"gave up after 0\.3 s: some part .* in too many ways"):
        slow.of("a" * 5000 + "b")


def test_the_search_can_be_stopped() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        own_property("(a+)+$", stop).of("a" * 5000 + "b")

"""Texts that must follow a regular expression or a list of words: never left, and never in a dead end."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing import constraint as module
from engine.writing.constraint import Constraint, State, constraint
from engine.writing.generate import Generation, Step
from engine.writing.settings import SamplingConfig
from tests.conftest import SONNET, random_model

AB = Alphabet(("\n", "a", "b"))
MODEL = random_model("lstm", 6, 1)
STEPPER = Stepper(MODEL)

ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", r"\n", r"\w", r"\S", "c", "[^ab]", r"[\sb]"]
)
EXPRESSION = st.recursive(
    ATOMS,
    lambda node: st.one_of(
        st.tuples(node, node).map("".join),
        st.tuples(node, node).map(lambda two: f"({two[0]}|{two[1]})"),
        node.map(lambda one: f"({one}|)"),
        st.tuples(node, st.sampled_from(["*", "+", "?", "{2}", "{,2}", "{1,}", "{0,3}"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
    ),
    max_leaves=8,
)


def of(alphabet: Alphabet = AB, **config: Any) -> Constraint:
    found = constraint(SamplingConfig(**config), alphabet)
    assert found
    return found


def states(followed: Constraint, text: str, alphabet: Alphabet = AB) -> list[State] | None:
    """The state before and after each character; None if one of them may not follow."""
    found = [followed.start]
    for id in map(alphabet.ids.__getitem__, text):
        if found[-1].complete or not found[-1].allowed[id]:
            return None
        found.append(followed.after(found[-1], id))
    return found


TEXTS = ["".join(chars) for n in range(5) for chars in product(AB.symbols, repeat=n)]


@given(EXPRESSION)
def test_what_may_be_written_is_what_python_says_matches(expression: str) -> None:
    matching = re.compile(expression)
    try:
        followed = of(regex=expression)
    except UsageError as error:
        assert not any(matching.fullmatch(text) for text in TEXTS[1:])
        assert ("only the empty text" in str(error)) == bool(matching.fullmatch(""))
        return
    for text in TEXTS:
        found = states(followed, text)
        assert bool(found and found[-1].accepts) == bool(matching.fullmatch(text)), text


@given(EXPRESSION, st.randoms(use_true_random=False), st.sampled_from(["", "b"]))
def test_there_is_always_a_way_to_an_end(expression: str, random: Any, ban: str) -> None:
    try:
        followed = of(regex=expression, ban=ban)
    except UsageError:
        return
    state = followed.start
    for _ in range(12):
        seen, todo = {state}, [state]
        while todo and not todo[-1].accepts:
            last = todo.pop()
            assert last.allowed.any() and not (ban and last.allowed[AB.ids["b"]])
            after = {followed.after(last, int(i)) for i in np.flatnonzero(last.allowed)} - seen
            seen |= after
            todo += after
        assert todo
        if state.complete:
            return
        state = followed.after(state, int(random.choice(np.flatnonzero(state.allowed))))


def write(text: Generation, n: int) -> list[Step]:
    while len(text) < n:
        text.advance()
    return [text.step(i) for i in range(n)]


LINES = r"([A-Z][a-z]{1,4}( [a-z]{2,3}){1,2}[,?]\n)*"
LETTERS = re.compile(r"[^\W_]+")


@pytest.mark.parametrize("prompt", ["", "Shall I", SONNET[:70]])
@pytest.mark.parametrize("more", [{}, {"temperature": 0.0}, {"ban": "e", "repetition_penalty": 2}])
def test_a_model_never_leaves_it_and_going_back_repeats_it(
    prompt: str, more: dict[str, Any]
) -> None:
    config = SamplingConfig(regex=LINES, **more)
    given = MODEL.alphabet.encode(prompt)
    text = Generation(STEPPER, given, config, 3)
    total = len(prompt) + 90
    steps = write(text, total)
    written = text.text[len(prompt) :]
    assert re.fullmatch(LINES, written[: written.rfind("\n") + 1])
    assert "e" not in written or not config.ban
    assert all(0 < s.prediction.removed < 1 and s.drawn_prob > 0 for s in steps[len(prompt) :])
    for n in (total - 1, len(prompt) + 33, len(prompt), max(1, len(prompt) - 3)):
        fork = text.fork(n)
        text.rewind(n)
        assert write(text, total) == write(fork, total) == steps


def test_a_whole_text_is_complete_and_begins_anew_if_it_goes_on() -> None:
    text = Generation(STEPPER, MODEL.alphabet.encode("So "), SamplingConfig(regex="(day|night)s"))
    ends = [len(text)]
    for _ in range(40):
        text.advance()
        if text.complete:
            assert not text.unfinished
            assert text.text[max(3, ends[-1]) :] in ("days", "nights")
            ends.append(len(text))
        else:
            assert text.unfinished or len(text) <= 3
    assert len(ends) > 5


def test_a_forced_character_that_may_not_follow_begins_it_anew() -> None:
    text = Generation(STEPPER, MODEL.alphabet.encode("S"), SamplingConfig(regex="(ab)*"))
    write(text, 4)
    text.force(MODEL.alphabet.ids["w"])
    assert text.step(4).drawn_prob == 0 and text.step(4).prediction.removed > 0.5
    write(text, 9)
    assert text.text == "Sabawabab"


def test_text_that_is_given_later_is_where_it_begins() -> None:
    text = Generation(STEPPER, MODEL.alphabet.encode("S"), SamplingConfig(regex="(ab)*"))
    write(text, 4)
    text.prompt = np.concatenate([text.ids(), MODEL.alphabet.encode(" it")])
    write(text, 11)
    assert text.text == "Saba itabab"


@pytest.mark.parametrize(
    ("regex", "said"),
    [
        ("a(b", "( is never closed, at character 2: a▸(b"),
        ("ab)c", ") closes nothing, at character 3: ab▸)c"),
        ("a[bc", "[ is never closed, at character 2: a▸[bc"),
        ("a|*", "there is nothing to repeat, at character 3"),
        ("a+?", "a quantifier follows a quantifier, at character 3"),
        ("a{2}{3}", "a quantifier follows a quantifier, at character 5"),
        ("a{3,2}", "3 is more than 2, at character 2"),
        ("a{x}", r"{ begins no quantifier such as {2,5}; \{ is a brace, at character 2"),
        ("a{", r"{ begins no quantifier"),
        ("a{,}", r"{ begins no quantifier"),
        ("a{٣}", r"{ begins no quantifier"),
        ("a{9999999999}", r"{ begins no quantifier"),
        ("[z-a]", "the range runs backwards, at character 2"),
        (r"[\d-z]", "a range needs two characters, at character 2"),
        (r"a\b", r"\b means nothing here, at character 2"),
        ("a\\", "stands at the end"),
        ("^a", r"leave out ^: the whole text must match; \^ is the character, at character 1"),
        ("(?i)a", "only (?: is known, at character 1"),
        ("(" * 60 + "a" + ")" * 60, "groups are nested more than 50 deep, at character 51"),
        ("a{999999}", "too large: with all its repetitions it has"),
        ("((a{999}){999}){999999}", "too large"),
        ("x\x1b)", r"at character 3: x\x1b>)"),
    ],
)
def test_a_broken_expression_is_pointed_at(regex: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        SamplingConfig(regex=regex)
    assert str(caught.value).startswith("--regex: ") and said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("regex", "said"),
    [
        ("ab漢+", "--regex: the model cannot write a text that matches, without '漢'"),
        ("a[^\\s\\S]", "--regex: the model cannot write a text that matches"),
        ("(漢|é)?", "--regex: only the empty text matches, without 'é', '漢'"),
        ("()", "--regex: only the empty text matches"),
    ],
)
def test_an_expression_that_nothing_can_follow_is_refused(regex: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        of(regex=regex)
    assert str(caught.value) == said


def test_bans_count_and_what_cannot_be_written_is_no_way() -> None:
    assert states(of(regex="(a|b)b|a", ban="b"), "a") and not states(of(regex="a|b", ban="b"), "b")
    assert of(regex="(a|b)b|a", force="a").start.allowed.tolist() == [False, True, False]
    for steered in ({"ban": "b"}, {"force": "a"}):
        with pytest.raises(UsageError, match="without 'b'"):
            of(regex="ab", **steered)
    assert of(regex="a(漢|b)").start.allowed.tolist() == [False, True, False]


def test_an_alphabet_of_bytes() -> None:
    units = Alphabet(tuple(sorted({*"ab\n", *"é漢".encode().decode("latin-1")})), "byte")

    def matches(regex: str, text: str) -> bool:
        found = states(of(units, regex=regex), text.encode().decode("latin-1"), units)
        return bool(found and found[-1].accepts)

    assert matches("a(é|漢)+b", "aé漢éb") and not matches("a(é|漢)+b", "ab")
    assert matches("a..b", "aéb") and matches(r"a[^\n]{2}", "aé")
    with pytest.raises(UsageError, match="this model writes bytes: in a class, only ASCII"):
        of(units, regex="a[é]")


def test_what_would_have_very_many_states_needs_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", 500)
    followed = of(regex="(a|b)*a(a|b){14}c|(a|b)+")
    rng, state = np.random.default_rng(0), followed.start
    for _ in range(1000):
        state = followed.after(state, int(rng.integers(1, 3)))
        assert state.allowed.tolist() == [False, True, True] and state.accepts
    assert followed._kept < 600 and len(followed._states) < 200


# -- words


@pytest.fixture
def words(tmp_path: Path) -> str:
    (tmp_path / "words.txt").write_text("day\nlove-day summer's\n\nto I Rough illégal 漢\n")
    return str(tmp_path / "words.txt")


@pytest.mark.parametrize("prompt", ["", "Shall ", "Shall I", "Rou", "ab", "summer'"])
def test_only_words_of_the_list_are_written(words: str, prompt: str) -> None:
    known = {"day", "love-day", "summer's", "to", "i", "rough"}
    text = Generation(STEPPER, MODEL.alphabet.encode(prompt), SamplingConfig(words=words), 5)
    total = len(prompt) + 200
    steps = write(text, total)
    while text.unfinished:
        text.advance()
    written = text.text
    for word in ("love-day", "summer's"):
        written = re.sub(word, "day", written, flags=re.IGNORECASE)
    found = [word.lower() for word in LETTERS.findall(written)]
    assert {*found} - known <= {"shall", "ab"} and len({*found} & known) > 3
    assert written[2:3].isalpha() is False or prompt != "ab"
    assert written.lower().startswith("rough") or prompt != "Rou"
    text.rewind(len(prompt) + 50)
    assert write(text, total) == steps


@given(st.text("abé-", max_size=8), st.lists(st.text("abé-", min_size=1, max_size=4), min_size=1))
def test_words_have_no_dead_end(text: str, listed: list[str]) -> None:
    alphabet = Alphabet(("-", "B", "a", "b"))
    assume(any(set(word) <= set("ab-") for word in listed))
    followed = Constraint(module.Words(listed, alphabet, np.zeros(4, np.bool_)))
    state = followed.start
    for id in [alphabet.ids[char] for char in text if char in alphabet.ids]:
        state = followed.after(state, id)  # forced, often
    for _ in range(8):
        assert state.allowed.any()
        state = followed.after(state, int(np.flatnonzero(state.allowed)[-1]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read .*: No such file"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"\n \n", "the model can write none of the words"),
        ("漢 é".encode(), "the model can write none of the words"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=f"--words: .*{said}|--words: {said}"):
        of(words=str(path))


@pytest.mark.parametrize("name", ["/", "~nosuch_user/x", "a\0b", "x" * 5000])
def test_a_path_that_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--words: cannot read ") as caught:
        of(words=name)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_list_that_was_changed_is_read_again(words: str) -> None:
    alphabet = MODEL.alphabet
    assert not of(alphabet, words=words).start.allowed[alphabet.ids["w"]]
    Path(words).write_text("wind")
    assert of(alphabet, words=words).start.allowed[alphabet.ids["w"]]


def test_an_expression_and_words_exclude_each_other(words: str) -> None:
    both = SamplingConfig(regex="a", words=words)
    with pytest.raises(UsageError, match="--regex and --words exclude each other"):
        both.check_alone()
    only_words = both.changed("words", words)
    assert (only_words.regex, only_words.words) == ("", words)
    only_words.check_alone()
    assert of(regex="a", words=words).start is of(regex="a").start
    assert only_words.changed("regex", "b").changed("regex", "") == only_words

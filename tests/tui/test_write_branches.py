"""The branches of a passage: typed characters, families, names, and laws that hold whatever is done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.network.stepper import Stepper
from engine.writing.settings import SamplingConfig
from tests.tui.test_write_passage import (
    PROMPT,
    RNG,
    STEPPER,
    byte_model,
    expected,
    never,
    passage,
    written,
)
from tui.write.branch import CHOSEN, GIVEN, TYPED, WRITTEN, Came
from tui.write.passage import Passage

ALPHABET = STEPPER.model.alphabet
SYMBOLS = len(ALPHABET)


def other(p: Passage, index: int, by: int = 1) -> int:
    """A character that does not stand at `index`."""
    return (int(p.ids()[index]) + by) % SYMBOLS


def fork(p: Passage, index: int, by: int = 1) -> int:
    """Type another character at `index`, and return the id of the branch."""
    assert p.type(index, np.array([other(p, index, by)]))
    return p.current


def check(p: Passage) -> None:
    """What is true of every passage at any time."""
    assert p.current in p.branches and p.place[1] == len(p.branches)
    assert p.generation.shortest <= p.cursor <= p.shown <= p.goal
    for id, branch in p.branches.items():
        ids = branch.ids()
        assert len(ids) == branch.shown == len(branch.kinds) == len(branch.glyphs.text)
        assert branch.reading or len(branch.generation) >= branch.shown
        if branch.parent is None:
            assert id == next(iter(p.branches)) and branch.came is Came.BEGUN
            continue
        parent = p.branches[branch.parent]
        assert branch.parent < id and branch.fork < branch.shown and branch.fork <= parent.shown
        assert parent.parent is None or branch.fork > parent.fork
        np.testing.assert_array_equal(ids[: branch.fork], parent.ids()[: branch.fork])
        assert branch.kinds[: branch.fork] == parent.kinds[: branch.fork]


def test_a_typed_character_stands_at_the_end_however_unlikely() -> None:
    p = written(5)
    view = p.view(p.shown)
    assert view
    known = {c.id for c in view.prediction.top}
    unlikely = next(id for id in range(SYMBOLS) if id not in known)
    assert p.type(p.shown, np.array([unlikely]))
    assert p.exact() == expected(5) + ALPHABET.symbols[unlikely] and p.at_end
    assert p.kinds[-1] == TYPED and len(p.branches) == 1


def test_a_typed_character_in_the_past_branches() -> None:
    p, at = written(20), len(PROMPT) + 8
    before, id = p.exact(), other(p, at)
    assert fork(p, at) == 1
    assert p.exact() == before[:at] + ALPHABET.symbols[id]
    branch = p.branches[1]
    assert (branch.parent, branch.fork, branch.came, branch.name) == (0, at, Came.TYPED, "")
    assert bytes(branch.kinds) == bytes([GIVEN] * len(PROMPT) + [WRITTEN] * 8 + [TYPED])
    p.show_branch(0)
    assert p.exact() == before and p.cursor == at
    check(p)


def test_typing_what_stands_there_only_steps_forward() -> None:
    p, at = written(20), len(PROMPT) + 3
    assert p.type(at, p.ids()[at : at + 1])
    assert p.cursor == at + 1 and len(p.branches) == 1 and p.shown == len(PROMPT) + 20


def test_a_taken_candidate_says_so() -> None:
    p, at = written(20), len(PROMPT) + 8
    assert p.take(at, 1) and p.take(at, 2)
    assert p.branches[p.current].came is Came.TAKEN and p.kinds[-1] == CHOSEN


def test_typed_in_the_prompt_it_ends_there() -> None:
    p = written(20)
    before = p.exact()
    fork(p, 4)
    p.extend_goal(10)
    p.write_ahead(100, never)
    p.reveal(100)
    assert p.shown == 15 and p.exact().startswith(before[:4]) and p.exact()[4] != before[4]
    check(p)


def test_nothing_is_typed_where_the_network_has_not_read() -> None:
    p = passage()
    assert not p.type(p.shown, np.array([0])) and p.exact() == PROMPT
    check(p)


def test_a_character_of_several_bytes_is_typed_whole() -> None:
    model = byte_model("éèab日本")
    p = Passage(Stepper(model), model.alphabet.encode("aéb"), SamplingConfig(), RNG, 10)
    p.write_ahead(0, never)
    assert p.type(p.shown, model.alphabet.encode("日"))
    assert p.exact() == "aéb日" and bytes(p.kinds[-3:]) == bytes([TYPED] * 3)
    assert p.type(1, model.alphabet.encode("è"))  # its first byte is that of é
    assert (
        p.exact() == "aè"
        and p.branches[1].fork == 2
        and bytes(p.kinds[1:]) == bytes([GIVEN, TYPED])
    )
    assert p.type(1, model.alphabet.encode("é"))
    assert p.exact() == "aé" and p.glyphs.replace("\u2060", "") == "aé"
    check(p)


@pytest.mark.parametrize("steered", ["ban", "regex", "words"])
def test_a_typed_character_may_break_a_rule_and_what_follows_goes_on(
    steered: str, tmp_path: Path
) -> None:
    (words := tmp_path / "words").write_text("thou\nart\nwinds\n")
    value = {"ban": "e", "regex": "[a-d]{40}", "words": str(words)}[steered]
    p = passage(30, sampling=SamplingConfig(**{steered: value}))
    p.write_ahead(100, never)
    p.reveal(100)
    before, at = p.exact(), len(PROMPT) + 2
    assert p.type(at, ALPHABET.encode("e")) and p.exact() == before[:at] + "e"
    p.extend_goal(20)
    p.write_ahead(100, never)
    p.reveal(100)
    assert p.shown == at + 21 and p.view(p.shown)
    if steered == "ban":
        assert "e" not in p.exact()[at + 1 :]
    for end in (p.shown, at + 5):
        assert p.type(end, ALPHABET.encode("e" if p.exact()[end:] != "e" else "R"))
    check(p)


def test_a_typed_character_may_complete_an_expression_and_the_next_match_begins() -> None:
    p = passage(30, sampling=SamplingConfig(regex="S[ae]"))
    p.write_ahead(100, never)
    p.reveal(100)
    first = p.exact()[len(PROMPT) :]
    assert first in ("Sa", "Se") and p.finished
    other = "Sa" if first == "Se" else "Se"
    assert p.type(len(PROMPT) + 1, ALPHABET.encode(other[1])) and p.exact() == PROMPT + other
    for matches in (2, 3):
        p.extend_goal(30)
        p.write_ahead(100, never)
        p.reveal(100)
        assert p.finished and len(p.exact()) == len(PROMPT) + 2 * matches
    check(p)


def test_a_branch_leaves_the_branch_whose_text_it_changes() -> None:
    p, start = written(20), len(PROMPT)
    one = fork(p, start + 10)
    p.write_ahead(50, never)
    p.reveal(5)
    two = fork(p, start + 3)  # in the part that one shares with the first
    p.show_branch(one)
    three = fork(p, start + 10, 2)  # where one left the first
    p.show_branch(one)
    four = fork(p, start + 11)
    assert [p.branches[id].parent for id in (one, two, three, four)] == [0, 0, 0, one]
    check(p)


def test_a_branch_is_deleted_with_its_family_and_ids_stay() -> None:
    p, start = written(20), len(PROMPT)
    whole = p.exact()
    one = fork(p, start + 10)
    p.show_branch(0)
    two = fork(p, start + 5)
    kept = p.exact()
    p.show_branch(one)
    p.write_ahead(50, never)
    p.reveal(5)
    p.extend_goal(5)
    p.write_ahead(50, never)
    p.reveal(5)
    three = fork(p, start + 12)
    assert p.family(one) == [one, three] and p.family(0) == [0, one, two, three]
    p.delete(one)
    assert list(p.branches) == [0, two] and p.current == 0
    assert p.exact() == whole and p.cursor == start + 10
    p.show_branch(two)
    assert p.exact() == kept and p.place == (2, 2)
    assert fork(p, start + 2) == 4, "an id is never used again"
    check(p)


def test_deleting_another_branch_moves_nothing() -> None:
    p, start = written(20), len(PROMPT)
    one = fork(p, start + 10)
    p.show_branch(0)
    p.go(start + 4)
    p.delete(one)
    assert p.current == 0 and p.cursor == start + 4
    check(p)


def test_the_first_branch_is_not_deleted() -> None:
    p = written(5)
    fork(p, len(PROMPT) + 2)
    with pytest.raises(UsageError, match="first branch"):
        p.delete(0)
    assert len(p.branches) == 2


def test_a_branch_has_a_name_of_limited_length() -> None:
    p = written(5)
    p.rename(0, "  the first ‮ 日本\n ")
    assert p.branches[0].name == "the first ‮ 日本"
    p.rename(0, "x" * 10_000)
    assert len(p.branches[0].name) == 60
    p.rename(0, " ")
    assert p.branches[0].name == ""


OPERATIONS = ("take", "type", "end", "forward", "write", "go", "show", "delete", "append", "name")
Operations = list[tuple[str, int, int]]


def operations(*names: str) -> st.SearchStrategy[Operations]:
    """Operations, each with two numbers that say where and what."""
    numbers = st.integers(0, 400)
    return st.lists(st.tuples(st.sampled_from(names), numbers, numbers), max_size=12)


def do(p: Passage, what: str, where: int, which: int) -> None:
    """One operation of a user."""
    least = p.generation.shortest
    index = least + where % (p.shown - least + 1)
    ids = list(p.branches)
    if what == "take":
        p.take(index, 1 + which % 10)
    elif what == "type":
        p.type(index, np.array([which % SYMBOLS, where % SYMBOLS][: 1 + which % 2]))
    elif what == "end":
        p.type(p.shown, np.array([which % SYMBOLS]))
    elif what == "forward":
        p.forward()
    elif what == "write":
        p.extend_goal(which % 50)
        p.write_ahead(which % 40, never)
        p.reveal(which % 30)
    elif what == "go":
        p.go(index)
    elif what == "show":
        p.show_branch(ids[which % len(ids)])
    elif what == "delete" and which % len(ids):
        p.delete(ids[which % len(ids)])
    elif what == "append":
        p.append(np.array([where % SYMBOLS, which % SYMBOLS]))
    elif what == "name":
        p.rename(ids[which % len(ids)], "name")


@given(operations(*OPERATIONS), st.sampled_from(["", "T", PROMPT]))
def test_whatever_is_done_the_branches_agree(done: Operations, prompt: str) -> None:
    p = passage(40, prompt)
    check(p)
    for operation in done:
        do(p, *operation)
        check(p)
    for id in p.branches:
        p.show_branch(id)
        check(p)


@given(operations("take", "type", "end", "write", "show", "delete"), st.integers(0, 400))
def test_going_back_and_replaying_gives_the_same_steps(done: Operations, back: int) -> None:
    p = written(40)
    for operation in done:
        do(p, *operation)
    for branch in p.branches.values():
        if branch.reading:
            continue
        generation = branch.generation
        first = 1 + back % branch.shown
        again = generation.fork(first)
        assert again.ids().tolist() == generation.ids()[:first].tolist()
        for i in range(first, branch.shown):
            if branch.kinds[i] in (WRITTEN, GIVEN):
                again.advance()
            else:
                again.force(int(branch.ids()[i]))
        for i in range(branch.shown):
            assert again.step(i) == generation.step(i)


@given(operations("take", "type", "end", "write", "go", "show", "delete", "name"))
def test_whatever_is_branched_the_first_branch_goes_on_as_if_nothing_had_been(
    done: Operations,
) -> None:
    p = written(40)
    for what, where, which in done:
        if p.current == 0 and what in ("end", "take", "type"):
            where = min(where, p.shown - 3)
            what = "take" if what == "take" else "type"
        do(p, what, where, which)
    p.show_branch(0)
    text = p.exact()
    assert text == expected(200)[: len(text)]
    p.go(len(PROMPT) + 7)
    while not p.at_end:
        p.forward()
    p.extend_goal(20)
    p.write_ahead(100, never)
    p.reveal(20)
    assert p.exact() == expected(200)[: len(text) + 20]

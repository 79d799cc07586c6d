"""A passage: shown, walked, branched and retuned, while another thread reads and writes ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing.generate import Generation
from engine.writing.settings import SamplingConfig
from tests.conftest import random_model
from tui.text import symbol_name
from tui.write.branch import CHOSEN, GIVEN, WRITTEN
from tui.write.glyphs import Glyphs
from tui.write.passage import Passage

STEPPER = Stepper(random_model())
PROMPT = "Thou art "
RNG = 7


def never() -> bool:
    return False


def passage(
    length: int = 100, prompt: str = PROMPT, sampling: SamplingConfig | None = None
) -> Passage:
    ids = STEPPER.model.alphabet.encode(prompt)
    return Passage(STEPPER, ids, sampling or SamplingConfig(), RNG, length)


def written(length: int = 100) -> Passage:
    """A passage with everything it asked for written and shown."""
    made = passage(length)
    made.write_ahead(1000, never)
    assert made.reveal(1000) == length
    return made


def expected(length: int, sampling: SamplingConfig | None = None) -> str:
    ids = STEPPER.model.alphabet.encode(PROMPT)
    generation = Generation(STEPPER, ids, sampling, RNG)
    for _ in range(len(ids) + length):
        generation.advance()
    return generation.text


def test_the_prompt_is_shown_at_once_and_read_by_the_writer() -> None:
    p = passage()
    assert p.exact() == p.glyphs == PROMPT and p.reading and p.view(p.shown) is None
    assert not p.forward() and not p.take(p.shown, 1)
    p.write_ahead(0, never)
    assert not p.reading
    view = p.view(p.shown)
    assert view and view.step is None and view.prediction.top


def test_it_stays_so_far_ahead_and_shows_what_the_engine_writes() -> None:
    p = passage()
    assert p.write_ahead(10, never)
    assert len(p.generation) == p.shown + 10
    assert not p.write_ahead(10, never)
    assert p.reveal(4) == 4 and p.reveal(50) == 6 and p.reveal(1) == 0
    assert p.cursor == p.shown == len(PROMPT) + 10
    p.write_ahead(1000, never)
    assert p.reveal(1000) == 90 and p.finished
    assert p.exact() == expected(100)
    assert bytes(p.kinds) == bytes([GIVEN] * len(PROMPT) + [WRITTEN] * 100)
    p.extend_goal(5)
    assert not p.finished


def test_a_cancelled_writer_writes_nothing() -> None:
    p = passage()
    assert not p.write_ahead(10, lambda: True) and len(p.generation) == 0


def test_walking_back_loses_nothing_and_past_the_end_writes() -> None:
    p = written(20)
    before = p.exact()
    p.go(p.cursor - 5)
    view = p.view(p.cursor)
    assert view and view.step and view.step.char == before[-5]
    p.go(-3)
    assert p.cursor == 1
    p.go(10**6)
    assert p.at_end and p.exact() == before
    assert p.forward() and p.exact() == expected(21) and p.at_end


def test_a_change_holds_from_the_next_shown_character() -> None:
    p = passage()
    p.write_ahead(50, never)
    p.reveal(10)
    p.change(SamplingConfig(temperature=0))
    assert len(p.generation) == p.shown
    p.write_ahead(50, never)
    p.reveal(20)
    replay = Generation(STEPPER, p.generation.prompt, None, RNG)
    for i in range(p.shown):
        replay.sampling = SamplingConfig(temperature=0 if i >= len(PROMPT) + 10 else 1)
        replay.advance()
    assert p.exact() == replay.text


def test_taking_at_the_end() -> None:
    p = written(5)
    p.write_ahead(1000, never)
    p.extend_goal(50)
    p.write_ahead(1000, never)
    view = p.view(p.shown)
    assert view
    assert p.take(p.shown, 3)
    assert p.exact() == expected(5) + view.prediction.top[2].char
    assert p.kinds[-1] == CHOSEN and len(p.branches) == 1 and p.at_end


def test_taking_in_the_past_branches_and_keeps_the_old_tail() -> None:
    p = written(20)
    before, at = p.exact(), len(PROMPT) + 8
    view = p.view(at)
    assert view and view.step
    rank = 1 + next(i for i, c in enumerate(view.prediction.top) if c.id != view.step.id)
    assert p.take(at, rank)
    other = p.exact()
    assert other == before[:at] + view.prediction.top[rank - 1].char
    assert len(p.branches) == 2 and p.current == 1 and p.at_end
    assert p.next_branch() and p.exact() == before and p.cursor == at
    assert p.next_branch() and p.exact() == other
    p.write_ahead(5, never)
    p.reveal(5)
    assert p.exact().startswith(other) and p.shown == len(other) + 5
    p.next_branch()
    assert p.exact() == before


def test_taking_what_stands_there_only_steps_forward() -> None:
    p = written(20)
    at, rank = next(
        (i, [c.id for c in view.prediction.top].index(view.step.id) + 1)
        for i in range(len(PROMPT), p.shown)
        if (view := p.view(i)) and view.step and view.step.id in [c.id for c in view.prediction.top]
    )
    p.go(at)
    assert p.take(at, rank)
    assert p.cursor == at + 1 and len(p.branches) == 1 and p.shown == len(PROMPT) + 20


def test_a_branch_inside_the_prompt_goes_on_from_there() -> None:
    p = written(20)
    assert p.take(4, 2) or p.take(4, 1)
    start = p.exact()
    assert len(start) == 5
    p.write_ahead(10, never)
    p.reveal(10)
    assert p.shown == 15 and p.exact().startswith(start)


def test_one_branch_has_no_next() -> None:
    assert not written(3).next_branch()


def test_no_such_candidate() -> None:
    p = written(3)
    assert not p.take(p.shown, 99) and not p.take(0, 1)
    assert p.shown == len(PROMPT) + 3


def test_appended_text_is_given_and_read() -> None:
    p = written(5)
    p.append(STEPPER.model.alphabet.encode("thee"))
    assert p.reading and p.exact() == expected(5) + "thee"
    assert bytes(p.kinds[-4:]) == bytes([GIVEN] * 4)
    p.extend_goal(3)
    p.write_ahead(1000, never)
    p.reveal(1000)
    assert p.shown == len(PROMPT) + 5 + 4 + 3 and p.exact().startswith(expected(5) + "thee")


def test_an_empty_prompt_shows_nothing_and_can_be_walked_to_its_first_character() -> None:
    p = passage(prompt="", length=5)
    assert p.exact() == "" and p.cursor == p.shown == 0 and not p.reading and p.goal == 5
    view = p.view(0)
    assert view and view.step is None and view.prediction.top
    p.write_ahead(1000, never)
    assert p.reveal(1000) == 5
    before = p.exact()
    p.go(-3)
    assert p.cursor == 0
    view = p.view(0)
    assert view and view.step and view.step.char == before[0]
    rank = 1 + next(i for i, c in enumerate(view.prediction.top) if c.id != view.step.id)
    assert p.take(0, rank) and p.exact() == view.prediction.top[rank - 1].char
    assert p.next_branch() and p.exact() == before and p.cursor == 0


@contextmanager
def writing(p: Passage) -> Iterator[None]:
    """Another thread writes ahead all the while."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            if not p.write_ahead(200, stop.is_set):
                stop.wait(0.001)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_changes_while_another_thread_writes() -> None:
    rng = np.random.default_rng(0)
    p = passage(length=100_000)
    with writing(p):
        while p.reading:
            assert not p.finished
        for i in range(300):
            what = rng.integers(4)
            if what == 0:
                p.change(SamplingConfig(temperature=float(rng.integers(1, 5))))
            elif what == 1 and not p.reading:
                p.take(p.shown - int(rng.integers(3)), int(rng.integers(1, 4)))
            elif what == 2:
                p.forward()
            p.reveal(i % 7)
            assert p.shown == len(p.kinds) == len(p.glyphs) == len(p.exact())
    first, *rest = p.ids()
    replay = Generation(STEPPER, [first], None)
    replay.advance()
    for id in rest:
        replay.force(int(id))
    n = p.shown
    np.testing.assert_array_equal(replay.bits()[:n], p.generation.bits()[:n])


def byte_model(text: str) -> Model:
    """A model over the bytes of a text."""
    alphabet = Alphabet(tuple(sorted(set(text.encode().decode("latin-1")))), "byte")
    model = random_model(text="".join(alphabet.symbols))
    return Model("bytes", model.config, alphabet, model.weights, model.history)


def test_bytes_are_shown_as_the_characters_they_make() -> None:
    text = "é日b"
    model = byte_model(text)
    ids = model.alphabet.encode(text)
    p = Passage(Stepper(model), ids, SamplingConfig(), RNG, 10)
    assert len(p.glyphs) == len(ids) == 6
    assert p.glyphs.replace("\u2060", "") == text == p.exact()
    assert p.exact_bytes() == text.encode()
    assert p.exact(2, 5) == "日"


def test_broken_bytes_are_shown_as_broken() -> None:
    alphabet = byte_model("é").alphabet
    glyphs = Glyphs(alphabet)
    glyphs.extend(alphabet.encode(b"\xc3\xc3\xa9\xa9"))
    assert len(glyphs.text) == 4 and "é" in glyphs.text and "�" in glyphs.text


def test_names_of_symbols() -> None:
    assert symbol_name(" ", "char") == "␣" and symbol_name("\xe9", "byte") == "E9"

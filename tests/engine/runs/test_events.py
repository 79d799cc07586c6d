"""Events: one JSON form, and one way to fold a log of them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import outside
from engine.runs.events import (
    KINDS,
    Evaluated,
    Event,
    Extended,
    Failed,
    Resumed,
    RolledBack,
    Sampled,
    Saved,
    Started,
    Stopped,
    fold,
    parse,
)
from tests.engine.said import evaluated, progress, started

VALUES = {
    str: st.text(),
    bool: st.booleans(),
    int: st.integers(0, outside.MOST_WHOLE),
    float: st.floats(-outside.MOST, outside.MOST),
}
ANY = st.one_of(
    st.builds(
        kind,
        **{name: VALUES[hint] for name, hint in get_type_hints(kind).items() if hint in VALUES},
    )
    for kind in KINDS.values()
)


@given(ANY)
def test_an_event_survives_its_line(event: Event) -> None:
    line = event.to_json()
    assert "\n" not in line and line.isprintable() and parse(line) == event
    assert json.loads(line)["event"] == event.name


def test_every_kind_has_a_name_of_its_own() -> None:
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    assert len(KINDS) == len(Event.__subclasses__())


@given(ANY.map(Event.to_json), st.data())
def test_a_torn_line_is_no_event(line: str, data: st.DataObject) -> None:
    assert parse(line[: data.draw(st.integers(0, len(line) - 1))]) is None


@pytest.mark.parametrize(
    "line",
    [
        *("", "{}", "[]", "3", "null", '{"event": ["saved"]}', "[" * 100_000),
        '{"event": "new", "life": 0, "step": 1}',
        '{"event": "saved", "step": 1}',
        '{"event": "saved", "life": 0, "step": "1", "file": ""}',
        '{"event": "saved", "life": null, "step": 1, "file": ""}',
    ],
    ids=range(11),
)
def test_what_is_no_event_is_skipped(line: str) -> None:
    assert parse(line) is None


ODD = (None, True, "AAAA" * 99, "\ud800", [], {"a": 1}, [[1]], -1, 10**400, -(10**400), 0.5)
ODD += (math.nan, math.inf, -math.inf, 1e300)


@given(ANY, st.data(), st.sampled_from(ODD))
def test_a_field_of_the_wrong_type_makes_no_event(
    event: Event, data: st.DataObject, odd: Any
) -> None:
    fields = {name: hint for name, hint in get_type_hints(type(event)).items() if hint in VALUES}
    name = data.draw(st.sampled_from(sorted(fields)))
    told = json.loads(event.to_json()) | {name: odd}
    found, kind = parse(json.dumps(told)), fields[name]
    fits = type(odd) is kind or (kind is float and type(odd) is int)
    if (
        isinstance(odd, int | float)
        and not (0 if kind is int else -outside.MOST) <= odd <= outside.MOST
    ):
        fits = False
    assert found == (replace(event, **{name: odd}) if fits else None)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_loss_that_is_no_number_is_skipped(number: str) -> None:
    """Logs of earlier versions may have such lines."""
    line = replace(progress(0, 3), train_nats=0.625).to_json()  # type: ignore[call-arg]
    assert parse(line) and parse(line.replace("0.625", number)) is None


def test_a_newer_helo_may_say_more() -> None:
    line = '{"event": "saved", "life": 0, "step": 1, "file": "x", "size": 3}'
    assert parse(line) == Saved(life=0, step=1, file="x")


def test_a_new_life_voids_what_was_not_saved() -> None:
    first = [started(0, 0), progress(0, 10), progress(0, 20), progress(0, 30)]
    second = [started(1, 20), Resumed(life=1, step=20), progress(1, 30)]
    assert fold(first + second) == [*first[:3], *second]


def test_a_failure_that_was_resumed_before_does_not_count() -> None:
    events = [progress(0, 10), Failed(life=0, step=12, reason="nan"), started(1, 10)]
    assert fold([*events, Resumed(life=1, step=10)])[:2] == [events[0], events[2]]


def test_rolling_back_voids_too() -> None:
    events = [progress(0, 10), progress(0, 20), RolledBack(life=0, step=10), progress(0, 15)]
    assert [e.step for e in fold(events)] == [10, 10, 15]


def test_a_life_that_begins_anew_voids_all() -> None:
    anew = replace(started(1, 0), anew=True)  # type: ignore[call-arg]
    assert fold([started(0, 0), progress(0, 0), anew, progress(1, 5)]) == [anew, progress(1, 5)]
    assert fold([progress(0, 0), started(1, 0)]) == [progress(0, 0), started(1, 0)]


@given(st.lists(ANY.map(lambda event: replace(event, step=abs(event.step) % 10)), max_size=20))
def test_fold_is_what_it_says(events: list[Event]) -> None:
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Resumed | RolledBack):
            kept = [e for e in kept if e.step <= event.step]
        elif isinstance(event, Started) and event.anew:
            kept = []
        elif isinstance(event, Extended):
            kept = [e for e in kept if not (isinstance(e, Evaluated) and e.final)]
        kept.append(event)
    assert fold(events) == kept


@given(st.lists(st.tuples(st.sampled_from([Resumed, RolledBack, Saved]), st.integers(0, 9))))
def test_fold_laws(spec: list[tuple[type[Event], int]]) -> None:
    events = [
        kind(life=0, step=step, **({"file": ""} if kind is Saved else {})) for kind, step in spec
    ]
    folded = fold(events)
    assert fold(folded) == folded
    assert [e.step for e in folded] == sorted(e.step for e in folded) or any(
        isinstance(e, Saved) for e in folded
    )
    if events:
        assert folded[-1] == events[-1]


def test_texts_of_any_kind_stay_on_their_line() -> None:
    text = "a\u2028b\u2029c\x85d\r\ne\udce9\x00[/b]"
    event = Sampled(life=0, step=0, prompt=text, text=text)
    assert len(event.to_json().splitlines()) == 1
    assert event.to_json().encode("utf-8")
    assert parse(event.to_json()) == event


def test_a_finished_run_keeps_its_end() -> None:
    end = [
        evaluated(step=9, protocol="stateful", final=True),
        Stopped(life=0, step=9, finished=True),
    ]
    assert fold(end) == end

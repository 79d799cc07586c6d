"""What comes from outside is what its type says, or is refused in a short line."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import outside
from engine.config import ModelConfig
from engine.errors import DamagedError, ForeignError, NewerError, RunError


@dataclass(frozen=True)
class Inner:
    on: bool
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outer:
    count: int
    nats: float
    name: str = ""
    best: float | None = None
    inner: Inner = Inner(False)
    recent: list[float] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


WHOLE = {
    "count": 3,
    "nats": 1.5,
    "name": "a\ud800\x1b",
    "best": None,
    "inner": {"on": True, "words": ["x"]},
    "recent": [1.0, 2],
    "versions": {"torch": "2"},
}


def test_what_is_right_becomes_a_value() -> None:
    value = outside.convert(Outer, WHOLE)
    inner = Inner(True, ("x",))
    assert value == Outer(3, 1.5, "a\ud800\x1b", None, inner, [1.0, 2.0], {"torch": "2"})
    assert all(type(number) is float for number in value.recent)
    assert outside.convert(Outer, {"count": 0, "nats": 0}) == Outer(0, 0.0)


WRONG: list[tuple[str, Any]] = [
    *(("count", wrong) for wrong in (True, 1.0, "1", None, [], {}, -1, 2**63, 10**400)),
    *(("nats", wrong) for wrong in (True, "1", None, [1], {"a": 1}, math.nan, math.inf, -math.inf)),
    *(("nats", wrong) for wrong in (10**400, -(10**400), 1e300, -1e300)),
    *(("name", wrong) for wrong in (1, None, ["a"], True, "x" * (outside.LONGEST + 1))),
    *(("best", wrong) for wrong in ("x", True, math.nan)),
    *(("inner", wrong) for wrong in (None, [], {}, {"on": 1}, {"on": True, "words": "x"})),
    ("inner", {"on": True, "words": [3]}),
    *(("recent", wrong) for wrong in ([math.nan], ["1"], {"0": 1}, "12", [[1.0]])),
    *(("versions", wrong) for wrong in ({"a": 1}, ["a"], {"a": {"b": "c"}})),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(DamagedError) as caught:
        outside.convert(Outer, WHOLE | {name: value})
    says = str(caught.value)
    assert says.isprintable() and len(says) < 120
    assert any(word in says for word in (name, *(value if isinstance(value, dict) else ()), "on"))


@pytest.mark.parametrize("data", [None, [], 3, "x", True, {}, {"count": 3}])
def test_what_is_no_such_object_is_refused(data: Any) -> None:
    with pytest.raises(DamagedError):
        outside.convert(Outer, data)


def test_unknown_keys_are_left_out_or_refused() -> None:
    newer = WHOLE | {"extra": [{}], "inner": {"on": True, "also": 1}}
    assert outside.convert(Outer, newer).inner == Inner(True)
    for name, data in (("extra", WHOLE | {"extra": 1}), ("also", newer | {"extra": 1})):
        with pytest.raises(DamagedError, match=name if name == "extra" else "extra|also"):
            outside.convert(Outer, data, exact=True)


def test_what_a_class_itself_refuses() -> None:
    with pytest.raises(DamagedError, match="--cell must be one of"):
        outside.convert(ModelConfig, {"cell": "x", "hidden": 8, "layers": 1})


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*WHOLE, "x"]), ANY))
def test_whatever_is_read_is_of_its_type_or_refused(changes: dict[str, Any]) -> None:
    try:
        value = outside.convert(Outer, WHOLE | changes)
    except DamagedError as error:
        assert str(error)
        return
    assert type(value.count) is int and 0 <= value.count <= outside.MOST_WHOLE
    assert type(value.nats) is float and math.isfinite(value.nats)
    assert type(value.name) is str and all(type(n) is float for n in value.recent)
    assert json.loads(json.dumps(value.inner.words)) == list(value.inner.words)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1"),
        ("{\n\n", "line 3"),
        ("[" * 100_000, "deep"),
        ('{"a":' * 100_000, "deep"),
        ("9" * 5000, "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
    ],
    ids=range(6),
)
def test_what_is_no_json(text: str | bytes, says: str) -> None:
    with pytest.raises(DamagedError, match=says):
        outside.parse_json(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"x = ", "not valid TOML"),
        (b"x = " + b"[" * 100_000, "deep"),
        (b"\xe9", "not valid UTF-8"),
        (b"a." * 40_000 + b"a = 1", "deep"),
        (b"x = " + b"9" * 5000, "not valid TOML"),
    ],
    ids=range(5),
)
def test_what_is_no_toml(text: bytes, says: str) -> None:
    with pytest.raises(DamagedError, match=says):
        outside.parse_toml(text)


def test_a_newer_version_is_told_from_damage() -> None:
    assert outside.known_version({"a": 1}, 1) == {"a": 1}
    assert outside.known_version({"a": 1, "version": 1}, 1) == {"a": 1}
    with pytest.raises(NewerError):
        outside.known_version({"version": 2}, 1)
    with pytest.raises(DamagedError, match="version"):
        outside.known_version({"version": "2"}, 1)


@pytest.mark.parametrize(
    ("found", "kind"),
    [("helo/2", NewerError), ("helo/10", NewerError), ("helo/0", ForeignError)]
    + [(odd, ForeignError) for odd in ("", "pt", "helo", "helo/x", "helo/" + "9" * 5000, "x/2")],
)
def test_formats(found: str, kind: type[DamagedError]) -> None:
    outside.check_format({"format": "helo/1"}, "helo/1", "model")
    with pytest.raises(kind) as caught:
        outside.check_format({"format": found}, "helo/1", "model")
    assert type(caught.value) is kind and len(str(caught.value)) < 120


def test_only_files_of_some_size_are_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert outside.read(file, 5) == b"12345"
    with pytest.raises(DamagedError, match="larger than 4 bytes"):
        outside.read(file, 4)
    os.mkfifo(tmp_path / "fifo")
    for place, says in ((tmp_path / "fifo", "not a regular file"), (tmp_path, "directory")):
        with pytest.raises(RunError, match=says), outside.reading(place, RunError):
            outside.read(place)
    with pytest.raises(RunError, match="cannot read"), outside.reading(tmp_path / "no", RunError):
        outside.read(tmp_path / "no")


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "\udfff/x", "x" * 5000, "n" * 300])
def test_what_cannot_be_a_path_is_refused(path: str) -> None:
    with pytest.raises(RunError, match="cannot read") as caught:
        with outside.reading(Path(path), RunError):
            outside.read(Path(path))
    assert len(str(caught.value)) < 300


def test_a_file_of_a_newer_helo_is_a_line_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="x was written by a newer helo: update helo"):
        with outside.reading(tmp_path / "x", RunError):
            outside.known_version({"version": 9}, 1)

"""Pickles are read as Python wrote them, and nothing in them is called or imported."""

from __future__ import annotations

import collections
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DamagedError
from engine.foreign.bounds import Cursor
from engine.foreign.pickled import Unordered
from engine.foreign.pickles import MOST_OPCODES, Made, Named, loads
from tests.test_house import ROOT

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(st.text() | st.integers(), inner),
        st.dictionaries(st.text(), inner).map(collections.OrderedDict),
    ),
)


@given(VALUES, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_values_are_read_as_they_were_written(value: Any, protocol: int) -> None:
    assert loads(pickle.dumps(value, protocol)) == value


class Thing:
    def __init__(self) -> None:
        self.size = 3


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_object_is_its_name_and_its_attributes(protocol: int) -> None:
    made, members = loads(pickle.dumps((Thing(), {1, 2}), protocol))
    assert isinstance(made, Made) and made.state == {"size": 3}
    assert isinstance(members, Unordered) and sorted(members) == [1, 2]  # type: ignore[type-var]


def test_strings_of_python_2_are_text() -> None:
    assert loads(b"S'caf\\xc3\\xa9 \\''\n.") == "café '"
    assert loads(b"U\x02\xe9!.") == "é!"


def test_pickles_may_follow_each_other() -> None:
    cursor = Cursor(pickle.dumps(1) + pickle.dumps("two"))
    assert [loads(cursor), loads(cursor), cursor.left] == [1, "two", 0]


class Evil:
    def __init__(self, call: Any, *args: Any) -> None:
        self.call = call, args

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_runs_nothing(protocol: int, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    calls = [Evil(os.system, f"touch {mark}"), Evil(exec, f"import os; os.mkdir({str(mark)!r})")]
    calls += [Evil(subprocess.check_output, ["touch", str(mark)])]
    data = pickle.dumps([*calls, {"state": calls}], protocol)
    first, *_ = loads(data)
    assert isinstance(first, Made) and isinstance(first.kind, Named)
    assert first.kind.name.endswith(".system") and first.args == (f"touch {mark}",)
    assert not mark.exists()
    pickle.loads(pickle.dumps(calls[0], protocol))
    assert mark.exists(), "it would have run"


def test_no_module_that_a_pickle_names_is_imported() -> None:
    code = (
        "import sys; from engine.foreign import pickles\n"
        "before = set(sys.modules)\n"
        "for name in ('torch.nn LSTM', 'this s', 'antigravity geohash', 'engine.training.model X'):\n"
        "    pickles.loads(b'c' + name.replace(' ', '\\n').encode() + b'\\n)R.')\n"
        "assert set(sys.modules) == before, set(sys.modules) - before"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert not done.returncode, done.stderr


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b".",
            b"(",
            b"(.",
            b"K",
            b"X\xff\xff\xff\x7fa.",
            b"\x80\x09K\x01.",
            b"h\x01.",
            b"t.",
            b"0.",
        ),
        *(b"]K\x01s.", b"}K\x01u.", b"I1e5\n.", b"I" + b"9" * 5000 + b"\n."),
        *(
            b"K\x01\x81.",
            b"\x8b\xff\xff\xff\x7f.",
            b"Sabc\n.",
            b"c\xff.",
            b"Va",
            b"\x97.",
            b"\x82\x01.",
        ),
        *(
            b"(K\x01d.",
            b"K\x01K\x02\x93.",
            b"K\x01K\x01a.",
            b"(q\x00.",
            b"P",
            b"\x8d" + b"\xff" * 8,
        ),
        *(b"cbuiltins\nset\n(K\x01tR.", b"ccollections\nOrderedDict\n(X\x02\0\0\0abtR."),
    ],
)
def test_what_is_no_whole_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedError):
        loads(data)


@pytest.mark.parametrize(
    "data",
    [
        b"(" * 200_000 + b"t" * 200_000 + b".",  # deep
        b")" + b"2\x86" * 5000 + b"q\x00}h\x00K\x01s.",  # hashing it would take for ever
        b"]q\x00h\x00a.",  # a circle
        b"(" + b"K\x01" * 1000 + b"lq\x00" + b"cbuiltins\nlist\nh\x00\x85R0" * 9000 + b".",
        b"2" * (MOST_OPCODES + 1),
        b"K\x01" + b"2" * MOST_OPCODES + b".",
        b"(" + b"Vx\n" * 100_000 + b"l" + b".",
        b"V" + b"x" * 1_000_000 + b"\n.",
    ],
)
def test_what_takes_long_is_not_read_to_its_end(data: bytes) -> None:
    begun = time.process_time()
    try:
        loads(data)
    except DamagedError:
        pass
    assert time.process_time() - begun < 2

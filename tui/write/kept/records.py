"""The records of a session, and the passages that they tell of.

Each record is a line of JSON. Any first part of a file tells of passages as they once were; a record that
does not fit to those before it is left out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from engine import outside
from engine.errors import DamagedError, NewerError
from engine.writing.settings import SamplingConfig
from tui.write.branch import TYPED, Came

MOST_SYMBOLS = 0x110000
"""Characters there are in Unicode."""
VERSION = 1
"""The format version of a session, in its first record."""


@dataclass(frozen=True)
class Begun:
    """A passage was begun. `weights` is the `fingerprint` of its model; empty if two models wrote it, or a
    unit was held."""

    passage: int
    model: str
    name: str
    weights: str
    units: str
    seed: int
    given: int
    """The characters of the prompt with which it began."""


@dataclass(frozen=True)
class Sampled:
    """The settings of sampling for what follows in a branch."""

    passage: int
    branch: int
    sampling: SamplingConfig


@dataclass(frozen=True)
class Branched:
    """A branch left another one before character `fork`, when `source` was shown, which equals it there."""

    passage: int
    branch: int
    parent: int
    source: int
    fork: int
    came: str


@dataclass(frozen=True)
class Wrote:
    """Characters were shown at the end of a branch."""

    count: int
    """How many; first, so that the length of a session can be told without parsing it."""
    passage: int
    branch: int
    start: int
    text: str
    """The symbols of the alphabet; for bytes, one character each."""
    kinds: list[list[int]]
    """Their origins, in runs: [origin, characters]."""


@dataclass(frozen=True)
class Read:
    """What the network believed of characters of a branch."""

    passage: int
    branch: int
    start: int
    bits: list[float]
    entropy: list[float]
    rank: list[int]


@dataclass(frozen=True)
class Named:
    """A branch was given a name, or an empty one."""

    passage: int
    branch: int
    name: str


@dataclass(frozen=True)
class Deleted:
    """A branch that no other one comes from was deleted."""

    passage: int
    branch: int


@dataclass(frozen=True)
class At:
    """The branch that is shown, and the cursor in it; None is the end."""

    passage: int
    branch: int
    cursor: int | None


@dataclass(frozen=True)
class Ended:
    """helo was left in the ordinary way."""


Told = Begun | Sampled | Branched | Wrote | Read | Named | Deleted | At
_KINDS: dict[str, type[Told | Ended]] = {
    "begun": Begun,
    "sampled": Sampled,
    "branched": Branched,
    "wrote": Wrote,
    "read": Read,
    "named": Named,
    "deleted": Deleted,
    "at": At,
    "ended": Ended,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def head() -> bytes:
    """The first line of a session."""
    return _line({"kind": "session", "version": VERSION})


def line(record: Told | Ended) -> bytes:
    """A record as a line."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    if isinstance(record, Sampled):
        values["sampling"] = asdict(record.sampling)
    return _line({"kind": _NAMES[type(record)]} | values)


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


@dataclass
class BranchTold:
    """A branch as the records tell it, as in `branch.Branch`: what is its own of it, from `fork` on."""

    parent: int | None = None
    fork: int = 0
    came: Came = Came.BEGUN
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    name: str = ""
    text: str = ""
    kinds: bytearray = field(default_factory=bytearray)
    bits: list[float] = field(default_factory=list)
    entropy: list[float] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)

    @property
    def length(self) -> int:
        """The characters of the whole branch."""
        return self.fork + len(self.text)

    @property
    def read(self) -> int:
        """Those of which is known what the network believed."""
        return self.fork + len(self.bits)


@dataclass
class PassageTold:
    """A passage as the records tell it, and those records."""

    begun: Begun
    branches: dict[int, BranchTold] = field(default_factory=lambda: {0: BranchTold()})
    next_id: int = 1
    current: int = 0
    cursor: int | None = None
    records: list[Told] = field(default_factory=list)

    def take(self, record: Told) -> None:
        """Take over what a record tells.

        Raises DamagedError if it does not fit to those before it; then nothing has changed.
        """
        if isinstance(record, Branched):
            self._branched(record)
        elif not isinstance(record, Begun):
            branch = self.branches.get(record.branch)
            _require(branch is not None, "a branch")
            assert branch
            match record:
                case Sampled():
                    branch.sampling = record.sampling
                case Wrote():
                    _wrote(branch, record)
                case Read():
                    _read(branch, record)
                case Named():
                    branch.name = record.name
                case At():
                    _require((record.cursor or 0) <= branch.length, "a place")
                    self.current, self.cursor = record.branch, record.cursor
                case Deleted():
                    self._deleted(record.branch)
        self.records.append(record)

    def _branched(self, record: Branched) -> None:
        parent = self.branches.get(record.parent)
        known = parent is not None and record.source in self.branches
        _require(known and record.branch >= self.next_id, "a branch")
        assert parent
        _require(record.fork <= min(parent.length, parent.read), "a place")
        _require(record.came in set(Came), "how a branch came to be")
        sampling = self.branches[record.source].sampling
        came = Came(record.came)
        self.branches[record.branch] = BranchTold(record.parent, record.fork, came, sampling)
        self.next_id = record.branch + 1

    def _deleted(self, id: int) -> None:
        gone = self.branches[id]
        parents = {branch.parent for branch in self.branches.values()}
        _require(gone.parent is not None and id not in parents, "a branch")
        assert gone.parent is not None
        del self.branches[id]
        if self.current == id:
            self.current, self.cursor = gone.parent, gone.fork


def _wrote(branch: BranchTold, record: Wrote) -> None:
    text, runs = record.text, record.kinds
    _require(record.start == branch.length, "a place")
    right = all(len(run) == 2 and run[0] <= TYPED for run in runs)
    _require(right and sum(run[1] for run in runs) == len(text) == record.count, "the origins")
    branch.text += text
    for kind, count in runs:
        branch.kinds += bytes([kind]) * count


def _read(branch: BranchTold, record: Read) -> None:
    counts = {len(record.bits), len(record.entropy), len(record.rank)}
    end = record.start + len(record.bits)
    _require(record.start == branch.read, "a place")
    right = (
        len(counts) == 1 and end <= branch.length and max(record.rank, default=0) <= MOST_SYMBOLS
    )
    _require(right, "what was believed")
    branch.bits += record.bits
    branch.entropy += record.entropy
    branch.rank += record.rank


def _require(right: bool, what: str) -> None:
    if not right:
        raise DamagedError(f"{what} of a record does not fit")


@dataclass
class SessionTold:
    """The passages of a session, by number, and how many of its lines could not be used."""

    passages: dict[int, PassageTold] = field(default_factory=dict)
    good: list[bytes] = field(default_factory=list)
    """The lines that could be used."""
    bad: int = 0
    ended: bool = False
    """Whether helo was left in the ordinary way."""


def told(content: bytes) -> SessionTold:
    """What the content of a session tells. A last line without its end was being written, and is no error.

    Raises NewerError if a newer helo wrote it.
    """
    session = SessionTold()
    for number, raw in enumerate(content.split(b"\n")[:-1]):
        try:
            data = outside.parse_json(raw)
            if number == 0:
                outside.known_version(data, VERSION)
            _take(session, data)
        except NewerError:
            raise
        except DamagedError:
            session.bad += 1
        else:
            session.good.append(raw + b"\n")
    return session


def _take(session: SessionTold, data: Any) -> None:
    """Raises DamagedError."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind == "session":
        return
    if not isinstance(kind, str) or kind not in _KINDS:
        raise DamagedError("a record of no known kind")
    record = outside.convert(_KINDS[kind], data)
    session.ended = isinstance(record, Ended)
    if isinstance(record, Ended):
        return
    if isinstance(record, Begun):
        _require(record.passage not in session.passages, "a passage")
        _require(record.units in ("char", "byte"), "the units")
        session.passages[record.passage] = PassageTold(record)
    passage = session.passages.get(record.passage)
    _require(passage is not None, "a passage")
    assert passage
    if isinstance(record, Wrote) and passage.begun.units == "byte":
        _require(all(char <= "\xff" for char in record.text), "a byte")
    passage.take(record)

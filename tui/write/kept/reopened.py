"""Passages from the records of an older session: to be read at once, and to be gone on with once the
network has read them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine import outside
from engine.config import ModelConfig
from engine.errors import DamagedError, HeloError, UsageError
from engine.network.modelfile import Model, fingerprint
from engine.network.parameters import initial
from engine.network.stepper import Stepper
from engine.storage import share, write_bytes
from engine.vocab import Alphabet, Ids
from engine.words import counted
from engine.writing.columns import Columns, Record
from engine.writing.generate import Generation
from engine.writing.settings import SamplingConfig
from tui.write.branch import GIVEN, Branch
from tui.write.glyphs import Glyphs
from tui.write.kept.book import Book
from tui.write.kept.records import (
    Begun,
    Branched,
    BranchTold,
    Deleted,
    PassageTold,
    Read,
    Sampled,
    SessionTold,
    Told,
    Wrote,
    told,
)
from tui.write.passage import Passage
from tui.write.session import Opened, open_ref

READING = "the network is still reading it again"


class Recalled(Generation):
    """A text with what the network believed of it, and nothing to follow it."""

    def __init__(
        self, stepper: Stepper, told: BranchTold, begun: Begun, parent: Recalled | None
    ) -> None:
        """The text begins as that of its parent does."""
        own = _ids(stepper.alphabet, told.text)
        whole = own if parent is None else np.concatenate([parent.whole[: told.fork], own])
        super().__init__(stepper, whole[: begun.given], None, begun.seed, top=0)
        self.whole: Ids = whole
        """All of it, of which the network may have read only a part."""
        self._sampling = told.sampling
        if parent:
            self._columns = parent._columns.copy()
            self._columns.truncate(told.fork)
        else:
            self._columns = Columns(0, len(self.alphabet))
        facts = zip(told.rank, told.bits, told.entropy, strict=True)
        for id, (rank, bits, entropy) in zip(own.tolist(), facts, strict=False):
            record = Record(id, rank, bits, entropy, 0.0, 0.0)
            self._columns.append(record, (), (), ())
        if len(self) < len(whole):
            self.prompt = np.array(whole, np.int64)
        self._believe(None)

    @property
    def sampling(self) -> SamplingConfig:
        """The settings with which it was written. Others change nothing."""
        return self._sampling

    @sampling.setter
    def sampling(self, sampling: SamplingConfig) -> None:
        pass


@dataclass
class Recovered:
    """A passage of an older session."""

    told: PassageTold
    passage: Passage
    stepper: Stepper | None
    """The network that wrote it; None if it is not there any more."""


@dataclass
class Reopened:
    """An older session."""

    book: Book
    passages: list[Recovered]
    note: str
    """What could not be read of it; empty if all could."""


def reopen(path: Path) -> Reopened:
    """The passages of a session, and its file, which is held from now on. Takes a while.

    Raises UsageError, DamagedError or StorageError.
    """
    with outside.reading(path, DamagedError):
        outside.require_file(path)
        book = Book.reopened(path)
        try:
            session = told(book.read())
            note = _set_aside(path, session)
            if note:
                book.close()
                book = Book.reopened(path)
            book.go_on_at(sum(map(len, session.good)))
            opened = dict[str, Opened | HeloError]()
            passages = [recover(each, opened) for each in session.passages.values()]
            found = [each for each in passages if each.passage.shown]
            if not found:
                raise UsageError(f"nothing of {path.stem} can be read")
        except BaseException:
            book.close()
            raise
    return Reopened(book, found, note)


def _set_aside(path: Path, session: SessionTold) -> str:
    """If some lines could not be used, set the file aside, and put the others in its place. Returns a line
    about it."""
    if not session.bad:
        return ""
    aside = path.with_suffix(".damaged.jsonl")
    share(aside, path)
    write_bytes(path, b"".join(session.good))
    path.chmod(0o600)
    lines = counted(session.bad, "line")
    return f"{lines} of {path.stem} could not be read; all of it was set aside as {aside.name}"


def recover(told: PassageTold, opened: dict[str, Opened | HeloError]) -> Recovered:
    """A passage that can be read. `opened` holds the models that were asked for, or why they could not be
    opened."""
    begun = told.begun
    if not begun.weights:
        return Recovered(
            told, _passage(told, None, "two models wrote it, or a unit was held"), None
        )
    if begun.model not in opened:
        try:
            opened[begun.model] = open_ref(begun.model)
        except HeloError as error:
            opened[begun.model] = error
    found = opened[begun.model]
    if isinstance(found, HeloError):
        return Recovered(told, _passage(told, None, f"its model cannot be opened: {found}"), None)
    if fingerprint(found.model) != begun.weights:
        return Recovered(told, _passage(told, None, f"{begun.name} has other weights now"), None)
    return Recovered(told, _passage(told, found.stepper, READING), found.stepper)


def _passage(told: PassageTold, stepper: Stepper | None, closed: str) -> Passage:
    stepper = stepper or _stand_in(told)
    branches = dict[int, Branch]()
    for id, branch in told.branches.items():
        parent = None if branch.parent is None else branches[branch.parent]
        branches[id] = _branch(branch, stepper, told.begun, parent)
    passage = Passage.kept(stepper, told.begun.seed, branches, told.next_id, closed)
    passage.current = told.current
    passage.goal = passage.shown
    passage.go(passage.shown if told.cursor is None else told.cursor)
    return passage


def _stand_in(told: PassageTold) -> Stepper:
    """A network that has learned nothing, for the characters of a passage whose own is not there."""
    symbols = sorted({*"".join(branch.text for branch in told.branches.values())}) or ["\n"]
    alphabet, config = Alphabet(tuple(symbols), told.begun.units), ModelConfig("rnn", 1, 1)
    return Stepper(Model(told.begun.name, config, alphabet, initial(config, len(symbols), 0)))


def _ids(alphabet: Alphabet, text: str) -> Ids:
    ids = alphabet.ids
    return np.array([ids[symbol] for symbol in text], np.int64)


def _branch(told: BranchTold, stepper: Stepper, begun: Begun, parent: Branch | None) -> Branch:
    glyphs, kinds = Glyphs(stepper.alphabet), bytearray()
    before = None
    if parent:
        assert isinstance(parent.generation, Recalled)
        before = parent.generation
        kinds = parent.kinds[: told.fork]
    generation = Recalled(stepper, told, begun, before)
    if parent and stepper.alphabet.units == "char":
        glyphs.text = parent.glyphs.text[: told.fork]
    glyphs.extend(generation.whole[len(glyphs.text) :])
    kinds += told.kinds
    return Branch(generation, glyphs, kinds, told.parent, told.fork, told.came, told.name)


def replayed(
    told: PassageTold, stepper: Stepper, cancelled: Callable[[], bool] = lambda: False
) -> dict[int, Generation]:
    """The Generations of a passage's branches: the network reads and writes again what the records tell, in
    their order, so that they go on as they would have. If it is cancelled, some are missing."""
    replay = _Replay(told.begun, stepper)
    for record in told.records:
        if not all(replay.steps(record, cancelled)):
            break
    return replay.found or {0: replay.begin(_ids(stepper.alphabet, ""))}


class _Replay:
    """Generations in the making."""

    def __init__(self, begun: Begun, stepper: Stepper) -> None:
        self.found: dict[int, Generation] = {}
        self._begun = begun
        self._stepper = stepper
        self._sampling = SamplingConfig()
        """With which the passage begins."""

    def begin(self, prompt: Ids) -> Generation:
        """The first branch, with its first characters."""
        return Generation(self._stepper, prompt, self._sampling, self._begun.seed)

    def steps(self, record: Told, cancelled: Callable[[], bool]) -> Iterator[bool]:
        """Do what a record tells. After each character, whether to go on."""
        match record:
            case Branched():
                self.found[record.branch] = self.found[record.source].fork(record.fork)
            case Deleted():
                del self.found[record.branch]
            case Sampled() if record.branch in self.found:
                self.found[record.branch].sampling = record.sampling
            case Sampled():
                self._sampling = record.sampling
            case Read():
                generation = self.found[record.branch]
                while len(generation) < record.start + len(record.bits):
                    generation.advance()
                    yield not cancelled()
            case Wrote():
                start, ids = 0, _ids(self._stepper.alphabet, record.text)
                for kind, count in record.kinds:
                    new = ids[start : start + count]
                    for _ in self._write(record.branch, record.start + start, kind, new):
                        yield not cancelled()
                    start += count

    def _write(self, id: int, start: int, kind: int, ids: Ids) -> Iterator[None]:
        """Write characters of this origin at `start`, the end of a branch, with a halt after each."""
        if id not in self.found:
            first, ids = (ids, ids[:0]) if self._begun.given else (ids[:0], ids)
            self.found[id] = self.begin(first)
        generation = self.found[id]
        if kind == GIVEN:
            before = generation.prompt if generation.in_prompt else generation.ids()
            generation.prompt = np.concatenate([before, ids])
            return
        while len(generation) < start:
            generation.advance()
            yield
        for each in ids.tolist():
            generation.force(each)
            yield

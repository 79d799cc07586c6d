"""Sessions: what is kept of what is written, and that it is there again whatever happens."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import places
from engine.errors import DamagedError, UsageError
from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.writing.mixture import Mixture
from tests.conftest import random_model
from tests.tui.sessions import begin, believed, check_kill, happen, kept, rebuilt, steps
from tui.write.kept import records, shelf
from tui.write.kept.book import Book
from tui.write.kept.keeper import Keeper
from tui.write.kept.reopened import Recovered, recover, reopen
from tui.write.passage import Passage
from tui.write.saving import parts_of

STEPPER = Stepper(random_model())


def tiny_path() -> Path:
    return places.models() / "tiny.safetensors"


@pytest.fixture
def model(home: Path) -> None:
    modelfile.save(home / "models" / "tiny.safetensors", STEPPER.model)


def lived(seed: int, things: int = 40, passages: int = 2) -> tuple[list[Passage], bytes]:
    """Passages to which things happened, and the session that was kept of them."""
    chance, keeper = random.Random(seed), Keeper()
    made = []
    for _ in range(passages):
        made.append(passage := begin(STEPPER, chance))
        keeper.add(passage, "tiny")
        for _ in range(things):
            happen(passage, chance)
            if chance.random() < 0.3:
                keeper.flush()
    keeper.close()
    (path,) = shelf.paths()
    data = path.read_bytes()
    path.unlink()
    return made, data


def recovered(data: bytes) -> list[Recovered]:
    session = records.told(data)
    assert not session.bad
    return [recover(each, {}) for each in session.passages.values()]


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("seed", range(8))
def test_what_was_written_is_there_again_and_goes_on_as_it_would_have(seed: int) -> None:
    before, data = lived(seed)
    after = recovered(data)
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert kept(new.passage) == kept(old)
        assert believed(new.passage) == believed(old)
        passage = rebuilt(new)
        assert kept(passage) == kept(old)
        assert steps(passage) == steps(old)
        for each in (old, passage):
            each.change(old.generation.sampling)
            each.extend_goal(60)
            each.write_ahead(200, lambda: False)
            each.reveal(200)
        assert steps(passage) == steps(old) and passage.shown == old.shown


@pytest.mark.usefixtures("model")
def test_any_first_part_of_a_session_tells_of_passages_as_they_once_were() -> None:
    (last,), data = lived(3, things=25, passages=1)
    texts = {id: branch.text for id, branch in kept(last)["branches"].items()}
    ends = {end for end in range(len(data) + 1) if data[:end].endswith(b"\n") or not end}
    for end in range(len(data) + 1):
        session = records.told(data[:end])
        assert not session.bad
        assert b"".join(session.good) == data[: max(each for each in ends if each <= end)]
        if end in ends and session.passages:
            (found,) = recovered(data[:end])
            for id, branch in kept(found.passage)["branches"].items():
                assert texts.get(id, branch.text).startswith(branch.text)
                assert branch.parent is None or branch.parent in found.passage.branches
            before = believed(found.passage)
            for id, facts in believed(rebuilt(found)).items():
                told = zip(facts, before[id], strict=True)
                assert all(again[: len(once)] == once for again, once in told)


@pytest.mark.parametrize("seed", range(10))
def test_what_was_written_survives_kill_9(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELO_HOME", str(tmp_path))
    check_kill(seed, tmp_path)


# -- files


def a_session(seed: int = 1) -> tuple[Path, bytes]:
    """A session on the disk, and what is in it."""
    _, data = lived(seed, things=15, passages=1)
    path = places.sessions() / "20260101-000000-1.jsonl"
    path.write_bytes(data)
    return path, data


@pytest.mark.usefixtures("model")
def test_only_its_owner_can_read_a_session_and_an_empty_one_leaves_no_file() -> None:
    keeper = Keeper()
    keeper.flush()
    keeper.close()
    assert not places.sessions().exists()
    keeper = Keeper()
    passage = begin(STEPPER, random.Random(1))
    keeper.add(passage, "tiny")
    happen(passage, random.Random(0))
    keeper.close(ended=False)
    (path,) = shelf.paths()
    assert shelf.cut_off(), "it was not left in the ordinary way"
    assert kept(recovered(path.read_bytes())[0].passage) == kept(passage)
    assert path.stat().st_mode & 0o777 == 0o600
    assert places.home().stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("model")
def test_two_apps_at_once_have_a_file_each_and_neither_opens_the_others() -> None:
    first, second = Keeper(), Keeper()
    passages = [begin(STEPPER, random.Random(seed)) for seed in (1, 2)]
    first.add(passages[0], "tiny")
    second.add(passages[1], "tiny")
    second.close()
    while len(shelf.paths()) < 2:
        assert not first.trouble
    held = [path for path in shelf.paths() if shelf.summary(path).open]
    assert len(held) == 1
    with pytest.raises(UsageError, match="is open already"):
        reopen(held[0])
    first.close()
    assert not shelf.cut_off()


@pytest.mark.usefixtures("model")
def test_a_session_is_gone_on_with_in_its_own_file() -> None:
    path, data = a_session()
    cut = data[: data.rindex(b'{"kind":"ended"')] + b'{"kind":"wrote","cou'
    path.write_bytes(cut)
    assert shelf.cut_off()
    found, keeper = reopen(path), Keeper()
    (each,) = found.passages
    keeper.adopt(each.passage, each.told, found.book)
    passage = rebuilt(each)
    passage.extend_goal(30)
    passage.write_ahead(100, lambda: False)
    passage.reveal(30)
    keeper.close()
    assert shelf.paths() == [path] and not shelf.cut_off()
    again = path.read_bytes()
    assert again.startswith(cut[: cut.rindex(b"\n") + 1])
    (last,) = recovered(again)
    assert kept(last.passage) == kept(passage)
    assert steps(rebuilt(last)) == steps(passage)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a line of bytes": lambda line: b"\xff\r\x00\x1b[2J\n",
    "cut": lambda line: line[: len(line) // 2] + b"\n",
    "another type": lambda line: line.replace(b'"passage":0', b'"passage":"0"'),
    "no such branch": lambda line: line.replace(b'"branch":0', b'"branch":77'),
    "an unknown kind": lambda line: line.replace(b'"kind":"', b'"kind":"un'),
    "not an object": lambda line: b"[1]\n",
    "deep": lambda line: b"[" * 50_000 + b"\n",
}


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_whole_in_a_damaged_session_is_used_and_the_file_set_aside(
    damage: Callable[[bytes], bytes],
) -> None:
    path, data = a_session()
    lines = data.split(b"\n")[:-1]
    broken = [line + b"\n" for line in lines]
    at = max(i for i, line in enumerate(broken) if b'"wrote"' in line and b'"branch":0' in line)
    broken[at] = damage(broken[at])
    path.write_bytes(b"".join(broken))
    found = reopen(path)
    found.book.close()
    assert "could not be read; all of it was set aside as" in found.note
    assert path.with_suffix(".damaged.jsonl").read_bytes() == b"".join(broken)
    assert shelf.paths() == [path], "what was set aside is no session"
    assert not records.told(path.read_bytes()).bad
    (before,) = recovered(b"".join(line + b"\n" for line in lines[:at]))
    text = before.passage.branches[0].ids()
    assert (found.passages[0].passage.branches[0].ids()[: len(text)] == text).all()


@pytest.mark.usefixtures("model")
def test_a_session_of_a_newer_helo_says_so_and_is_left_alone() -> None:
    path, data = a_session()
    newer = data.replace(b'"version":1', b'"version":2')
    path.write_bytes(newer)
    with pytest.raises(DamagedError, match="was written by a newer helo"):
        reopen(path)
    assert path.read_bytes() == newer and not shelf.summary(path).open


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: modelfile.save(tiny_path(), random_model(seed=5)), "random has other weights now"),
        (lambda: tiny_path().unlink(), "its model cannot be opened: no model 'tiny'"),
    ],
)
def test_without_its_model_a_passage_is_read_and_saved_and_says_why(
    change: Callable[[], None], words: str
) -> None:
    (old,), data = lived(2, passages=1)
    change()
    (found,) = recovered(data)
    assert found.stepper is None and words in found.passage.closed
    assert kept(found.passage) == kept(old) and believed(found.passage) == believed(old)
    assert found.passage.exact_bytes() == old.exact_bytes()
    assert not found.passage.write_ahead(100, lambda: False)
    for suffix in (".html", ".svg", ".txt"):
        assert b"".join(parts_of(found.passage, suffix))


@pytest.mark.usefixtures("model")
def test_what_two_models_wrote_can_be_read() -> None:
    mixture, chance = Mixture(STEPPER, Stepper(random_model(seed=3)), 0.5), random.Random(3)
    passage, keeper = begin(mixture, chance), Keeper()
    keeper.add(passage, "tiny")
    for _ in range(20):
        happen(passage, chance)
    keeper.close()
    (path,) = shelf.paths()
    (found,) = recovered(path.read_bytes())
    assert (
        found.stepper is None and found.passage.closed == "two models wrote it, or a unit was held"
    )
    assert kept(found.passage) == kept(passage) and believed(found.passage) == believed(passage)


@pytest.mark.usefixtures("model")
def test_a_full_disk_is_told_and_all_is_written_once_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, full = os.write, True

    def refusing(file: int, data: memoryview) -> int:
        if full:
            write(file, bytes(data)[:7])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data)

    monkeypatch.setattr("tui.write.kept.book.os.write", refusing)
    keeper, chance = Keeper(), random.Random(4)
    passage = begin(STEPPER, chance)
    keeper.add(passage, "tiny")
    while not keeper.trouble:
        keeper.flush()
    assert "No space left on device" in str(keeper.trouble)
    happen(passage, chance)
    keeper.flush()
    full = False
    keeper.close()
    assert not keeper.trouble
    (path,) = shelf.paths()
    (found,) = recovered(path.read_bytes())
    assert kept(found.passage) == kept(passage)


@pytest.mark.usefixtures("model")
def test_the_oldest_beyond_what_is_kept_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = a_session()
    others = [path.with_name(f"20260101-00000{i}-1.jsonl") for i in range(5)]
    for age, other in enumerate(others):
        other.write_bytes(data)
        os.utime(other, (1e9 - age, 1e9 - age))
    monkeypatch.setattr(shelf, "MOST_SESSIONS", 4)
    shelf.tidy()
    assert shelf.paths() == others[:4]
    monkeypatch.setattr(shelf, "MOST_BYTES", 2 * len(data))
    book = Book.reopened(others[3])
    shelf.tidy()
    assert shelf.paths() == [*others[:2], others[3]], "what is open is kept"
    book.close()


@pytest.mark.usefixtures("model")
def test_a_summary_has_the_first_words_the_models_and_the_length() -> None:
    passages, data = lived(6)
    path = places.sessions() / "20260101-000000-1.jsonl"
    path.write_bytes(data)
    found = shelf.summary(path)
    own = sum(b.shown - b.fork for p in passages for b in p.branches.values())
    assert found.models == ("random",) and found.length >= own
    first = passages[0].exact()[:20]
    assert found.opening.startswith(first) or not first

"""What tests of sessions share: a passage to which things happen at random, and all that is kept of one.

`python -m tests.tui.sessions kills 200` kills 200 processes that write, at random moments.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from engine import places
from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.writing.generate import Generation
from engine.writing.mixture import AnyStepper
from engine.writing.settings import SamplingConfig
from tests.conftest import SONNET, random_model
from tui.write.kept import records, shelf
from tui.write.kept.keeper import Keeper
from tui.write.kept.reopened import Recovered, reopen, replayed
from tui.write.passage import Passage

ROOT = Path(__file__).parents[2]
SAMPLINGS = (
    SamplingConfig(),
    SamplingConfig(temperature=0.5, top_k=5),
    SamplingConfig(repetition_penalty=1.3),
    SamplingConfig(ban="e"),
)
NAMES = ("", "a name", "\u202e日e\u0301\ud800\n")


@dataclass(frozen=True)
class Kept:
    """All that is kept of a branch, but for what the network believed."""

    text: str
    kinds: bytes
    parent: int | None
    fork: int
    came: str
    name: str


def kept(passage: Passage) -> dict[Any, Any]:
    """All that is kept of a passage, but for what the network believed."""
    alphabet = passage.model.alphabet
    branches = {
        id: Kept(
            alphabet.decode(branch.ids().tolist()),
            bytes(branch.kinds),
            branch.parent,
            branch.fork,
            branch.came,
            branch.name,
        )
        for id, branch in passage.branches.items()
    }
    samplings = [branch.generation.sampling for branch in passage.branches.values()]
    return {"at": (passage.current, passage.cursor), "seed": passage.seed} | {
        "branches": branches,
        "sampling": samplings,
    }


def believed(passage: Passage) -> dict[int, list[list[float]]]:
    """What the network believed of each character, as a session has it."""
    return {
        id: [
            np.round(branch.bits(0), 3).tolist(),
            np.round(branch.entropies(0), 3).tolist(),
            branch.ranks(0).tolist(),
        ]
        for id, branch in passage.branches.items()
    }


def steps(passage: Passage) -> dict[int, list[Any]]:
    """The Steps of each branch as far as they are shown."""

    def of(generation: Generation, shown: int) -> list[Any]:
        return [generation.step(i) for i in range(min(shown, len(generation)))]

    return {id: of(each.generation, each.shown) for id, each in passage.branches.items()}


def prompts(random: random.Random) -> str:
    start, length = random.randrange(len(SONNET)), random.choice((0, 1, 7, 31, 32, 33, 70))
    return (SONNET * 2)[start : start + length]


def begin(stepper: AnyStepper, random: random.Random) -> Passage:
    ids = stepper.alphabet.encode(prompts(random))
    seed = random.randrange(1000)
    return Passage(stepper, ids, random.choice(SAMPLINGS), seed, 20)


def happen(passage: Passage, random: random.Random) -> None:
    """Something that a user can do."""
    encode = passage.model.alphabet.encode
    match random.randrange(11):
        case 0 | 1 | 2:
            passage.extend_goal(random.randrange(50))
            passage.write_ahead(random.choice((1, 5, 60)), lambda: False)
            passage.reveal(random.randrange(40))
        case 3:
            passage.forward()
        case 4:
            passage.go(random.randrange(passage.shown + 1))
        case 5:
            passage.take(passage.cursor, random.randrange(1, 6))
        case 6:
            passage.type(passage.cursor, encode(random.choice(("e", "Sh", "\n"))))
        case 7:
            passage.append(encode(prompts(random)))
        case 8:
            passage.change(random.choice(SAMPLINGS))
        case 9:
            passage.rename(random.choice(list(passage.branches)), random.choice(NAMES))
        case 10:
            if random.random() < 0.5:
                passage.next_branch()
            elif len(passage.branches) > 1:
                passage.delete(random.choice(list(passage.branches)[1:]))


def write(seed: int, passages: int | None) -> Path:
    """Write so many passages, or for ever, and have them kept: the same ones for the same seed. Puts a dot
    on stdout for each that is surely on the disk."""
    stepper, chance = Stepper(random_model()), random.Random(seed)
    keeper, made = Keeper(), []
    for _ in count() if passages is None else range(passages):
        made.append(passage := begin(stepper, chance))
        keeper.add(passage, "tiny")
        for _ in range(chance.randrange(5, 20)):
            happen(passage, chance)
            if chance.random() < 0.3:
                keeper.flush()
        keeper.flush()
        keeper._writer.write(keeper._own, [_dot])  # after all that was written before
        del made[:-3]
    keeper.close()
    return shelf.paths()[0]


def _dot() -> bytes:
    print(".", end="", flush=True)
    return b""


def kill(seed: int, home: Path) -> tuple[int, bytes]:
    """Have a child write for ever, and kill it at some moment. Returns how many passages were surely on the
    disk, and what was."""
    dots, environment = random.Random(seed).randrange(6), os.environ | {"HELO_HOME": str(home)}
    command = [sys.executable, "-m", "tests.tui.sessions", "write", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as child:
        assert child.stdout
        said = child.stdout.read(dots) if dots else b""
        if not dots:  # before the first passage is whole, but not before there is a file
            while not list((home / "sessions").glob("*")):
                assert child.poll() is None
        child.kill()
        said += child.stdout.read()
    (path,) = (home / "sessions").glob("*")
    return len(said), path.read_bytes()


def check_kill(seed: int, home: Path) -> int:
    """Kill a child that writes, and check that what it wrote is there. Returns how many passages were."""
    sure, data = kill(seed, home / "killed")
    os.environ["HELO_HOME"] = str(home / "whole")
    whole = write(seed, sure + 4).read_bytes()
    assert whole.startswith(data), "it is what was written, up to the kill"
    session = records.told(data)
    assert not session.bad and not session.ended
    assert len(session.passages) >= sure
    os.environ["HELO_HOME"] = str(home / "killed")
    modelfile.save(places.models() / "tiny.safetensors", random_model())
    if any(each.branches[0].text for each in session.passages.values()):
        check_reopened(data)
    return len(session.passages)


def check_reopened(data: bytes) -> None:
    """What a session tells can be read, and the network writes it again as it was."""
    (path,) = shelf.paths()
    found = reopen(path)
    found.book.close()
    assert path.read_bytes() == data
    for each in found.passages:
        before = kept(each.passage), believed(each.passage)
        assert (kept(rebuilt(each)), believed(each.passage)) == before


def rebuilt(found: Recovered) -> Passage:
    """The passage with the Generations of the network itself."""
    assert found.stepper
    generations = replayed(found.told, found.stepper)
    assert generations.keys() == found.passage.branches.keys()
    for id, branch in found.passage.branches.items():
        branch.generation = generations[id]
    found.passage.closed = ""
    return found.passage


def main(what: str, number: int) -> None:
    if what == "write":
        write(number, None)
    for seed in range(number):
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(None):
            found = check_kill(seed, Path(folder))
        print(f"kill {seed + 1}: {found} passages were there again", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

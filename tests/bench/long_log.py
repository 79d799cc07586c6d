"""`python -m tests.bench.long_log`: when a run of 100,000 events is seen, and how soon keys answer.

The app is in a pseudo-terminal of 140×45 and opens the run from the Library. `u` is pressed at random
moments, and answered when the curve's title names the other unit.
"""

from __future__ import annotations

import math
import os
import random
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice

import numpy as np
import pexpect

from engine.config import ModelConfig
from engine.runs import rundir
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Progress,
    Resumed,
    RolledBack,
    Sampled,
    Saved,
    Started,
    Stopped,
    Vitals,
)
from engine.runs.logs import append
from engine.runs.rundir import RunDirectory
from engine.text import corpus
from tests.configs import a_config

EVENTS = 100_000
OPENINGS = 2
"""Times the app is started, alone and beside a training each."""
KEYS = 40
"""Keys pressed after the reading, in all openings."""
PATIENCE = 20.0
HELO = [sys.executable, "-P", "-m", "tui"]
LIBRARY, RIGHT, DOWN, QUIT = "\x1b[15~", "\x1b[C", "\x1b[B", "\x11"
WORDS = "the of and to in is that for it as was with be by on not he his but at are this have had"


def events() -> Iterator[Event]:
    """What a trainer says that is stopped, gone on with, changed and rolled back now and then."""
    life, step, random_ = 0, 0, random.Random(1)

    def started() -> Started:
        return Started(
            life=life, step=step, total_steps=4_000_000, batch=32, seq_length=64, parameters=345_678,
            train_chars=1_003_854, val_chars=111_540, device="cpu", dtype="float32", threads=2,
        )  # fmt: skip

    yield started()
    for turn in count(1):
        for _ in range(28):
            step += 37
            nats = 1.2 + 2 / math.sqrt(1 + step / 500) + random_.gauss(0, 0.03)
            yield Progress(
                life=life, step=step, chars=step * 2048, seconds=step / 150, train_nats=nats,
                lr=0.002, grad_norm=random_.uniform(0.2, 2), chars_per_second=random_.gauss(3e5, 9e3),
            )  # fmt: skip
        yield Evaluated(
            life=life, step=step, chars=step * 2048, seconds=step / 150, val_nats=nats + 0.1,
            predictions=111_539, protocol="columns", best=turn % 5 == 0, took=0.21,
        )  # fmt: skip
        for layer in range(2):
            yield Vitals(
                life=life, step=step, layer=layer, weight_norm=31.4 + layer, update_ratio=0.00123,
                saturated=0.034,
            )  # fmt: skip
        text = " ".join(random_.choices(WORDS.split(), k=60))
        yield Sampled(life=life, step=step, prompt="\n", text=text)
        yield Saved(life=life, step=step, file=f"state-{step:09d}.safetensors", took=0.014)
        if turn % 200 == 0:
            yield Changed(life=life, step=step, id=f"{turn:08x}", setting="lr", value=0.002)
        if turn % 500 == 0:
            step -= 37 * 10
            yield RolledBack(life=life, step=step, reason="the loss exploded")
        if turn % 700 == 0:
            life, step = life + 1, step - 37 * 5
            yield started()
            yield Resumed(life=life, step=step)


def make_run() -> RunDirectory:
    """A stopped run with a long log."""
    text = (WORDS + "\n") * 12_000
    found = corpus.add([text], "words", "of English")
    config = a_config(model=ModelConfig("lstm", 256, 1), steps=4_000_000)
    run = rundir.create("long", found, config, versions={})
    *said, last = islice(events(), EVENTS - 1)
    end = Stopped(life=last.life, step=last.step, finished=False)
    with open(run.events_path, "w") as log:
        log.writelines(event.to_json() + "\n" for event in (*said, last, end))
    return run


class App:
    """helo in a pseudo-terminal, whose bytes are looked at and not drawn."""

    def __init__(self) -> None:
        env = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.child = pexpect.spawn(HELO[0], HELO[1:], dimensions=(45, 140), env=env)
        self.child.delaybeforesend = None
        self.ended = 0.0
        """When the whole log had been read."""
        self._unit, self._tail = "nats", b""

    def _read(self, seconds: float) -> bytes:
        """What it paints next; empty where it paints nothing for so long."""
        if not select.select([self.child.child_fd], [], [], max(0, seconds))[0]:
            return b""
        painted = os.read(self.child.child_fd, 1 << 16)
        self._tail = self._tail[-100:] + painted
        if not self.ended and b"resumes from there" in self._tail:
            self.ended = time.perf_counter()
        return painted

    def rest(self, seconds: float) -> bytes:
        """What it paints for so long."""
        end, painted = time.perf_counter() + seconds, b""
        while (left := end - time.perf_counter()) > 0:
            painted += self._read(left)
        return painted

    def send(self, keys: str, *answers: str) -> float:
        """Seconds from the keys to the last of these answers, in any order; they are plain text."""
        begun, painted = time.perf_counter(), b""
        self.child.send(keys)
        while not all(answer.encode() in painted for answer in answers):
            painted += self._read(PATIENCE)
            assert time.perf_counter() - begun < PATIENCE, answers
        return time.perf_counter() - begun

    def press_u(self) -> float:
        """Milliseconds until the other unit stands in the title of the curve."""
        self._unit = "bits" if self._unit == "nats" else "nats"
        return 1000 * self.send("u", f"loss in {self._unit}")

    def open(self, row: int) -> float:
        """Go to the run in its row of the Library and open it; seconds to its first picture, the making
        of the Train screen among them."""
        self.send("", "PROMPT")
        self.send(LIBRARY, "long")
        self.rest(0.5)
        self.child.send(RIGHT)
        self.rest(0.5)
        self.child.send(DOWN * row)
        self.rest(0.5)
        return self.send("o", "reading the rest", "loss in nats", "◆")

    def quit(self) -> None:
        self.child.send(QUIT)
        self.child.expect(pexpect.EOF, timeout=PATIENCE)
        self.child.close()


def grow(run: RunDirectory, step: int) -> None:
    """Say what a trainer says four times a second."""
    nats = random.gauss(1.2, 0.03)
    said = Progress(
        life=9, step=step, chars=step * 2048, seconds=step / 150, train_nats=nats, lr=0.002,
        grad_norm=1.0, chars_per_second=3e5,
    )  # fmt: skip
    append(run.events_path, said.to_json())


def watch(run: RunDirectory, row: int) -> None:
    """Open the run in this row of the Library and press keys; prints what was measured."""
    first, whole, meanwhile, after = list[float](), list[float](), list[float](), list[float]()
    for _ in range(OPENINGS):
        app = App()
        begun = time.perf_counter()
        first.append(app.open(row))
        begun = time.perf_counter() - first[-1]
        while not app.ended:
            app.rest(random.uniform(0.02, 0.15))
            meanwhile.append(app.press_u())
        whole.append(app.ended - begun)
        with run.lock():
            for key in range(KEYS // OPENINGS):
                grow(run, 4_000_000 + key)
                app.rest(random.uniform(0.05, 0.3))
                after.append(app.press_u())
        app.quit()
    for name, seconds in (("first picture", first), ("whole curve", whole)):
        print(f"  {name:<22} {', '.join(f'{s:.2f}' for s in seconds)} s")
    for name, times in (("u while it reads", meanwhile), ("u afterwards", after)):
        median, late = np.percentile(times, [50, 95]) if times else (math.nan, math.nan)
        print(f"  {name:<22} median {median:.0f}, p95 {late:.0f} ms ({len(times)})")


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["HELO_HOME"] = home
        run = make_run()
        print(f"{EVENTS:,} events, {run.events_path.stat().st_size / 1e6:.0f} MB, alone")
        watch(run, row=0)
        options = "--hidden 256 --layers 1 --batch 32 --seq-length 64 --seconds 600"
        train = [*HELO, "train", "words", "--name", "beside", *options.split(), "--detach"]
        subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
        print("beside a training, lstm 256×1, on all cores")
        try:
            watch(run, row=1)
        finally:
            subprocess.run([*HELO, "runs", "stop", "beside"], stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()

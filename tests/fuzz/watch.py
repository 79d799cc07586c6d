"""One case under watch: what it took, and whether helo answered as it should."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import typer

from engine.errors import HeloError
from tui.cli.main import run

SECONDS = 2.0
"""Of the processor, that a case may take."""
MEMORY = 300 << 20
"""Bytes by which a case may raise the most memory that the process had before the first case."""
LONGEST = 500
"""Characters of a line about an error, without the place that it names."""
_STYLES = re.compile("\x1b\\[[0-9;]*m")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Wrong(AssertionError):
    """An answer that helo should not have given."""


@dataclass(frozen=True)
class Answer:
    """What a command line left behind."""

    status: int
    out: str
    err: str


class _Screen(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@contextmanager
def _streams(kind: type[io.TextIOWrapper]) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """stdout of that kind, and stderr, into memory."""
    before, buffers = (sys.stdin, sys.stdout, sys.stderr), (io.BytesIO(), io.BytesIO())
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    sys.stdout = kind(buffers[0], "utf-8", newline="")
    sys.stderr = io.TextIOWrapper(buffers[1], "utf-8", newline="")  # no terminal: it would get bars
    try:
        yield buffers
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            stream.detach()
        sys.stdin, sys.stdout, sys.stderr = before


def helo(rng: Random, *arguments: str) -> Answer:
    """Run a command line in this process, to a pipe or to a terminal.

    Raises Wrong if it ends in anything but an answer or one line that says why not, or if anything gets to
    the terminal that could steer it.
    """
    terminal = rng.random() < 0.5
    with _streams(_Screen if terminal else io.TextIOWrapper) as (out, err):
        status = run(list(arguments))
    answer = Answer(status, *(b.getvalue().decode("utf-8", "replace") for b in (out, err)))
    if terminal and (steers := _CONTROL.search(_STYLES.sub("", answer.out.replace("\r\n", "\n")))):
        raise Wrong(f"{steers[0]!r} got to the terminal")
    lines = answer.err.splitlines()
    for line in lines:
        check_line(line)
    if status and (status not in (1, 2) or not lines or not lines[-1].startswith("helo: ")):
        raise Wrong(f"status {status} with {answer.err[-200:]!r}")
    return answer


def check_line(line: str) -> None:
    """Raises Wrong unless it is one that a person can read."""
    home = os.environ["HELO_HOME"]
    if "unexpected " in line:
        raise Wrong(line[:500])
    if len(line.replace(home, "")) > LONGEST:
        raise Wrong(f"a line of {len(line)} characters: {line[:160]} …")
    if _CONTROL.search(line) or "\n" in line:
        raise Wrong(f"a line with controls: {line[:160]!r}")


@contextmanager
def refusing() -> Iterator[None]:
    """What an engine may answer: it works, or raises an error of helo's in a line.

    Raises Wrong for another line; any other error comes through.
    """
    from tui.text import one_line

    try:
        yield
    except HeloError as error:
        check_line(one_line(str(error)))


Case = Callable[[Random], str]
"""Makes a case and lets helo answer it; returns its kind, and whether anything was refused."""


@dataclass
class Tally:
    """What became of the cases of one part."""

    part: str
    cases: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    """Seconds of the processor."""
    slowest_number: int = -1
    memory: int = 0
    """Bytes that the process had at most."""
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


class _TooSlow(BaseException):
    """Raised in a case that took too long: no reader can take it for an error of its own."""


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise _TooSlow


def peak() -> int:
    """Bytes that this process had at most so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def watch(part: str, case: Case, numbers: range, seed: int) -> Tally:
    """Let cases of a part happen, each from a random generator of its own."""
    tally, begin = Tally(part), time.monotonic()
    first = peak()
    usual = signal.signal(signal.SIGPROF, _too_slow)
    try:
        for number in numbers:
            before, had = time.process_time(), peak()
            problem = ""
            signal.setitimer(signal.ITIMER_PROF, 5 * SECONDS)
            try:
                kind = case(Random(f"{seed}/{part}/{number}"))
            except Wrong as wrong:
                kind, problem = "wrong", str(wrong)
            except _TooSlow:
                kind, problem = "too slow", traceback.format_exc(limit=-3)
            except Exception:
                kind, problem = "fell", traceback.format_exc(limit=-4)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            took = time.process_time() - before
            if not problem and took > SECONDS:
                problem = f"{took:.1f} s"
            if not problem and peak() > max(had, first + MEMORY):
                problem = f"{(peak() - first) >> 20} MB"
            if problem:
                tally.failures.append(f"{part}:{number} --seed {seed}: {problem}")
            if took > tally.slowest:
                tally.slowest, tally.slowest_number = took, number
            tally.cases += 1
            tally.kinds[kind] += 1
    finally:
        signal.signal(signal.SIGPROF, usual)
    tally.memory, tally.seconds = peak() - first, time.monotonic() - begin
    return tally


@contextmanager
def prepared(home: Path) -> Iterator[None]:
    """A home of helo's, and commands that are made once."""
    before, made = dict(os.environ), typer.main.get_command
    os.environ |= {"HELO_HOME": str(home), "COLUMNS": "100", "NO_COLOR": "1"}
    typer.main.get_command = cache(made)  # type: ignore[assignment]
    try:
        yield
    finally:
        typer.main.get_command = made
        os.environ.clear()
        os.environ.update(before)


def loads(text: str) -> Any:
    """What `--json` printed.

    Raises Wrong if it is no JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise Wrong(f"no JSON: {text[:200]!r}") from error

"""Training in several processes: the same as in one, and its end whatever is lost."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from engine.config import ModelConfig
from engine.errors import UsageError
from engine.runs import launch
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Extended,
    Failed,
    Paused,
    Progress,
    Resumed,
    RolledBack,
    Started,
    Stopped,
    total_steps,
)
from engine.runs.longer import Longer
from engine.runs.rundir import RunDirectory, status
from engine.training.model import CharRNN
from engine.training.parallel import Group
from tests.engine.lives import a_run, ask, at, live, only, until

Process = subprocess.Popen[bytes]
PRECISE: dict[str, Any] = {"dtype": "float64", "dropout": 0.0}


def of(run: RunDirectory, kind: type[Event]) -> list[Any]:
    return only(kind, run.events())


def answered(run: RunDirectory, id: str, kind: type[Event]) -> None:
    """Wait for the answer to a request."""
    until(lambda: [e for e in of(run, kind) if e.id == id])


def ranks(agent: Process) -> list[int]:
    """The processes that torchrun started."""
    rows = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid="], text=True).splitlines()
    pairs = (map(int, row.split()) for row in rows)
    return [pid for pid, parent in pairs if parent == agent.pid]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def agents() -> Iterator[list[Process]]:
    """To be ended with the test, whatever comes of it; torchrun ends its own."""
    started: list[Process] = []
    yield started
    for process in started:
        process.terminate()
        process.wait(60)


def differ(one: RunDirectory, two: RunDirectory) -> float:
    """The largest difference of two runs' newest states: weights, moments, what is carried, and the
    random numbers' own."""
    ours, theirs = load_file(one.states()[-1]), load_file(two.states()[-1])
    assert set(ours) == set(theirs) and ours["model.head.W_hy"].dtype == torch.float64
    return max(float((ours[k].double() - theirs[k].double()).abs().max()) for k in ours)


@pytest.mark.parametrize(
    ("cell", "settings"),
    [("peephole", {"batch": 4}), ("gru", {"batch": 3, "dropout": 0.3, "evaluations": 2})],
    ids=["equal shares", "unequal shares and dropout"],
)
def test_two_processes_are_one(cell: str, settings: dict[str, Any], agents: list[Process]) -> None:
    one, two = (a_run(name, cell=cell, steps=50, **PRECISE | settings) for name in ("one", "two"))
    live(one)
    agents.append(launch.start(two, 2))
    assert (agents[0].wait(60), two.log.read_text()) == (0, "")
    assert differ(one, two) < 1e-8
    assert [e.processes for e in of(two, Started)] == [2]
    norms = [of(run, Progress)[-1].grad_norm for run in (one, two)]
    assert norms[1] == pytest.approx(norms[0], abs=1e-8)
    losses = [[e.val_nats for e in of(run, Evaluated) if not e.final] for run in (one, two)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-8)


def test_two_processes_train_a_run_longer(agents: list[Process]) -> None:
    run = a_run(steps=5)
    live(run)
    agents.append(launch.start(run, 2, longer=Longer(5)))
    assert agents[0].wait(60) == 0
    assert [e.total_steps for e in of(run, Extended)] == [10]
    assert run.events()[-1].step == 10 and of(run, Started)[-1].processes == 2


def test_two_processes_end_in_time_by_one_plan(agents: list[Process]) -> None:
    run = a_run(seconds=1.0)
    agents.append(launch.start(run, 2))
    assert agents[0].wait(60) == 0
    end = run.events()[-1]
    assert isinstance(end, Stopped) and end.finished and end.step == total_steps(run.events())
    assert end.seconds == pytest.approx(1.0, abs=0.5)


def test_a_run_stopped_at_two_processes_goes_on_in_one(agents: list[Process]) -> None:
    whole, parted = (
        a_run(name, cell="gru", steps=600, batch=3, **PRECISE) for name in ("whole", "parted")
    )
    agents.append(launch.start(parted, 2))
    until(lambda: [e for e in of(parted, Evaluated) if e.step == 150])
    parted.ask("stop")
    assert agents[0].wait(60) == 0
    stopped = parted.events()[-1]
    assert isinstance(stopped, Stopped) and not stopped.finished
    events = live(parted)
    assert isinstance(events[1], Resumed) and events[1].step == stopped.step >= 150
    assert isinstance(events[0], Started) and (events[0].processes, events[0].threads) == (1, 1)
    live(whole)
    assert differ(whole, parted) < 1e-8


def test_a_signal_ends_the_pause_of_all_and_everything_is_saved(agents: list[Process]) -> None:
    run = a_run(seconds=3000.0)
    agents.append(launch.start(run, 2))
    until(lambda: of(run, Progress))
    first, second = ranks(agents[0])
    run.ask("pause")
    until(lambda: of(run, Paused))
    os.kill(second if run.owner()["pid"] == first else first, signal.SIGTERM)  # not its to decide
    for request, kind in (("evaluate", Evaluated), ("dropout", Changed), ("back", RolledBack)):
        answered(run, run.ask(request, 0.3), kind)
    until(lambda: isinstance(run.events()[-1], Paused))
    assert status(run, run.events()).word == "paused"
    agents[0].terminate()
    assert agents[0].wait(30) == 0
    stopped = run.events()[-1]
    assert isinstance(stopped, Stopped) and run.states()[-1] == run.state_path(stopped.step)
    assert not is_there(first) and not is_there(second)
    assert run.log.read_text() == ""


@pytest.mark.parametrize("lost", [0, 1])
def test_a_process_that_is_killed_ends_all(lost: int, agents: list[Process]) -> None:
    run = a_run(steps=10_000_000)
    agents.append(launch.start(run, 2))
    until(lambda: of(run, Progress))
    leader, started = run.owner()["pid"], ranks(agents[0])
    os.kill(leader if lost == 0 else next(p for p in started if p != leader), signal.SIGKILL)
    assert agents[0].wait(30) == 1
    assert not any(map(is_there, started)) and not run.alive()
    ends = of(run, Failed)
    assert [e.reason for e in ends] == [
        "a process of this run was lost; `helo train --resume r` continues from the last save"
    ]
    assert status(run, run.events()).word == "failed"
    assert set(run.log.read_text().splitlines()) == {f"helo: {ends[0].reason}"}
    events = live(run, at(Resumed, 0, lambda _: ask(run, "stop")))
    assert isinstance(events[-1], Stopped)


def test_processes_that_cannot_be() -> None:
    for processes, must in ((0, "1 or more"), (-1, "1 or more"), (3, "at most .*")):
        with pytest.raises(UsageError, match=f"^--processes must be {must}, not {processes}$"):
            launch.check_processes(processes, 2)
    launch.check_processes(1, 2)
    Group(0, 2, 2).check("cpu", 2)
    with pytest.raises(UsageError, match=r"^3 processes cannot share 2 columns"):
        Group(0, 3, 3).check("cpu", 2)
    with pytest.raises(UsageError, match=r"^100 processes need as many GPUs"):
        Group(0, 100, 100).check("cuda", 100)
    with pytest.raises(UsageError, match="one process"):
        Group(0, 2, 2).check("mps", 2)


def test_precision_is_the_processors() -> None:
    with pytest.raises(UsageError, match=r"--device cuda is not there|float64 is not for cuda"):
        live(a_run(device="cuda", dtype="float64"))


@given(st.integers(0, 300), st.integers(1, 40))
def test_shares_are_all_without_overlap_and_alike(n: int, size: int) -> None:
    shares = [Group(rank, size).share(n) for rank in range(size)]
    assert [k for share in shares for k in share] == list(range(n))
    lengths = {len(share) for share in shares}
    assert max(lengths) - min(lengths) <= 1


def test_dropout_silences_a_column_alike_whoever_has_it() -> None:
    def silenced(model: CharRNN, columns: int) -> torch.Tensor:
        torch.manual_seed(3)
        outputs, _ = model.outputs(ids[:, :columns], model.zero_state(columns))
        return outputs == 0

    ids = torch.zeros(6, 5, dtype=torch.long)
    model = CharRNN(ModelConfig("lstm", 16, 1), 3, dropout=0.5)
    torch.nn.init.normal_(model.get_parameter("layers.0.W_xh"))
    whole = silenced(model, 5)
    assert 0.3 < whole.double().mean() < 0.7
    assert torch.equal(whole, whole[:1].expand_as(whole)), "the same at all steps"
    model.batch = 5
    for share in (range(2), range(2, 5)):
        model.share = share
        assert torch.equal(silenced(model, len(share)), whole[:, share.start : share.stop])

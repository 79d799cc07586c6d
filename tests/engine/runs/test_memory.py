"""What a training needs of memory, and what is free."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import RunError
from engine.runs.memory import Training, free_memory
from engine.training import learner, trainer
from engine.training.model import CharRNN
from tests.engine.lives import a_run

GB = 10**9


def of(cell: str = "gru", hidden: int = 64, layers: int = 2, **settings: Any) -> Training:
    sizes = {"V": 65, "batch": 16, "seq_length": 40} | settings
    return Training(ModelConfig(cell, hidden, layers), **sizes)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "auto"])
@pytest.mark.parametrize("cell", CELLS)
def test_more_of_anything_takes_more(cell: str, dtype: str) -> None:
    small = of(cell, 128, batch=256, seq_length=512, dtype=dtype)
    larger = [
        replace(small, V=small.V + 1),
        replace(small, batch=small.batch + 1),
        replace(small, seq_length=small.seq_length + 1),
        replace(small, model=replace(small.model, hidden=small.model.hidden + 1)),
        replace(small, model=replace(small.model, layers=small.model.layers + 1)),
    ]
    assert all(needs.bytes() > small.bytes() for needs in larger)
    assert replace(small, dropout=False).bytes() < small.bytes()


@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_what_each_step_of_a_text_of_lines_begins_from_is_kept(kind: str) -> None:
    small = of("peephole", 128, 1, batch=256, seq_length=512, kind=kind)
    lined = replace(small, model=replace(small.model, lines=True))
    assert lined.bytes() - small.bytes() >= 4 * 256 * 512 * 2 * 128


def test_auto_is_ready_for_either_precision() -> None:
    either = of(dtype="auto", batch=256, seq_length=512)
    kinds = [replace(either, dtype=dtype).bytes() for dtype in ("float32", "bfloat16")]
    assert either.bytes() == max(kinds)


def test_a_share_takes_less_and_shares_side_by_side_all_that_they_take() -> None:
    whole = of(batch=255, seq_length=512)
    share = replace(whole, shares=2)
    assert share.bytes() == replace(whole, batch=128).bytes() < whole.bytes()
    assert replace(share, beside=2).bytes() == 2 * share.bytes()
    assert replace(share, beside=2, kind="cuda").bytes() == replace(share, kind="cuda").bytes()
    assert replace(whole, dtype="float64").bytes() == 2 * whole.bytes()


def test_a_large_alphabet_is_what_counts_where_there_is_one() -> None:
    few, many = (of(V=V, batch=64, seq_length=128) for V in (65, 6000))
    assert many.bytes() - few.bytes() > 4 * 4 * 64 * 128 * 5900


def test_an_evaluation_of_a_large_alphabet_has_to_fit_too() -> None:
    assert of(V=6000, batch=1, seq_length=1).bytes() > 4 * 3 * 32 * 128 * 6000


_GROWTH = """
import sys, torch
from torch.nn import functional as F
from engine.config import ModelConfig
from engine.training.device import Device, choose
from engine.training.model import CharRNN

def peak():
    with open("/proc/self/status") as file:
        return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))

cell, dtype, B, T, H, V = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
device = choose("cpu", dtype, 1, lambda device: None)

def step(model, B, T):
    ids = torch.zeros(T + 1, B, dtype=torch.long)
    with device.autocast():
        logits, _ = model(ids[:-1], model.zero_state(B))
    F.cross_entropy(logits.float().flatten(0, 1), ids[1:].flatten()).backward()

step(CharRNN(ModelConfig(cell, 8, 1), 8, 0.1).train(), 2, 2)
before, model = peak(), CharRNN(ModelConfig(cell, H, 1), V, 0.1).train()
for _ in range(2):
    step(model, B, T)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="nothing else says what this process took")
@pytest.mark.parametrize("cell", ["lstm", "gru", "mlstm"])
def test_steps_take_about_what_was_reckoned(cell: str) -> None:
    B, T, H, V = 64, 64, 256, 65
    sizes = map(str, (B, T, H, V))
    done = subprocess.run(
        [sys.executable, "-c", _GROWTH, cell, "float32", *sizes],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    reckoned = of(cell, H, 1, V=V, batch=B, seq_length=T).bytes()
    assert 0.6 < reckoned / int(done.stdout) < 2.2


def refusal(needs: Training, free: int) -> str:
    with pytest.raises(RunError) as caught:
        needs.check(free)
    return str(caught.value)


def named(needs: Training, advice: str) -> Training:
    """What is asked for with the settings that an advice names instead."""
    pairs = re.findall(r"--([a-z-]+) (\d+)", advice)
    given = {name.replace("-", "_"): int(value) for name, value in pairs}
    model = replace(needs.model, hidden=given.pop("hidden", needs.model.hidden))
    return replace(needs, model=model, **given)


def one_more(needs: Training, name: str) -> Training:
    """The next larger that could have been named: hidden units are halved."""
    match name:
        case "--batch":
            return replace(needs, batch=needs.batch + 1)
        case "--seq-length":
            return replace(needs, seq_length=needs.seq_length + 1)
    return replace(needs, batch=1, model=replace(needs.model, hidden=2 * needs.model.hidden))


@pytest.mark.parametrize(
    ("needs", "free", "names", "largest"),
    [
        (of(batch=65536, seq_length=512), 2 * GB, ["--batch"], "--batch"),
        (
            of("lstm", batch=2, seq_length=65536),
            GB // 10,
            ["--batch", "--seq-length"],
            "--seq-length",
        ),
        (of("mlstm", 8192, batch=4, seq_length=4), 2 * GB, ["--hidden", "--batch"], "--hidden"),
    ],
    ids=["batch", "seq-length", "hidden"],
)
def test_a_refusal_names_the_largest_that_fits(
    needs: Training, free: int, names: list[str], largest: str
) -> None:
    said = refusal(needs, free)
    assert "\n" not in said and re.search(r"needs about [\d.,]+ GB of", said)
    advice = said.split(": ")[1]
    assert [word for word in advice.split() if word.startswith("--")] == names
    smaller = named(needs, advice)
    smaller.check(free)
    refusal(one_more(smaller, largest), free)


def test_where_nothing_fits_that_is_said() -> None:
    assert "free some" in refusal(of(V=60_000), 1)


def test_what_is_not_known_refuses_nothing() -> None:
    of(batch=65536, seq_length=65536).check(None)


def test_a_trainer_refuses_before_it_makes_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object) -> None:
        raise AssertionError("too late")

    run = a_run(text="abcdefgh" * 40, batch=65536, seq_length=4096)
    monkeypatch.setattr(CharRNN, "__init__", never)
    monkeypatch.setattr(learner, "free_memory", lambda kind: 1_000_000)
    with pytest.raises(RunError, match="1 MB are free"):
        trainer.Trainer(run)
    monkeypatch.setattr(learner, "free_memory", lambda kind: GB)
    with pytest.raises(AssertionError):  # the corpus is small: so are B and T
        trainer.Trainer(run)


def machine(root: Path, files: dict[str, str]) -> Path:
    """A root with these files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 24000000 kB\nMemFree: 1 kB\nMemAvailable: 1000000 kB\n"}
AVAILABLE = 1_024_000_000


def test_a_machine_without_groups(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, MEMINFO)) == AVAILABLE


@pytest.mark.parametrize(("limit", "left"), [("max", AVAILABLE), ("5000", 2100), ("900", 0)])
@pytest.mark.parametrize("group", ["user/app", "user", ""], ids=["own", "above", "root"])
def test_groups_of_the_second_version(tmp_path: Path, group: str, limit: str, left: int) -> None:
    folder = f"sys/fs/cgroup/{group}"
    files = {
        "proc/self/cgroup": "0::/user/app\n",
        f"{folder}/memory.max": f"{limit}\n",
        f"{folder}/memory.current": "3000\n",
        f"{folder}/memory.stat": "anon 7\ninactive_file 100\n",
    }
    assert free_memory(machine(tmp_path, MEMINFO | files)) == left


def test_groups_of_the_first_version(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "5:devices:/\n4:memory:/app\n1:name=systemd:/\n0::/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "3000\n",
        "sys/fs/cgroup/memory/app/memory.limit_in_bytes": "5000\n",
        "sys/fs/cgroup/memory/app/memory.usage_in_bytes": "3000\n",
        "sys/fs/cgroup/memory/app/memory.stat": "inactive_file 1\ntotal_inactive_file 500\n",
    }
    assert free_memory(machine(tmp_path, MEMINFO | files)) == 2500


def test_where_nothing_says_it_is_all_or_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sysconf", lambda name: 4096)
    assert free_memory(tmp_path) == 4096**2
    monkeypatch.delattr(os, "sysconf")
    assert free_memory(tmp_path) is None

"""How much memory a training needs, computed before anything is allocated; and how much is free.

    T  time    B  batch    V  alphabet    H  hidden units    N = T·B characters a step

Counts the arrays alive at the most expensive moment of a training. docs/experiments.md compares the counts
with measurements.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.cells import CELLS
from engine.config import EVALUATION_COLUMNS, EVALUATION_LENGTH, ModelConfig
from engine.errors import RunError
from engine.network.kernels import on_torch
from engine.network.parameters import count

_FLOAT = 4
_HALF = 0.5
"""A bfloat16 as a share of a float32."""
_TORCH_KEPT, _TORCH_WORKING = {False: 8.5, True: 5}, {False: 9, True: 6}
"""N·H floats that torch's kernel keeps per layer for the backward pass, and uses during it, by whether it
is in bfloat16. Measured, gaps included: the layout of oneDNN's workspace is its own."""
_STEPPING, _SAVING = 6, 16
"""Multiples of the parameters: weights, gradients, two moments, and copies ready for products; or, while a
state is written, copies of all that. Measured."""
_GAPS, _LOGIT_GAPS = 1.25, 1.5
"""What the C library holds beyond what is used: arrays of many sizes leave gaps, and
`engine.training.device` makes it keep freed memory. A factor, plus whole arrays the size of the logits,
the largest of all when the alphabet is large. Measured."""


@dataclass(frozen=True)
class Training:
    """Everything that determines how much memory a training needs."""

    model: ModelConfig
    V: int
    batch: int
    seq_length: int
    dtype: str = "float32"
    """float32, float64 or bfloat16. For others the larger need of float32 and bfloat16 counts."""
    dropout: bool = True
    kind: str = "cpu"
    """The kind of the device."""
    shares: int = 1
    """Processes that the batch is shared among."""
    beside: int = 1
    """How many of these share this machine's memory."""

    def bytes(self) -> int:
        """The peak of a training's memory on its device, beyond what a process with torch loaded uses."""
        halves = {"float32": (False,), "float64": (False,), "bfloat16": (True,)}.get(
            self.dtype, (False, True)
        )
        parameters = count(self.model, self.V)
        evaluated = EVALUATION_COLUMNS * EVALUATION_LENGTH * self._forward_floats()
        N = self._columns * self.seq_length
        step = max(N * self._step_floats(half) for half in halves)
        floats = max(_SAVING * parameters, _STEPPING * parameters + max(step, evaluated))
        size = _FLOAT * (2 if self.dtype == "float64" else 1)
        return int(size * floats * (_GAPS * self.beside if self.kind == "cpu" else 1))

    @property
    def _columns(self) -> int:
        """Columns in the largest share of the batch."""
        return math.ceil(self.batch / self.shares)

    def check(self, free: int | None) -> None:
        """Compare what the training needs with the free bytes; None means unknown, and passes.

        Raises RunError, which suggests settings that fit.
        """
        if free is None or (needed := self.bytes()) <= free:
            return
        raise RunError(
            f"this training needs about {_size(needed)} of memory and {_size(free)} are free: "
            f"{self._advice(free)}"
        )

    def _advice(self, free: int) -> str:
        if batch := self._largest_batch(free):
            return f"--batch {batch} fits"
        one = replace(self, batch=1)
        if T := _largest(self.seq_length, lambda T: replace(one, seq_length=T).bytes() <= free):
            return f"--batch 1 --seq-length {T} fits"
        hidden = self.model.hidden // 2
        while hidden:
            smaller = replace(self, model=replace(self.model, hidden=hidden))
            if batch := smaller._largest_batch(free):
                return f"--hidden {hidden} --batch {batch} fits"
            hidden //= 2
        return "free some, or take a corpus with fewer different characters"

    def _largest_batch(self, free: int) -> int:
        """The largest batch up to this one that fits, or 0."""
        return _largest(self.batch, lambda B: replace(self, batch=B).bytes() <= free)

    def _step_floats(self, half: bool) -> float:
        """Floats per character of a step, forward and backward."""
        kept = working = 0.0
        for l in range(self.model.layers):
            own, used = self._layer_floats(l, half)
            kept, working = kept + own, max(working, used)
        # the logits live to the end; for a moment also log-softmax, its gradient and theirs
        logits = 4 + (_LOGIT_GAPS if self.kind == "cpu" else 0)
        return kept + max(logits * self.V, working + (2 + half * _HALF) * self.V)

    def _layer_floats(self, l: int, half: bool) -> tuple[float, float]:
        """Floats per character that layer l keeps for the backward pass, and that it uses during it."""
        model, cell = self.model, CELLS[self.model.cell]
        H, V = model.hidden, 0 if l else self.V
        kept: float = self.dropout + model.layer_norm + (model.residual and l > 0)
        if on_torch(model, V, self._columns, self.kind, half):
            rows = V * (1 + half * _HALF)
            return (kept + _TORCH_KEPT[half]) * H + rows, _TORCH_WORKING[half] * H + rows
        blocks = cell.blocks
        kept += blocks + self._states + len(cell.keeps)
        # the gradients before and after dropout and of h, the recurrent side's, and operands of the
        # products with them
        working: float = 3 + cell.recurrent + (len(cell.gates) if cell.columns else 0)
        working += _HALF * (1 + blocks) if half else 1
        return kept * H, working * H

    @property
    def _states(self) -> int:
        """Arrays of states per layer: after each step, and before it where the two differ."""
        return len(CELLS[self.model.cell].states) * (1 + self.model.lines)

    def _forward_floats(self) -> float:
        """Floats per character of an evaluation: one layer at a time, and three times the logits."""
        cell = CELLS[self.model.cell]
        layer = cell.blocks + self._states + len(cell.keeps) + 3
        return layer * self.model.hidden + 3 * self.V


def _size(n: int) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 1e9 else f"{n / 1e6:,.0f} MB"


def _largest(high: int, fits: Callable[[int], bool]) -> int:
    """The largest number from 1 to `high` that fits, or 0."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes of this machine's memory that a process may still take, or None if unknown. `root` holds /proc
    and /sys."""
    found = [*_available(root), *_left_by_groups(root)]
    if found:
        return max(0, min(found))
    try:  # macOS, which makes room for what is asked for
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _available(root: Path) -> Iterator[int]:
    """The available memory by Linux: proc(5), /proc/meminfo."""
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _left_by_groups(root: Path) -> Iterator[int]:
    """What the control groups of this process leave it: limit minus use, where inactive file pages do not
    count as used. cgroups(7); a container may see its own group as the root."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, files = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif controllers == "memory":
            top = root / "sys/fs/cgroup/memory"
            files = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        group = top / path.strip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(top):
                yield from _left_by(folder, *files)


def _left_by(folder: Path, limit: str, use: str, idle: str) -> Iterator[int]:
    limits, used = _lines(folder / limit), _lines(folder / use)
    if not limits or not used or limits[0] == "max":
        return
    pairs = (line.split() for line in _lines(folder / "memory.stat"))
    reclaimable = sum(int(value) for key, value in pairs if key == idle)
    yield int(limits[0]) - int(used[0]) + reclaimable


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except OSError:
        return []

"""Where training computes: device, precision and threads, chosen in one place.

`python -P -m engine.training.device` answers for processes without torch.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.blas import processors
from engine.config import check_device
from engine.errors import exit_status
from engine.runs import measured, memory
from engine.runs.measured import Kind
from engine.training.products import Matrix
from engine.training.timing import ratio
from engine.vocab import Text

_WORTHWHILE = 1.15
"""How many times as fast bfloat16 must be to be chosen."""
_CORPUS_SHARE = 0.25
"""The share of a GPU's free memory that a corpus may take."""
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


@dataclass(frozen=True)
class Device:
    """What a run computes on, decided at its start. `dtype` is that of the matrix products."""

    kind: str
    dtype: str
    threads: int

    @property
    def torch(self) -> torch.device:
        return torch.device(self.kind)

    def autocast(self) -> AbstractContextManager[object]:
        """Products in half precision if that was chosen; weights and losses stay in float32."""
        half = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(self.dtype)
        return torch.autocast(self.kind, half, enabled=half is not None)

    def widen(self, x: Tensor) -> Tensor:
        """x in the type of weights, states and losses: float32, or float64 if that was chosen."""
        return x.double() if self.dtype == "float64" else x.float()

    def seconds(self, work: Callable[[], object]) -> float:
        """The time that `work` takes, on a device that is idle before and after it."""
        self._wait()
        begin = time.perf_counter()
        work()
        self._wait()
        return time.perf_counter() - begin

    def _wait(self) -> None:
        if self.kind == "cuda":
            torch.cuda.synchronize()

    def hold(self, ids: Text) -> Tensor | None:
        """The corpus (N,) on a GPU with room for it; else None, and blocks are copied one by one."""
        if self.kind != "cuda":
            return None
        kept = ids.dtype if ids.dtype == np.uint8 else np.dtype(np.int32)
        if len(ids) * kept.itemsize > _CORPUS_SHARE * torch.cuda.mem_get_info()[0]:
            return None
        return torch.from_numpy(np.array(ids[:], kept)).to(self.torch)

    def rng_state(self) -> list[Tensor]:
        """The states of all random number generators that a step uses."""
        cuda = [torch.cuda.get_rng_state()] if self.kind == "cuda" else []
        return [torch.get_rng_state(), *cuda]

    def set_rng_state(self, states: list[Tensor]) -> None:
        """Restore what `rng_state` returned."""
        torch.set_rng_state(states[0])
        for state in states[1:]:
            torch.cuda.set_rng_state(state)


Work = Callable[[Device], object]
"""Something to compute on a device, long enough to be timed."""


def available() -> list[str]:
    """The kinds of device this machine has, best first."""
    kinds = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        kinds.append("mps")
    return [*kinds, "cpu"]


def free_memory(kind: str) -> int | None:
    """Free bytes on a device of that kind, or None if unknown."""
    if kind == "cuda" and torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0]
    return memory.free_memory()


def choose(device: str, dtype: str, threads: int, work: Work, network: str = "") -> Device:
    """Choose the device, precision and threads, and set torch up for them. If `auto` leaves a choice of
    precision on a processor, `work` is timed in both; if it is a step of a `network`
    (`measured.network`), what was measured of that before counts, too.

    Raises UsageError for a device that is not available, or has no such precision.
    """
    kind = check_device(device, dtype, available())
    threads = threads or processors()
    torch.set_num_threads(threads)
    _keep_memory()
    torch.set_flush_denormal(True)
    warnings.filterwarnings("ignore", "RNN module weights")  # gathering them each time takes 10 µs
    # TensorFloat-32 on the GPUs that have it, as cuDNN does
    torch.set_float32_matmul_precision("high")
    if dtype == "auto":
        dtype = _fastest(kind, threads, work, network)
    return Device(kind, dtype, threads)


def _fastest(kind: str, threads: int, work: Work, network: str) -> str:
    """The precision for `auto`. On GPUs half precision is twice as fast in torch's kernels and costs a few
    percent in helo's loops (docs/experiments.md); on processors it is measured."""
    if kind == "cuda":
        bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bfloat16" if bfloat16 else "float16"
    if kind != "cpu" or not _has_bfloat16():
        return "float32"
    found = speedup(work, kind, "bfloat16")
    if network:
        on = kind_of(Device(kind, "float32", threads), "auto")
        found = measured.learn_speedup(on, network, found)
    return "bfloat16" if found > _WORTHWHILE else "float32"


def speedup(work: Work, kind: str, dtype: str) -> float:
    """How many times as fast `work` is in `dtype` as in float32, measured."""
    both = [Device(kind, d, torch.get_num_threads()) for d in ("float32", dtype)]
    for on in both:  # the first time is no measure
        work(on)
    single, half = (partial(on.seconds, partial(work, on)) for on in both)
    return ratio(single, half)


def kind_of(device: Device, dtype: str) -> Kind:
    """The kind of machine that this device makes this one, where that precision was asked for."""
    name = torch.cuda.get_device_name() if device.kind == "cuda" else measured.processor()
    return Kind(name, device.kind, device.threads, dtype, torch.__version__)


def _recurrent_product(device: Device) -> None:
    """The recurrent products of steps of a typical LSTM, forward and backward."""
    W = Matrix(torch.ones(448, 4 * 448), device.dtype == "bfloat16")
    h, d = torch.ones(16, 448), torch.ones(16, 4 * 448)
    for _ in range(40):
        h @ W, d @ W.T


def _keep_memory() -> None:
    """Make the C library keep freed memory. Otherwise the large arrays of every step come from the kernel
    anew, page by page, which costs up to half the time of a training. glibc only."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def _has_bfloat16() -> bool:
    flags = measured.processor_fact("flags", "Features").split()
    return "avx512_bf16" in flags or "amx_bf16" in flags or "bf16" in flags


def facts() -> dict[str, Any]:
    """The facts about this machine for `helo doctor` and the Train screen."""
    names = {"cpu": measured.processor()}
    if torch.cuda.is_available():
        names["cuda"] = torch.cuda.get_device_name(0)
    return {
        "torch": torch.__version__,
        "devices": available(),
        "names": names,
        "processors": processors(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": _has_bfloat16(),
        "bfloat16_speedup": round(speedup(_recurrent_product, "cpu", "bfloat16"), 2)
        if _has_bfloat16()
        else None,
    }


def main() -> None:
    """The process."""
    print(json.dumps(facts()))


if __name__ == "__main__":
    sys.exit(exit_status(main))

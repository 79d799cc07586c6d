"""Where training computes: device, precision and threads, chosen in one place.

`python -P -m engine.device --json` answers for processes that do not import torch.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from engine.errors import UsageError
from engine.products import Matrix

_WORTHWHILE = 4 / 3
"""How many times as fast bfloat16 must be to be taken."""
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


@dataclass(frozen=True)
class Device:
    """What a run computes on, as settled at its start; `dtype` is that of the matrix products."""

    kind: str
    dtype: str
    threads: int

    @property
    def torch(self) -> torch.device:
        return torch.device(self.kind)

    def autocast(self) -> AbstractContextManager[object]:
        """Products in bfloat16 where that is the precision, weights and losses in float32."""
        return torch.autocast(self.kind, torch.bfloat16, enabled=self.dtype == "bfloat16")


def available() -> list[str]:
    """The kinds of device this machine has, best first."""
    kinds = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        kinds.append("mps")
    return [*kinds, "cpu"]


def processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose(device: str, dtype: str, threads: int, columns: int, batch: int, hidden: int) -> Device:
    """Settle the device, the precision and the threads for recurrent products of (batch, hidden) by
    (hidden, columns), and set torch up for them.

    Raises UsageError for a device that is not there.
    """
    kinds = available()
    kind = kinds[0] if device == "auto" else device
    if kind not in kinds:
        raise UsageError(f"--device {kind} is not there; this machine has {', '.join(kinds)}")
    threads = threads or processors()
    torch.set_num_threads(threads)
    _keep_memory()
    torch.set_flush_denormal(True)
    if dtype == "auto":
        dtype = "float32"
        if kind == "cpu" and _faster_in_bfloat16(columns, batch, hidden):
            dtype = "bfloat16"
    return Device(kind, dtype, threads)


def _faster_in_bfloat16(columns: int, batch: int, hidden: int) -> bool:
    """Whether the recurrent product is enough faster in bfloat16."""
    if not _has_bfloat16():
        return False
    return bfloat16_speedup(columns, batch, hidden) > _WORTHWHILE


def bfloat16_speedup(columns: int, batch: int, hidden: int) -> float:
    """How many times as fast a step's recurrent product, there and back, is in bfloat16, measured."""
    h, d = torch.randn(batch, hidden), torch.randn(batch, columns)
    W = torch.randn(hidden, columns)
    single, half = Matrix(W, bfloat16=False), Matrix(W, bfloat16=True)
    pairs = [
        tuple(_seconds(lambda m=m: (h @ m, d @ m.T)) for m in (single, half))  # type: ignore[misc]
        for _ in range(6)
    ]
    return median(a / b for a, b in pairs[1:])


def _keep_memory() -> None:
    """Have the C library keep what is freed: the large arrays of every step would else come from the
    kernel anew, page by page, which costs up to half of the time of a training. glibc alone."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(10):
        work()
    return time.perf_counter() - start


def _has_bfloat16() -> bool:
    flags = _processor_flags()
    return "avx512_bf16" in flags or "amx_bf16" in flags or "bf16" in flags


def _processor_flags() -> list[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(("flags", "Features")):
                    return line.split()
    except OSError:
        pass
    return []


def facts() -> dict[str, Any]:
    """What `helo doctor` and the Train screen say of this machine."""
    names = {"cpu": platform.processor() or platform.machine()}
    if torch.cuda.is_available():
        names["cuda"] = torch.cuda.get_device_name(0)
    return {
        "torch": torch.__version__,
        "devices": available(),
        "names": names,
        "processors": processors(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": _has_bfloat16(),
        "bfloat16_speedup": round(bfloat16_speedup(4 * 448, 16, 448), 2)
        if _has_bfloat16()
        else None,
    }


if __name__ == "__main__":
    assert sys.argv[1:] == ["--json"]
    print(json.dumps(facts()))

"""How many processors there are, and how many threads NumPy's products use.

Writing is a sequence of vector-matrix products. A second thread nearly doubles their speed on an idle
machine, and makes them ten times slower where something else uses the processors. The results are
identical to the bit, since each thread computes its own columns.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from statistics import median
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

_ROUNDS = 7
_NICEST = 19


def processors() -> int:
    """The number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_each(of: int) -> int:
    """The threads for each of `of` computations that run at the same time."""
    return max(1, processors() // of)


def one_thread() -> None:
    """Keep NumPy's products on one thread from here on."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def background() -> None:
    """Compute on one thread from here on, and only while no other process wants the processors."""
    one_thread()
    if hasattr(os, "SCHED_IDLE"):  # Linux: unlike the lowest priority, it takes next to nothing
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.nice(_NICEST)


def settle_threads(work: Callable[[], object]) -> None:
    """From here on, run NumPy's products on one thread or on all, whichever finishes `work` (a few
    milliseconds) sooner on this machine now."""
    from threadpoolctl import ThreadpoolController

    blas = ThreadpoolController().select(user_api="blas")
    most = max((library.num_threads for library in blas.lib_controllers), default=1)
    times: dict[int, list[float]] = {1: [], most: []}
    for _ in range(_ROUNDS):
        for threads, found in times.items():
            with blas.limit(limits=threads):
                begin = time.perf_counter()
                work()
                found.append(time.perf_counter() - begin)
    if median(times[1]) <= median(times[most]):
        one_thread()


def side_by_side(tasks: Sequence[Iterator[T]]) -> Iterator[T]:
    """Run generators in threads, one for each processor at most, with NumPy's products on one thread in
    each. Gives what they give, as it comes; leaving it ends them.

    Raises what one of them raises.
    """
    from threadpoolctl import threadpool_limits

    waiting, ended = iter(tasks), Event()
    found: SimpleQueue[tuple[T] | Exception | None] = SimpleQueue()

    def run() -> None:
        try:
            for task in waiting:
                for each in task:
                    found.put((each,))
                    if ended.is_set():
                        return
        except Exception as error:
            found.put(error)
        finally:
            found.put(None)

    threads = [Thread(target=run) for _ in range(min(processors(), len(tasks)))]
    with threadpool_limits(1, user_api="blas"):
        try:
            for thread in threads:
                thread.start()
            going = len(threads)
            while going:
                each = found.get()
                if isinstance(each, Exception):
                    raise each
                if each is None:
                    going -= 1
                else:
                    yield each[0]
        finally:
            ended.set()
            for thread in threads:
                thread.join()

"""Training in several processes: each has its share of the columns, and all take the same steps.

torchrun starts the processes and tells each its rank through the environment. They communicate by gloo on
processors and by NCCL on GPUs. Rank 0 leads: it alone decides, and announces what all must do (`together`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, NoReturn, ParamSpec, Protocol, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from engine.errors import LostError, RunError, UsageError

_PATIENCE = timedelta(days=36500)
"""A paused run may wait for any time. A process that died is noticed by its closed connections."""
_LONGEST = 256
"""Bytes of one announcement by rank 0, at most."""


@dataclass(frozen=True)
class Group:
    """The processes of a run, as seen by one of them. The default is a process that trains alone."""

    rank: int = 0
    size: int = 1
    local_size: int = 1
    """Processes on this machine."""
    run: str = ""
    """The run's name."""

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, n: int) -> range:
        """This process' part of 0 … n−1: contiguous, in the order of the ranks, lengths differing by at
        most one."""
        return range(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def check(self, kind: str, columns: int) -> None:
        """Raises UsageError if these processes cannot share `columns` columns on this kind of device."""
        if self.size > columns:
            what = "column" if columns == 1 else "columns"
            raise UsageError(
                f"{self.size} processes cannot share {columns} {what} of text: "
                f"at most {columns} with this batch and corpus"
            )
        if kind == "cuda" and self.local_size > (gpus := torch.cuda.device_count()):
            raise UsageError(f"{self.local_size} processes need as many GPUs; here are {gpus}")
        if kind == "mps" and self.size > 1:
            raise UsageError("--device mps trains in one process: leave out --processes")

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all processes. All have one type and device.

        Raises LostError if another process has died.
        """
        if self.size == 1:
            return
        flat = torch.cat([t.detach().reshape(-1) for t in tensors])
        with self._reached():
            dist.all_reduce(flat)
        for t, summed in zip(
            tensors, torch.split_with_sizes(flat, [t.numel() for t in tensors]), strict=True
        ):
            t.detach().copy_(summed.view_as(t))

    def agree(self, value: Any = None) -> Any:
        """Return rank 0's `value`, a small JSON value, in every process.

        Raises LostError if another process has died.
        """
        if self.size == 1:
            return value
        said = torch.zeros(_LONGEST, dtype=torch.uint8)
        if self.leads:
            words = json.dumps(value).encode()
            said[: len(words)] = torch.frombuffer(bytearray(words), dtype=torch.uint8)
        with self._reached():
            dist.broadcast(said, 0)
        return json.loads(bytes(said.tolist()).rstrip(b"\0"))

    def end(self) -> None:
        """Announce the end, if this is rank 0. All processes wait for each other, so that none leaves
        early."""
        with suppress(LostError):
            if self.leads:
                self.agree(None)
            self.sum([torch.zeros(1)])

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise LostError(self.run) from error


ALONE = Group()


@contextmanager
def joined(run: str) -> Iterator[Group]:
    """The group described by torchrun's environment, or a process that trains alone.

    Raises RunError if the other processes cannot be reached.
    """
    size, rank = (int(os.environ.get(name, d)) for name, d in (("WORLD_SIZE", "1"), ("RANK", "0")))
    if size == 1:
        yield ALONE
        return
    local = int(os.environ.get("LOCAL_RANK", rank))
    nccl = torch.cuda.is_available() and dist.is_nccl_available()
    if nccl and local < torch.cuda.device_count():
        torch.cuda.set_device(local)
    try:
        dist.init_process_group("cpu:gloo,cuda:nccl" if nccl else "gloo", timeout=_PATIENCE)
    except (RuntimeError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise RunError(
            f"the {size} processes of this run do not find each other: {line}"
        ) from error
    try:
        yield Group(rank, size, int(os.environ.get("LOCAL_WORLD_SIZE", size)), run)
    finally:
        with suppress(RuntimeError):
            dist.destroy_process_group()


class Member(Protocol):
    """An object with methods that all processes run together."""

    group: Group


M = TypeVar("M", bound=Member)
P = ParamSpec("P")
R = TypeVar("R")


def together(method: Callable[Concatenate[M, P], R]) -> Callable[Concatenate[M, P], R]:
    """Decorate a method so that every process runs it when rank 0 calls it. Its arguments must be JSON
    values, and it must not call another such method."""

    @wraps(method)
    def lead(self: M, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.group.leads:
            self.group.agree([method.__name__, args, kwargs])
        return method(self, *args, **kwargs)

    return lead  # type: ignore[return-value]  # `self` has no name in a Callable


def serve(member: Member) -> None:
    """Run what rank 0 announces, until it announces the end.

    Raises LostError.
    """
    while told := member.group.agree():
        name, args, kwargs = told
        getattr(member, name)(*args, **kwargs)
    member.group.end()


def leave(status: int) -> NoReturn:
    """Exit at once: gloo's threads may still release tensors, and abort an interpreter that is shutting
    down."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)

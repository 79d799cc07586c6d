"""What the engine's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """One thread, which is fastest for tiny networks; whatever a test changes is undone."""
    torch.set_num_threads(1)
    yield
    torch.set_flush_denormal(False)

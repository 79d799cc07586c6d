"""What the engine's tests share."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """It is fastest for tiny networks."""
    torch.set_num_threads(1)

"""The one list of code in helo that has never run on the device or system it is for."""

from __future__ import annotations

UNTESTED = {
    "MPS": "training on Apple's GPUs",
    "CUDA": "what of a GPU's memory is free, what a training takes of it, learning line by line, "
    "and going back or changing clip and dropout in the midst of a training",
    "NCCL": "training on several CUDA GPUs",
    "macOS": "the app, the command line, and how much memory is free",
    "Windows": "the app and the command line",
}
"""Device or system, and the part of helo that has not run on it."""

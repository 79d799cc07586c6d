"""A passage: shown, walked, branched, retuned; and read ahead by another thread all the while."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.config import SamplingConfig
from engine.generate import Generation
from engine.stepper import Stepper
from engine.vocab import Alphabet
from tui.write.passage import CHOSEN, GIVEN, WRITTEN, Passage

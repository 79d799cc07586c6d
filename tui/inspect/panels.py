"""The panels of Inspect, in the order of their keys: 1 is the first."""

from __future__ import annotations

from tui.inspect.far_back import FarBackPanel
from tui.inspect.gates import GatesPanel
from tui.inspect.panel import Panel
from tui.inspect.units import UnitsPanel
from tui.inspect.why import WhyPanel

PANELS: tuple[type[Panel], ...] = (WhyPanel, FarBackPanel, GatesPanel, UnitsPanel)

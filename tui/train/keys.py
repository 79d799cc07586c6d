"""The keys of the Train screen: those that act on the shown run, and those of the form."""

from __future__ import annotations

from textual.binding import Binding

_LESS, _MORE = 0.8, 1.25
_RATE = Binding.Group("learning rate", compact=True)

KEYS = [
    Binding("space", "pause", "Pause", id="train.pause", tooltip="Pause the training"),
    Binding("space", "go_on", "Continue", id="train.go-on", tooltip="Continue the training"),
    Binding(
        "l",
        f"learning_rate({_LESS})",
        "lower",
        id="train.lower-rate",
        tooltip="Lower the learning rate by a fifth",
        group=_RATE,
    ),
    Binding(
        "L",
        f"learning_rate({_MORE})",
        "higher",
        id="train.raise-rate",
        tooltip="Raise the learning rate by a quarter",
        group=_RATE,
    ),
    Binding("v", "ask('save', 'save')", "Save", id="train.save", tooltip="Save now"),
    Binding(
        "e",
        "ask('evaluate', 'evaluate')",
        "Evaluate",
        id="train.evaluate",
        tooltip="Measure the validation loss now",
    ),
    Binding(
        "w",
        "ask('sample', 'write a sample')",
        "Sample",
        id="train.sample",
        tooltip="Write a sample now",
    ),
    Binding(
        "d",
        "ask_for('dropout')",
        "Dropout",
        id="train.dropout",
        tooltip="Change the dropout from here on; asks for the share of units",
        show=False,
    ),
    Binding(
        "c",
        "ask_for('clip')",
        "Clip",
        id="train.clip",
        tooltip="Change the norm at which gradients are clipped from here on; asks which",
        show=False,
    ),
    Binding(
        "m",
        "ask_for('mark')",
        "Mark",
        id="train.mark",
        tooltip="Keep the current state for good; asks for a name",
        show=False,
    ),
    Binding(
        "b",
        "ask_for('back')",
        "Back",
        id="train.back",
        tooltip="Go back to the best state, a mark or a kept step; asks which",
    ),
    Binding("x", "stop", "Stop", id="train.stop", tooltip="Save and stop the training; asks"),
    Binding("r", "resume", "Resume", id="train.resume", tooltip="Continue from what was saved"),
    Binding(
        "r",
        "longer",
        "Train longer",
        id="train.longer",
        tooltip="Train a finished run longer; asks how much",
    ),
    Binding("o", "open", "Open", id="train.open", tooltip="Write with the run's best model"),
    Binding("k", "keep", "Keep", id="train.keep", tooltip="Keep the best model in the library"),
    Binding(
        "a",
        "compare",
        "Compare",
        id="train.compare",
        tooltip="Draw another run over this one, up to four, or remove it again",
    ),
    Binding("n", "new", "New", id="train.new", tooltip="Fill in a new training"),
]

FORM_KEYS = [
    Binding(
        "ctrl+s",
        "start",
        "Start",
        id="train.start",
        tooltip="Start a training with the settings of the form",
    ),
    Binding(
        "ctrl+t",
        "more",
        "More settings",
        id="train.more",
        tooltip="Show all settings, or only the common ones",
    ),
    Binding(
        "ctrl+r",
        "race",
        "Race",
        id="train.race",
        tooltip="Train networks of several cells in turns, and compare them; asks which",
    ),
    # With priority, the focus moves before the keys typed after it are dispatched.
    Binding(
        "tab",
        "app.focus_next",
        show=False,
        priority=True,
        id="train.next-field",
        tooltip="Next field",
    ),
    Binding(
        "shift+tab",
        "app.focus_previous",
        show=False,
        priority=True,
        id="train.previous-field",
        tooltip="Previous field",
    ),
]

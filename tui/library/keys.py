"""The keys of the Library."""

from __future__ import annotations

from textual.binding import Binding

_MOVE = Binding.Group("move", compact=True)
_SECTION = Binding.Group("section", compact=True)

KEYS = [
    Binding(
        "o",
        "open",
        "Open",
        id="library.open",
        tooltip="Write with the model, show the run, train on the corpus",
    ),
    Binding(
        "t",
        "train",
        "Train",
        id="library.train",
        tooltip="Train on the corpus, or a network that starts from the model or run",
    ),
    Binding("g", "fetch", "Get", id="library.fetch", tooltip="Download it and import it"),
    Binding(
        "m",
        "keep",
        "Keep model",
        id="library.keep",
        tooltip="Keep the run's best model in the library; asks for a name",
    ),
    Binding(
        "x",
        "export",
        "Export",
        id="library.export",
        tooltip="Write the model as a file of other programs; asks for the form and the file",
    ),
    # With priority, the focus moves before the keys typed after it are dispatched.
    Binding(
        "escape",
        "unfilter",
        "Show all",
        priority=True,
        id="library.unfilter",
        tooltip="Remove the filter",
    ),
    Binding("escape", "stop", "Stop", id="library.stop", tooltip="Stop what is being imported"),
    Binding(
        "i",
        "import_model",
        "Import a model",
        id="library.import-model",
        tooltip="Import a model of another project: PyTorch, TensorFlow, Keras and others",
    ),
    Binding(
        "i",
        "import",
        "Import a text",
        id="library.import",
        tooltip="Import a file, a folder, an archive or a web address",
    ),
    Binding(
        "slash",
        "filter",
        "Filter",
        key_display="/",
        priority=True,
        id="library.filter",
        tooltip="Show only what has the words you type",
    ),
    Binding(
        "s",
        "sort",
        "Sort",
        id="library.sort",
        tooltip="Sort by date, name, loss or size, in turn",
    ),
    Binding("n", "rename", "Rename", id="library.rename", tooltip="Rename it"),
    Binding("d", "delete", "Delete", id="library.delete", tooltip="Delete it; asks first"),
    Binding(
        "left",
        "section(-1)",
        "previous section",
        id="library.section-before",
        tooltip="Go to the previous section",
        group=_SECTION,
    ),
    Binding(
        "right",
        "section(1)",
        "next section",
        id="library.section-after",
        tooltip="Go to the next section",
        group=_SECTION,
    ),
    Binding(
        "j",
        "move(1)",
        "down",
        id="library.down",
        tooltip="Move down",
        group=_MOVE,
        show=False,
    ),
    Binding(
        "k",
        "move(-1)",
        "up",
        id="library.up",
        tooltip="Move up",
        group=_MOVE,
        show=False,
    ),
    Binding("r", "refresh", "Refresh", id="library.refresh", tooltip="Read the library again"),
]

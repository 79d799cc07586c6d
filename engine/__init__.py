"""Everything in helo that is not terminal: wings whose imports point down only.

From the top: training, runs, inspecting, then writing, text, exporting and foreign, network, cells; the
modules beside them serve all. What other programs use is `engine.api`, whose names are also here; they are
imported when they are first used, so that `import engine` costs nothing.
"""

from typing import TYPE_CHECKING

from engine.version import __version__

if TYPE_CHECKING:
    from engine.api import Training, generate, load, score, train
    from engine.errors import HeloError
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'engine' has no attribute {name!r}")
        from engine import api

        return getattr(api, name)


__all__ = ["HeloError", "Training", "__version__", "generate", "load", "score", "train"]

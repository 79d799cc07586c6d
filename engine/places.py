"""Where everything lies: the user's folders, and what came with helo."""

from __future__ import annotations

import functools
import os
from pathlib import Path

_PACKAGE = Path(__file__).parent


@functools.cache
def _platform_home() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("helo", appauthor=False))


def home() -> Path:
    """The folder of the user's models, runs and corpora; HELO_HOME overrides the platform's place."""
    if place := os.environ.get("HELO_HOME"):
        return typed(place)
    return _platform_home()


def typed(path: str) -> Path:
    """A path as a person types it, with ~ expanded where there is such a home folder."""
    return Path(os.path.expanduser(path))


def models() -> Path:
    return home() / "models"


def runs() -> Path:
    return home() / "runs"


def corpora() -> Path:
    return home() / "corpora"


def cache() -> Path:
    """Downloads. May be deleted at any time."""
    if os.environ.get("HELO_HOME"):
        return home() / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("helo", appauthor=False))


def corpora_lock() -> Path:
    """The lock to hold while a folder is made or cleared among the corpora."""
    return home() / "corpora.lock"


def config() -> Path:
    """The user's settings. helo only reads them."""
    return home() / "config.toml"


def state() -> Path:
    """What the app remembers between sessions."""
    return home() / "state.json"


def machine() -> Path:
    """What was measured on this machine."""
    return home() / "machine.json"


def history() -> Path:
    """The prompts typed so far."""
    return home() / "history"


def sessions() -> Path:
    """What was written in the app, a file for each session."""
    return home() / "sessions"


def bundled() -> Path:
    """The folder of bundled models: inside an installed package, else in the checkout."""
    inside = _PACKAGE / "checkpoints"
    return inside if inside.is_dir() else _PACKAGE.parent / "checkpoints"


def catalogue() -> Path:
    """The list of corpora that can be fetched."""
    return _PACKAGE.parent / "corpora" / "catalogue.toml"

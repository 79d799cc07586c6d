"""`config.toml`: what the user sets by hand. helo reads it and never writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine import outside, places
from engine.errors import DamagedError, UsageError
from engine.writing.settings import SETTINGS

MOST_PROBLEMS = 5
"""Problems of the file that are shown."""
CURVES = ("braille", "blocks", "ascii")
_MOST_BYTES = 100_000
"""The largest file that is read."""
_EARLIER_IDS = {
    "write.seed": "write.prompt",
    "write.seed-tab": "write.prompt-tab",
    **{
        f"seed.{name}": f"prompt.{name}"
        for name in ("submit", "newline", "walk", "complete", "earlier", "later")
    },
}
"""What bindings were called in earlier versions of helo, and their ids now."""


@dataclass
class Settings:
    """The settings found, and one line for each problem."""

    theme: str = ""
    curves: str = ""
    """What learning curves are drawn with; empty if that is not set."""
    ghost: bool | None = None
    """Whether there is ghost text; None if that is not set."""
    sampling: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """Keys, separated by commas, by binding id."""
    problems: list[str] = field(default_factory=list)


def load_settings() -> Settings:
    """Read the file. A missing file sets nothing; a broken one is a problem."""
    settings = Settings()
    path = places.config()
    try:
        data = outside.parse_toml(outside.read(path, _MOST_BYTES))
    except FileNotFoundError:
        return settings
    except (OSError, DamagedError) as error:
        settings.problems.append(f"{path.name} cannot be read: {error}")
        return settings
    for key, value in data.items():
        match key, value:
            case "theme", str():
                settings.theme = value
            case "curves", str() if value in CURVES:
                settings.curves = value
            case "curves", _:
                settings.problems.append(f"config.toml: curves must be one of {', '.join(CURVES)}")
            case "ghost", bool():
                settings.ghost = value
            case "ghost", _:
                settings.problems.append("config.toml: ghost must be true or false")
            case "sampling", dict():
                _sampling(value, settings)
            case "keys", dict():
                _keys(value, settings)
            case _:
                settings.problems.append(f"{path.name}: {key[:40]} is not understood")
    return settings


def _sampling(table: dict[str, Any], settings: Settings) -> None:
    for key, value in table.items():
        setting = SETTINGS.get(key.replace("-", "_"))
        if setting is None:
            settings.problems.append(f"config.toml: sampling.{key[:40]} is not understood")
            continue
        try:
            setting.check(outside.convert(setting.kind, value))
        except DamagedError as error:
            settings.problems.append(f"config.toml: sampling.{key[:40]}: {error}")
        except UsageError as error:
            settings.problems.append(f"config.toml: {error}")
        else:
            settings.sampling[setting.name] = value


def _keys(table: dict[str, Any], settings: Settings) -> None:
    for id, keys in table.items():
        if isinstance(keys, str) and keys.strip():
            now = _EARLIER_IDS.get(id, id)
            if now == id or now not in table:
                settings.keys[now] = keys
        else:
            settings.problems.append(
                f'config.toml: keys."{id[:40]}" needs a key as text, such as "f6"'
            )

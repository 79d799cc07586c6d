"""`config.toml`: what the user sets by hand. helo reads it and never writes it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from engine import places
from engine.config import SamplingConfig
from engine.errors import UsageError


@dataclass
class Settings:
    """What was set, and a line for each thing that could not be understood."""

    theme: str = ""
    sampling: dict[str, float] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """Binding id to keys, separated by commas."""
    problems: list[str] = field(default_factory=list)


def load_settings() -> Settings:
    """Read the file; one that is missing sets nothing, one that is broken is a problem."""
    settings = Settings()
    path = places.config()
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return settings
    except (OSError, ValueError) as error:
        settings.problems.append(f"{path.name} cannot be read: {error}")
        return settings
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        settings.problems.append(f"{path.name} is no TOML: {error}")
        return settings
    for key, value in data.items():
        match key, value:
            case "theme", str():
                settings.theme = value
            case "sampling", dict():
                _sampling(value, settings)
            case "keys", dict():
                _keys(value, settings)
            case _:
                settings.problems.append(f"{path.name}: {key} is not understood")
    return settings


def _sampling(table: dict[str, Any], settings: Settings) -> None:
    known = {f.name for f in fields(SamplingConfig)}
    for key, value in table.items():
        name = key.replace("-", "_")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name not in known or not number or (name == "top_k" and not isinstance(value, int)):
            settings.problems.append(f"config.toml: sampling.{key} is not understood")
            continue
        try:
            SamplingConfig(**{name: value})
        except UsageError as error:
            settings.problems.append(f"config.toml: {error}")
        else:
            settings.sampling[name] = value


def _keys(table: dict[str, Any], settings: Settings) -> None:
    for id, keys in table.items():
        if isinstance(keys, str) and keys.strip():
            settings.keys[id] = keys
        else:
            settings.problems.append(f'config.toml: keys."{id}" needs a key as text, such as "f6"')

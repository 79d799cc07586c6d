"""Writes docs/keys.md and docs/config.md from the program itself: `make docs`, or `python docs/keys.py`."""

from __future__ import annotations

import json
from pathlib import Path

from textual.binding import Binding

from docs.commands import table
from engine.writing.settings import SETTINGS
from tui.app import HeloApp
from tui.configure import TOP, key_tables
from tui.help import key_rows
from tui.keys import KeyNames
from tui.write.command import SCREEN
from tui.write.slash import FORMS, commands

KEYS = Path(__file__).with_name("keys.md")
CONFIG = Path(__file__).with_name("config.md")
_KEYS = """\
# Keys

This page is made from the program by `make docs`. F1 shows the same for the screen that is open. Any key
can be changed by its id in [config.toml](config.md). The keys of a row do the same, or belong together.
"""
_COMMANDS = """\
## Slash commands

Typed in Write's prompt input. A menu completes them as you type.

"""
_CONFIG = """\
# config.toml

`helo config` writes this file, with every key in it as a comment; `helo paths` says where it lies. helo
itself only reads it, when it starts, and never changes it. What stands there wins over what helo remembers
from the last time; options of a command win over both. A line that helo does not understand is skipped and
reported, and the rest counts. This page is made from the program by `make docs`.

## An example

```toml
theme = "nord"

[sampling]
temperature = 0.7
top-p = 0.9

[keys]
"app.train" = "f9,ctrl+t"
"write.run" = "r"
```

"""
_TOP = "## Outside all tables\n\n"
_SAMPLING = """
## [sampling]

How a character is drawn, in the app and in `helo sample`. The values shown here change nothing.

"""
_REMAP = """
## [keys]

A binding's id, and the keys it should have, as text; several are separated by commas. Letters stand for
themselves, capitals too; other keys have names, such as `f6`, `ctrl+t`, `space`, `left` or `pagedown`. If a
key is taken from another binding of the same screen, helo says so when it starts. All ids, with their keys
and meanings, are in [Keys](keys.md).
"""


def keys_page() -> str:
    names = KeyNames(HeloApp("").get_key_display, {})
    parts = [_KEYS]
    for title, found in key_tables():
        own = [b for b in found if isinstance(b, Binding) and b.id]
        rows = [(f"`{keys}`", about, f"`{id}`") for keys, about, id in key_rows(own, names)]
        parts.append(f"## {title}\n\n{table(('keys', 'meaning', 'id'), rows)}")
    told = [(f"`{c.usage}`", c.about_on_screen(names.of)) for c in commands(SCREEN)]
    told += [(f"`{typed}`", about) for typed, about in FORMS]
    return "\n".join([*parts, _COMMANDS + table(("command", "meaning"), told)])


def config_page() -> str:
    top = [(f"`{word} = {json.dumps(value)}`", about) for word, (value, about) in TOP.items()]
    sampling = [
        (f"`{setting.word} = {json.dumps(setting.off)}`", setting.help.format(setting.letter))
        for setting in SETTINGS.values()
    ]
    head = ("line", "meaning")
    return _CONFIG + _TOP + table(head, top) + _SAMPLING + table(head, sampling) + _REMAP


if __name__ == "__main__":
    KEYS.write_text(keys_page(), encoding="utf-8")
    CONFIG.write_text(config_page(), encoding="utf-8")

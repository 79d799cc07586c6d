"""A model as one HTML file that writes in any browser, from a file, without a network.

The page is made of the files in `page/`. It may run that one script and use that one style sheet, known by
their hashes, and may connect to nothing. Everything of the model's is text to it, or data.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import asdict
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

import numpy as np

from engine.cells import CELLS
from engine.characters import BLANKS, alone
from engine.network.modelfile import Model, fits_float16
from engine.network.parameters import count, rows
from engine.vocab import Alphabet

_PAGE = Path(__file__).parent / "page"
_SCRIPTS = ("network.js", "alphabet.js", "writing.js", "page.js")
_LICENCE = re.compile(r"^\W*licen[cs]e\W+(.+)$", re.IGNORECASE | re.MULTILINE)


def write(model: Model, card: str = "") -> dict[str, bytes]:
    """The page, with the text of the model's card."""
    style = _read("page.css")
    script = '"use strict";\n' + "\n".join(map(_read, _SCRIPTS))
    dtype = "float16" if fits_float16(model.weights) else "float32"
    page = Template(_read("page.html")).substitute(
        policy=f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; "
        "base-uri 'none'; form-action 'none'",
        name=escape(model.name),
        facts=escape(" · ".join(_facts(model, card))),
        card=_CARD.format(escape(card.strip())) if card.strip() else "",
        style=style,
        script=script,
        model=_inert(_about(model, dtype)),
        weights="\n".join(_weights(model, dtype)),
    )
    return {".html": page.encode()}


_CARD = '<details>\n<summary>about the model</summary>\n<div class="card">{}</div>\n</details>'


def _read(name: str) -> str:
    return (_PAGE / name).read_text("utf-8")


def _source(text: str) -> str:
    """What a policy calls an inline script or style sheet."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _inert(data: object) -> str:
    """JSON in which nothing ends the element that it stands in."""
    return json.dumps(data).replace("<", "\\u003c")


def _facts(model: Model, card: str) -> list[str]:
    """What it is, where it comes from, and what may be done with it."""
    V, history = len(model.alphabet), model.history
    unit = {"char": "characters", "byte": "bytes"}[model.alphabet.units]
    facts = [str(model.config), f"{count(model.config, V):,} parameters", f"{V:,} {unit}"]
    if history.corpus:
        facts.append(f"trained on {history.corpus}")
    if history.best_val_nats is not None:
        facts.append(f"{history.best_val_nats / np.log(2):.2f} bits a character")
    found = _LICENCE.search(card)
    return [*facts, f"licence: {found[1].strip()}" if found else "no licence stated"]


def _about(model: Model, dtype: str) -> dict[str, object]:
    """What the script has to know."""
    known = model.alphabet
    return {
        "config": asdict(model.config),
        "states": len(CELLS[model.config.cell].states),
        "alphabet": {"symbols": known.symbols, "units": known.units, "names": _names(known)},
        "newline": known.ids.get("\n", -1),
        "shapes": {name: W.shape for name, W in model.weights.items()},
        "rows": rows(model.config),
        "type": dtype,
    }


def _names(alphabet: Alphabet) -> list[str]:
    """How a list shows each symbol."""

    def name(symbol: str) -> str:
        if alphabet.units == "byte" and ord(symbol) >= 0x80:
            return f"{ord(symbol):02X}"
        return BLANKS.get(symbol) or alone(symbol)

    return list(map(name, alphabet.symbols))


def _weights(model: Model, dtype: str) -> list[str]:
    """An element for each parameter, in base64; what is multiplied with is in column order."""
    read = rows(model.config)
    kind = np.dtype(dtype).newbyteorder("<")

    def element(name: str, W: np.ndarray) -> str:
        values = (W if name in read else W.T).astype(kind).tobytes()
        return f'<script type="text/plain" id="{name}">{b64encode(values).decode()}</script>'

    return [element(name, W) for name, W in model.weights.items()]

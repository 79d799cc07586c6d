"""`python -m tests.bench.panels [TURNS]`: how fast do keys walk with a panel of Inspect open?

For each panel, in a terminal of 140 by 45 and a text of 600 characters of the bundled model, prints as JSON
the 95th percentiles of the milliseconds until a key is answered, `first` by the cursor in the text, and
`all` by everything that it changes, as far as that comes within a tenth of a second of the last.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

import numpy as np

from tests.app_terminal import AppTerminal

_PANELS = {"1": "why", "2": "how far back", "3": "gates", "4": "units"}
_LEFT, _RIGHT, _F4, _ESC = "\x1b[D", "\x1b[C", "\x1bOS", "\x1b"
_QUIET = 0.1
"""Seconds without anything painted after which a key is answered."""
_SETTLES = 12.0
"""Seconds for what a panel measures when it is opened."""


def answer(app: AppTerminal, key: str) -> tuple[float, float]:
    """Milliseconds until a key changes something, and until all of it is painted."""
    app.read_for(_QUIET)
    begin = time.perf_counter()
    app.send(key)
    painted, first, end = b"", 0.0, begin
    while not first or time.perf_counter() < end + _QUIET:
        if new := app.next(_QUIET):
            painted, end = painted + new, time.perf_counter()
            first = first or end
    app.draw(painted)
    return 1000 * (first - begin), 1000 * (end - begin)


def main(turns: str = "40") -> None:
    with tempfile.TemporaryDirectory() as home:
        app = AppTerminal((140, 45), {"HELO_HOME": home}, "-m", "shakespeare")
        app.until(lambda text: "continues it" in text)
        for line in ("/speed max", "/length 600", "/seed 1", "ROMEO:"):
            app.send(f"{line}\r")
            app.read_for(0.3)
        app.until(lambda text: "done: Enter continues" in text)
        app.send(_F4)
        app.until(lambda text: "log-odds" in text)
        found = {}
        for key, name in _PANELS.items():
            app.send(key)
            app.read_for(_SETTLES)
            keys = [_LEFT, _LEFT, _RIGHT, _LEFT] * int(turns)
            first, whole = zip(*(answer(app, each) for each in keys), strict=True)
            found[name] = {
                "first": round(float(np.percentile(first, 95))),
                "all": round(float(np.percentile(whole, 95))),
            }
        app.child.close(force=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

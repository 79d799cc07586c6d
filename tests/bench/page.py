"""`python -m tests.bench.page`: characters a second with the bundled model, by turns, of the page that it
is exported as, in Chromium, and of helo in one thread."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from threadpoolctl import threadpool_limits

from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.runs.library import DEFAULT_MODEL, open_model
from engine.writing.generate import Generation
from tests.browser import browsing
from tests.exported_page import Page

PROMPT, LENGTH, TURNS = "ROMEO:", 1000, 5


def by_helo(model: Model, seed: int) -> str:
    with threadpool_limits(1):
        ids = model.alphabet.encode(PROMPT)
        generation = Generation(Stepper(model), ids, seed=seed, rewinds=False)
        while len(generation) < len(PROMPT) + LENGTH:
            generation.advance()
    return generation.text


def main() -> None:
    model = open_model(DEFAULT_MODEL)
    speeds: dict[str, list[float]] = {"page": [], "helo": []}
    with tempfile.TemporaryDirectory() as folder, browsing() as browser:
        page = Page(browser, model, Path(folder) / "page.html")
        page.write(PROMPT, 50, 0)  # decodes the weights
        for seed in range(TURNS):
            begun = time.perf_counter()
            written = page.write(PROMPT, LENGTH, seed)
            between = time.perf_counter()
            assert written == by_helo(model, seed)
            speeds["page"].append(LENGTH / (between - begun))
            speeds["helo"].append(LENGTH / (time.perf_counter() - between))
    for name, found in speeds.items():
        print(f"{name}: {max(found):.0f} characters a second at best, {min(found):.0f} at worst")
    print(f"ratio of the best: {max(speeds['page']) / max(speeds['helo']):.2f}")


if __name__ == "__main__":
    main()

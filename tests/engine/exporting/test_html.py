"""The page that a model is exported as, in a real browser, from a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from selenium.webdriver import Keys
from selenium.webdriver.support.wait import WebDriverWait

from engine.cells import CELLS
from engine.characters import BLANKS
from engine.config import ModelConfig
from engine.network.modelfile import History, Model
from engine.network.parameters import shapes
from engine.network.stepper import Stepper, log_softmax
from engine.vocab import Alphabet, normalise
from engine.writing.generate import Generation
from engine.writing.sampling import Sampler, uniform
from engine.writing.settings import SamplingConfig
from tests.browser import requested
from tests.conftest import SONNET
from tests.exported_page import Page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

Open = Callable[..., "Page"]


LETTERS = Alphabet(tuple(sorted(set(SONNET))))
BYTES = Alphabet(tuple(map(chr, (10, 32, 101, 128, 166, 226))), "byte")


def small(cell: str = "lstm", alphabet: Alphabet = LETTERS, **options: bool) -> Model:
    """A model whose every parameter is some random number, small enough that no error grows."""
    config, rng = ModelConfig(cell, 10, 2, **options), np.random.default_rng(0)
    weights = {
        name: rng.uniform(-0.5, 0.5, shape).astype(np.float16).astype(np.float32)
        for name, shape in shapes(config, len(alphabet)).items()
    }
    return Model("small", config, alphabet, weights, History("sonnet"))


@pytest.fixture
def page(browser: Chrome, tmp_path: Path) -> Open:
    """Export a model and open the page."""

    def opened(model: Model, card: str = "") -> Page:
        return Page(browser, model, tmp_path / "page.html", card)

    return opened


def written(model: Model, prompt: str, length: int, seed: int, **settings: Any) -> str:
    """What helo writes."""
    ids = model.alphabet.fit(prompt).ids
    generation = Generation(Stepper(model), ids, SamplingConfig(**settings), seed)
    while len(generation) < len(ids) + length:
        generation.advance()
    return generation.text


STACKED = {"layer_norm": True, "residual": True}
MODELS = [
    *(small(cell) for cell in CELLS),
    small("lstm", **STACKED),
    small("mlstm", **STACKED, lines=True),
    small("gru", BYTES, lines=True),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.config))
def test_it_writes_what_helo_writes(page: Open, browser: Chrome, model: Model) -> None:
    shown = page(model)
    requested(browser)
    for prompt, seed in (("Shall e… \n", 3), ("", 2**63 - 1)):
        assert shown.write(prompt, 200, seed) == written(model, prompt, 200, seed)
    assert requested(browser) == []


def test_what_is_drawn_is_helos_to_the_bit(page: Open) -> None:
    shown = page(small())
    places = [(seed, i) for seed in (0, 1, 2**32 - 1, 2**63 - 1) for i in (0, 1, 7, 10**6)]
    found = shown.ask(
        "a[0].map(([seed, i]) => uniform(BigInt(seed), i))", [[str(s), i] for s, i in places]
    )
    assert found == [uniform(*place) for place in places]


def test_the_filters_are_helos(page: Open) -> None:
    model, rng = small(), np.random.default_rng(0)
    shown, V = page(model), len(model.alphabet)
    for temperature in (1.0, 0.0, 0.3, 4.0):
        for top_k, top_p in ((0, 1.0), (1, 0.5), (5, 0.8), (V + 3, 0.05), (0, 0.999)):
            logits = rng.normal(0, 3, V).round(1)  # some are equal
            config = SamplingConfig(temperature=temperature, top_k=top_k, top_p=top_p)
            wanted, _ = Sampler(config, model.alphabet).distribution(log_softmax(logits))
            found = shown.ask(
                "(() => { const q = FILTERS.reduce((p, f) => f(p, a[1]), logSoftmax(a[0])).map(Math.exp);"
                " const sum = q.reduce((x, y) => x + y); return [...q].map((x) => x / sum) })()",
                logits.tolist(),
                {"temperature": temperature, "topK": top_k, "topP": top_p},
            )
            np.testing.assert_allclose(found, wanted, atol=1e-12)
    settings = {"temperature": 0.7, "top_k": 9, "top_p": 0.9}
    own = {"temperature": 0.7, "topK": 9, "topP": 0.9}
    assert shown.write("Shall", 100, 5, **own) == written(model, "Shall", 100, 5, **settings)


@pytest.mark.parametrize(
    "symbols, units",
    [
        (SONNET, "char"),
        ('ab"-e\u0301 \n', "char"),
        ("\u00e9ABC..", "char"),
        ("abc\xc3\xa9", "byte"),
    ],
)
def test_a_prompt_is_read_as_helo_reads_it(page: Open, symbols: str, units: str) -> None:
    alphabet = Alphabet(tuple(sorted(set(symbols))), units)
    shown = page(small("rnn", alphabet))
    prompts = [
        "",
        "a\r\nb\rc\n",
        "\ufeffa",
        "“a”—‘b’…",
        "caf\u00e9",
        "cafe\u0301",
        "ﬁ ABC",
        "Œ☃\U0001f600",
    ]
    found = [shown.ask("alphabet.fit(a[0]).ids", prompt) for prompt in prompts]
    assert found == [alphabet.fit(normalise(prompt)).ids.tolist() for prompt in prompts]
    shown.write("a☃", 1, 0)
    assert "left out: ☃" in shown.status or units == "byte"


def test_walking_back_and_taking_another(page: Open) -> None:
    model = small()
    shown = page(model)
    whole = shown.write("Shall I", 100, 3)
    shown.press(*[Keys.ARROW_LEFT] * 60)
    assert shown.text == whole and shown.ask("$('after').textContent") == whole[-60:]
    generation = Generation(Stepper(model), model.alphabet.fit("Shall I").ids, seed=3)
    while len(generation) < 107:
        generation.advance()
    came = generation.step(47)
    names = [candidate.char for candidate in came.prediction.top]
    assert [name for name, *_ in shown.candidates[:10]] == [BLANKS.get(c, c) for c in names]
    assert shown.candidates[0][1] == f"{came.prediction.top[0].prob:.2%}".replace("%", " %")
    rank = next(i for i, name in enumerate(names, 1) if name != came.char)
    shown.press(str(rank))
    assert shown.text == whole[:47] + names[rank - 1]
    generation.rewind(47)
    generation.force(generation.alphabet.ids[names[rank - 1]])
    shown.press("T", "T", Keys.ARROW_RIGHT, " ")
    generation.sampling = SamplingConfig(temperature=1.1)
    shown.paused()
    while len(generation) < len(shown.text):
        generation.advance()
    assert len(generation) > 100 and shown.text == generation.text


def test_nothing_of_the_models_is_more_than_text(page: Open, browser: Chrome) -> None:
    mark_up = "</script><script>document.title = 'broken'</script><img src=http://a.invalid/b.png>"
    alphabet = Alphabet(tuple(sorted({*mark_up, "&", "\u202e", "\x1b", "\ud800", "\u2028"})))
    history = History(mark_up, command=mark_up)
    model = replace(small("gru", alphabet), name=f"$style {mark_up}", history=history)
    requested(browser)
    shown = page(model, f"- licence: {mark_up}\n{mark_up}")
    assert browser.title == f"{model.name} · helo"
    assert shown.ask("document.querySelector('details').textContent").count(mark_up) == 2
    assert shown.ask("document.querySelectorAll('img, [onerror]').length") == 0
    assert shown.write(mark_up, 50, 1).startswith(mark_up)
    generation = written(model, mark_up, 50, 1)
    assert len(shown.text) == len(generation)
    assert not {"\u202e", "\x1b", "\ud800", "\u2028"}.intersection(shown.text)
    assert len(requested(browser)) == 1


def test_no_script_but_its_own_can_run_and_nothing_can_be_fetched(
    page: Open, browser: Chrome
) -> None:
    shown = page(small())
    requested(browser)
    shown.ask(
        "(() => { const it = document.createElement('script'); it.text = 'document.title = 1';"
        " document.head.append(it); new Image().src = 'http://a.invalid/b.png';"
        " fetch('http://a.invalid').catch(() => {}) })()"
    )
    told = list[str]()
    refused = ("inline script", "'http://a.invalid/b.png'", "'http://a.invalid/'")

    def all_refused(_: object) -> bool:
        told.extend(entry["message"] for entry in browser.get_log("browser"))
        return all(any(each in message for message in told) for each in refused)

    WebDriverWait(browser, 60, 0.05).until(all_refused)
    assert browser.title == "small · helo" and requested(browser) == []


def test_fields_that_are_wrong_begin_nothing(page: Open) -> None:
    shown = page(small())
    shown.set(seed="x")
    shown.ask("$('form').requestSubmit()")
    assert shown.status == "" and shown.text == ""
    shown.press("1", " ", Keys.ARROW_LEFT, "T")  # with nothing written yet
    assert shown.status == ""


def test_weights_that_float16_lacks_are_float32(page: Open) -> None:
    model = small("rnn")
    model.weights["head.b_y"][:] = 70_000.25
    shown = page(model)
    assert shown.ask("network = new Network(model, (name) => $(name).textContent)") is not None
    assert shown.ask("network.b_y[0]") == 70_000.25


def test_logits_that_overflow_are_told(page: Open) -> None:
    model = small("rnn-relu")
    model.weights["layers.0.W_hh"][:] = 6e4
    shown = page(model)
    shown.set(prompt="Shall I compare thee")
    shown.ask("$('form').requestSubmit()")
    WebDriverWait(shown.browser, 60, 0.05).until(lambda _: "overflow" in shown.status)


def test_what_it_is_stands_above(page: Open, browser: Chrome) -> None:
    history = History("sonnets", best_val_nats=1.5)
    shown = page(replace(small(), history=history), "# small\n\n- Licence: MIT\n")
    facts = shown.ask("document.querySelector('header').innerText")
    for fact in ("lstm 10×2", "trained on sonnets", "2.16 bits a character", "licence: MIT"):
        assert fact in facts
    assert "no licence stated" in page(small()).ask("document.querySelector('header').innerText")

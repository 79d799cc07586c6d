"""The page that a model is exported as, written with as a person would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.support.wait import WebDriverWait

from engine.exporting import forms
from engine.network.modelfile import Model


class Page:
    """The page of a model, open in a browser."""

    def __init__(self, browser: Chrome, model: Model, path: Path, card: str = "") -> None:
        self.browser = browser
        [data] = forms.export(model, "html", path, card).values()
        path.write_bytes(data)
        browser.get_log("browser")
        browser.get(path.as_uri())
        assert browser.get_log("browser") == []

    def ask(self, script: str, *arguments: Any) -> Any:
        """What an expression gives; a[0], a[1]… are the arguments."""
        return self.browser.execute_script(f"const a = arguments; return {script}", *arguments)

    def set(self, **fields: object) -> None:
        for name, value in fields.items():
            self.ask("$(a[0]).value = a[1]", name, str(value))
        self.ask("$('form').dispatchEvent(new Event('input'))")

    def write(self, prompt: str, length: int, seed: int, **fields: object) -> str:
        """Write a text to its end."""
        self.set(
            prompt=prompt, length=length, seed=seed, speed=self.ask("SPEEDS.length - 1"), **fields
        )
        self.ask("$('form').requestSubmit()")
        self.paused()
        return self.text

    def paused(self) -> None:
        WebDriverWait(self.browser, 60, 0.05).until(lambda _: self.status.startswith("paused"))

    def press(self, *keys: str) -> None:
        ActionChains(self.browser).send_keys(*keys).perform()

    @property
    def status(self) -> str:
        return str(self.ask("$('status').textContent"))

    @property
    def text(self) -> str:
        return str(self.ask("$('text').textContent"))

    @property
    def candidates(self) -> list[list[str]]:
        """Name, model and sampled of each, as they are shown."""
        return self.ask(
            "[...$('next').children].filter((item) => !item.hidden).map((item) => "
            "[...item.querySelectorAll('span')].slice(1).map((each) => each.textContent))"
        )

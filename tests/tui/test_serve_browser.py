"""`helo serve` as a person meets it: in a browser."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import pyte
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.tui.test_serve import PATIENCE, Served, alive, served

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

__all__ = ["served"]  # a fixture
_SIZE = (300, 100)
"""Columns and rows of any browser's window and more."""


def test_a_person_types_and_sees_text_grow(browser: Chrome, served: Served) -> None:
    screen = pyte.Screen(*_SIZE)
    stream = pyte.ByteStream(screen)
    asked = list[str]()

    def text() -> str:
        """What the terminal of the page has been told to show."""
        for entry in browser.get_log("performance"):
            told = json.loads(entry["message"])["message"]
            if told["method"] == "Network.webSocketFrameReceived":
                frame = told["params"]["response"]
                if frame["opcode"] == 2:
                    stream.feed(base64.b64decode(frame["payloadData"]))
            elif told["method"] == "Network.requestWillBeSent":
                asked.append(told["params"]["request"]["url"])
        return "\n".join(screen.display)

    def until(pattern: str) -> None:
        WebDriverWait(browser, PATIENCE, 0.1).until(lambda _: re.search(pattern, text()))

    text()
    asked.clear()
    browser.get_log("browser")
    browser.get(served.address)
    until("PROMPT")
    ActionChains(browser).send_keys("Shall", Keys.ENTER).perform()
    until(r"Shall[^│]{10}")
    assert asked and all(url.startswith(served.address) for url in asked)
    assert [each for each in browser.get_log("browser") if each["level"] == "SEVERE"] == []
    [app] = served.apps
    browser.get("about:blank")
    WebDriverWait(browser, 5, 0.05).until(lambda _: not alive(app))

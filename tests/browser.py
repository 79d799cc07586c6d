"""A browser for tests: Chromium without a window. Tests that need one are skipped where there is none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

_OPTIONS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # which is small in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing leaves this machine
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    """One browser for all tests of a process."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs chromium and chromedriver")
    with browsing() as running:
        yield running


@contextmanager
def browsing() -> Iterator[Chrome]:
    """A browser."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for option in _OPTIONS:
        options.add_argument(option)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # which root cannot have
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    running = Chrome(options, ChromeService(shutil.which("chromedriver")))
    try:
        yield running
    finally:
        running.quit()


def requested(browser: Chrome) -> list[str]:
    """The addresses that pages have asked for since the last call, their own included, without those that
    the browser was told to block."""
    asked, blocked = dict[str, str](), set[str]()
    for entry in browser.get_log("performance"):
        told = json.loads(entry["message"])["message"]
        if told["method"] == "Network.requestWillBeSent":
            asked[told["params"]["requestId"]] = told["params"]["request"]["url"]
        elif told["method"] == "Network.loadingFailed" and told["params"].get("blockedReason"):
            blocked.add(told["params"]["requestId"])
    return [url for id, url in asked.items() if id not in blocked]

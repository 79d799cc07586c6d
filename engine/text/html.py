"""Pages of HTML: their readable text, and their links.

`python -P -m engine.text.html FILE URL CHARSET` reads one and answers as JSON. It is a process of its own
because the time this takes grows with the square of how deep a page is nested: one too deep is given up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from engine.errors import WebError, exit_status
from engine.text.web import is_address, shown

_PATIENCE = 30.0
_LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Page:
    """What a reader would read, an empty line after each paragraph; and the addresses on the same host that
    the page links to, each once, in its order."""

    text: str
    links: list[str]


def read(
    file: Path, url: str, charset: str | None = None, look: Callable[[], object] = lambda: None
) -> Page:
    """The page in `file`, which was found at `url`. `charset` is what the server says; where it says
    nothing, the page or its bytes tell. `look` is called now and then, and may raise, to stop.

    Raises WebError where that takes too long or fails.
    """
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine.text.html", str(file), url, charset or ""],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=sys.prefix,
    )
    try:
        for _ in range(round(_PATIENCE / _LOOK_EVERY)):
            with suppress(subprocess.TimeoutExpired):
                out, _ = child.communicate(timeout=_LOOK_EVERY)
                return Page(**json.loads(out))
            look()
        raise WebError(f"{shown(url)} is given up: no text was found in it for {_PATIENCE:g} s")
    except ValueError as error:  # it ended without an answer
        raise WebError(f"{shown(url)} cannot be read as a page") from error
    finally:
        child.kill()
        child.communicate()


def parse(html: bytes, url: str, charset: str | None = None) -> Page:
    """`read` of the bytes of a page, in this process."""
    from resiliparse.parse.encoding import bytes_to_str

    decoded = bytes_to_str(html, _encoding(html, charset), errors="replace")
    return Page(_text(decoded), _links(decoded, url))


def _encoding(html: bytes, charset: str | None) -> str:
    """What the server says, else UTF-8 where it can be that, else what the page says or its bytes tell."""
    from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

    said = map_encoding_to_html5(charset or "", fallback_utf8=False)
    if not said:
        try:
            html.decode()
        except UnicodeDecodeError:
            said = detect_encoding(html, from_html_meta=True)
    return said or "utf-8"


def _text(html: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(html)
    plain = extract_plain_text(tree, main_content=True, alt_texts=False)
    plain = plain or extract_plain_text(tree, alt_texts=False)
    lines = groupby((line.rstrip() for line in plain.splitlines()), bool)
    paragraphs = ("\n".join(group) for full, group in lines if full)
    return "".join(f"{paragraph}\n\n" for paragraph in paragraphs)


class _Anchors(HTMLParser):
    """Where the links of a page lead, as it writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.targets += [value for name, value in attrs if name == "href" and value]


def _links(html: str, url: str) -> list[str]:
    anchors = _Anchors()
    anchors.feed(html)
    host, found = urlsplit(url).netloc, dict[str, None]()
    for target in anchors.targets:
        with suppress(ValueError):  # no address
            link = urldefrag(urljoin(url, target.strip())).url
            if is_address(link) and urlsplit(link).netloc == host:
                found[link] = None
    found.pop(urldefrag(url).url, None)
    return list(found)


def main() -> None:
    """The process."""
    file, url, charset = sys.argv[1:]
    print(json.dumps(asdict(parse(Path(file).read_bytes(), url, charset))))


if __name__ == "__main__":
    sys.exit(exit_status(main))

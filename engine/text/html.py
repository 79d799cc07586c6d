"""Readable text and links from HTML pages.

`python -P -m engine.text.html FILE CHARSET` reads a page, whose address it gets on stdin, and prints it as
JSON. It runs in a process of its own, which is killed if it takes too long: the time grows with the square
of a page's nesting depth.
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
from tempfile import TemporaryFile
from urllib.parse import urldefrag, urljoin, urlsplit

from engine.errors import WebError, exit_status
from engine.text.web import is_address, shown
from engine.words import shortened

_PATIENCE = 30.0
_LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Page:
    """The readable text of a page, with an empty line after each paragraph, and the addresses on the same
    host that it links to, without duplicates, in order of appearance."""

    text: str
    links: list[str]


def read(
    file: Path, url: str, charset: str | None = None, look: Callable[[], object] = lambda: None
) -> Page:
    """Read the page in `file`, which was found at `url`.

    `charset` is what the server said; if it said nothing, the page or its bytes decide. `look` is called
    ten times per second and may raise an exception to stop. Raises WebError if reading fails or takes too
    long.
    """
    with TemporaryFile() as address:  # it may hold a password, and anyone can list commands
        address.write(url.encode("utf-8", "surrogatepass"))
        address.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.text.html", str(file), charset or ""],
            stdin=address,
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
        raise WebError(
            f"gave up on {shortened(shown(url))}: no text was found in it in {_PATIENCE:g} s"
        )
    except ValueError as error:  # it ended without an answer
        raise WebError(f"{shortened(shown(url))} cannot be read as a page") from error
    finally:
        child.kill()
        child.communicate()


def parse(html: bytes, url: str, charset: str | None = None) -> Page:
    """Same as `read`, for the bytes of a page, in this process."""
    from resiliparse.parse.encoding import bytes_to_str

    decoded = bytes_to_str(html, _encoding(html, charset), errors="replace")
    return Page(_text(decoded), _links(decoded, url))


def _encoding(html: bytes, charset: str | None) -> str:
    """The server's charset if it gave one; else UTF-8 if the bytes are valid UTF-8; else what the page
    declares or its bytes suggest."""
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
    """Collects the targets of a page's links, as they are written."""

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
        with suppress(ValueError):  # not a valid address
            link = urldefrag(urljoin(url, target.strip())).url
            if is_address(link) and urlsplit(link).netloc == host:
                found[link] = None
    found.pop(urldefrag(url).url, None)
    return list(found)


def main() -> None:
    """The entry point of the process."""
    file, charset = sys.argv[1:]
    url = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
    print(json.dumps(asdict(parse(Path(file).read_bytes(), url, charset))))


if __name__ == "__main__":
    sys.exit(exit_status(main))

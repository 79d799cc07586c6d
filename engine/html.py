"""Pages of HTML: their readable text, and their links."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from engine.web import is_address

if TYPE_CHECKING:
    from resiliparse.parse.html import HTMLTree


def text(html: bytes, charset: str | None = None) -> str:
    """What a reader would read of a page: paragraphs with an empty line after each, without navigation.

    `charset` is what the server says; where it says nothing, the page or its bytes tell.
    """
    from resiliparse.extract.html2text import extract_plain_text

    tree = _tree(html, charset)
    plain = extract_plain_text(tree, main_content=True, alt_texts=False)
    plain = plain or extract_plain_text(tree, alt_texts=False)
    lines = groupby((line.rstrip() for line in plain.splitlines()), bool)
    paragraphs = ("\n".join(group) for full, group in lines if full)
    return "".join(f"{paragraph}\n\n" for paragraph in paragraphs)


def links(html: bytes, url: str, charset: str | None = None) -> list[str]:
    """The pages of the same host that a page at `url` links to, each once, in its order."""
    document = _tree(html, charset).document
    host, found = urlsplit(url).netloc, dict[str, None]()
    for anchor in document.query_selector_all("a[href]") if document else ():
        try:
            target = urldefrag(urljoin(url, (anchor.getattr("href") or "").strip())).url
            if is_address(target) and urlsplit(target).netloc == host:
                found[target] = None
        except ValueError:  # no address
            continue
    found.pop(urldefrag(url).url, None)
    return list(found)


def _tree(html: bytes, charset: str | None) -> HTMLTree:
    from resiliparse.parse.encoding import bytes_to_str
    from resiliparse.parse.html import HTMLTree

    return HTMLTree.parse(bytes_to_str(html, _encoding(html, charset), errors="replace"))


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

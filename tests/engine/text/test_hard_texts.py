"""Small texts that went wrong once, where they lie beside the checkout: what becomes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import CorpusError
from engine.text import sources
from engine.text.sources import Reading
from engine.vocab import Alphabet

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "hard"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs shared/data")


def added(name: str, **reading: str) -> tuple[str, str, list[str]]:
    """A file as a corpus: its text, its encoding, and what was said."""
    made = sources.add(str(FOLDER / name), "made", Reading(**reading))  # type: ignore[arg-type]
    info = made.corpus.info
    return info.alphabet.decode(made.corpus.ids.tolist()), info.encoding, made.notes


@pytest.mark.parametrize(
    ("name", "length", "end"),
    [("min_cut.txt", 40, "caf"), ("fr_cut.txt", 20_001, "Zo"), ("cut_utf8.txt", 60_045, "caf")],
)
def test_utf8_that_is_cut_short(name: str, length: int, end: str) -> None:
    text, encoding, notes = added(name)
    assert encoding == "utf-8" and text.endswith(end) and "é" in text
    assert len(notes) == 1 and f"(byte {length:,})" in notes[0]


def test_utf8_with_one_bad_byte() -> None:
    with pytest.raises(CorpusError, match=r"broken UTF-8 .*byte 30,003, line 866.*--errors drop"):
        added("one_bad.txt")
    text, _, notes = added("one_bad.txt", errors="drop")
    assert "(1 place, the first at byte 30,003, line 866)" in notes[0] and "caf d baker" in text


@pytest.mark.parametrize("name", ["min_cesu.txt", "wtf8.txt"])
def test_pairs_of_surrogates(name: str) -> None:
    text, encoding, _ = added(name)
    assert "😀" in text and encoding == "cesu-8"


def test_one_nul() -> None:
    with pytest.raises(CorpusError, match=r"NUL .*byte 60,000, line 1,742.*--errors drop"):
        added("one_nul.txt")
    text, _, notes = added("one_nul.txt", errors="drop")
    assert len(text) == 86_226 and len(notes) == 1


def test_utf16_without_a_mark_and_thai_of_one_byte(tmp_path: Path) -> None:
    text, encoding, _ = added("utf16_nobom.txt")
    assert encoding == "utf-16-le" and "\r" not in text and text.startswith("The old")
    thai = (FOLDER / "thai.txt").read_text("utf-8")
    (tmp_path / "thai.txt").write_bytes(thai.encode("cp874"))
    assert sources.read(str(tmp_path / "thai.txt")) == thai


def test_both_forms_of_accents_are_read_alike() -> None:
    texts = {form: (FOLDER / f"fr_{form}.txt").read_text("utf-8") for form in ("nfc", "nfd")}
    for own in texts.values():
        alphabet = Alphabet(tuple(sorted(set(own))))
        for text in texts.values():
            fitted = alphabet.fit(text)
            assert alphabet.decode(fitted.ids.tolist()) == own and fitted.note == ""
    composed, *_ = added("fr_nfd.txt", normalise="nfc")
    assert composed == texts["nfc"]

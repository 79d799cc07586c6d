"""Detects the encoding of a text from its bytes."""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16's mark, with which it begins
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
"""A character beyond U+FFFF in CESU-8, which writes each half of its surrogate pair as three bytes."""
HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
"""One half of such a pair."""
_USUAL = (
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
)
"""Common encodings of text that is not UTF-8. If several fit equally well, the first of them is taken."""
_OLD = ("mac_roman", "cp437")
"""Western encodings of old machines. All bytes are valid in them, so only whether the text makes sense can
tell."""
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")

_SURE = 2
"""How many good characters beyond ASCII per bad byte make a text UTF-8 with flaws."""
_ENOUGH = 32
"""How many characters it takes to detect UTF-16 if few of its bytes are NUL."""
_CLEAR = 0.95
_BETTER = 0.1
"""How much larger the share of characters that make sense must be in an old encoding than in a common
one."""
_LOOK = 1 << 16
"""The most characters that are checked for sense."""
_BEHIND_LETTER = re.compile(r"([A-Za-z])([^\x00-\x7f])(?=(.?))", re.DOTALL)
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüÿœßªº")
_JOINING = frozenset("’–—…")
_CLOSING = frozenset("”“»«›‹‘°©®™\xa0")
_STANDING = _WESTERN | _JOINING | _CLOSING | frozenset("„¡¿§£•") | {c.upper() for c in _WESTERN}
_THAI = range(0x0E01, 0x0E2F)
"""The Thai consonants."""
_THAI_SIGN = re.compile("(.)[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]|[\u0e40-\u0e44](.)", re.DOTALL)
"""A sign that belongs above, below or before a consonant, and the character there."""
_THAI_RARE = re.compile("[\u0e3a\u0e4d-\u0e5b]")
"""Digits, and signs that only old texts use."""
_THAI_LEAST = 8


def looks_utf8(data: bytes) -> bool:
    """Whether bytes that are not valid UTF-8 are UTF-8 text with flaws, or cut out of such text."""
    data = HALF.sub(b"\xff", PAIR.sub("\U0001f600".encode(), data))
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd") - data.count("\ufffd".encode())
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    return good > 0 and good >= _SURE * (bad - bool(_begun(data)))


def _begun(data: bytes) -> bytes:
    """The incomplete UTF-8 character at the end of the bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data[-4:])
    return decoder.getstate()[0]


def only_begins(tail: bytes) -> bool:
    """Whether `tail`, the only bytes beyond ASCII in a text and its last, is an incomplete UTF-8 character.
    A single byte from 0xE0 to 0xF4 is taken as a letter: western encodings have lower-case letters
    there."""
    return len(tail) > 1 or not 0xE0 <= tail[0] <= 0xF4


def wide(data: bytes) -> str | None:
    """The UTF-16 or UTF-32 encoding of bytes with NULs and no byte-order mark; None if they are not text in
    one."""
    many = 4 * data.count(b"\0") >= len(data)
    if not many and looks_plain(data):
        return None
    found: dict[str, int] = {}
    for encoding in _WIDE:
        with suppress(UnicodeDecodeError):
            text = codecs.getincrementaldecoder(encoding)().decode(data[: 4 * _LOOK])
            ascii_ = len(text.encode("ascii", "ignore"))
            if len(text) >= (2 if many else _ENOUGH) and ascii_ and all(map(_in_texts, text)):
                found[encoding] = ascii_
    return max(found, key=found.__getitem__, default=None)


def looks_plain(data: bytes) -> bool:
    """Whether bytes are UTF-8 apart from a few NULs."""
    text = data.replace(b"\0", b"")
    if 10 * len(text) < 9 * len(data):
        return False
    return text[: -len(_begun(text)) or None].isascii() or looks_utf8(text)


def _in_texts(char: str) -> bool:
    return char in "\t\n\f\r" or unicodedata.category(char) not in ("Cc", "Cn", "Co", "Cs")


def detect(data: bytes, place: int, most: int) -> str | None:
    """The most likely encoding of the text around byte `place`, from at most `most` bytes on either side;
    None if it does not look like text."""
    first, last = max(0, place - most), place + most
    if first:  # cut at line ends, not within a character
        first = data.find(b"\n", first, place) + 1 or first
    last = data.rfind(b"\n", place, last) + 1 or last
    sample = data[first:last]
    with suppress(UnicodeDecodeError):
        sample.decode()
        return "utf-8"
    return _guess(sample)


def _guess(sample: bytes) -> str | None:
    usual = _usual(sample)
    with suppress(UnicodeDecodeError):
        if _is_thai(sample.decode("cp874")[:_LOOK]):
            return "cp874"
    senses = {encoding: _western_sense(sample.decode(encoding)[:_LOOK]) for encoding in _OLD}
    old = max(_OLD, key=senses.__getitem__)
    least = _sense(sample.decode(usual, "replace")[:_LOOK]) + _BETTER if usual else 0.0
    return old if senses[old] >= max(_CLEAR, least) else usual


def _usual(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=list(_USUAL), enable_fallback=False)
    if not (best := matches.best()):
        return None
    alike = {
        encoding
        for match in matches
        if (match.chaos, match.coherence) == (best.chaos, best.coherence)
        for encoding in match.could_be_from_charset
    }
    return next((encoding for encoding in _USUAL if encoding in alike), best.encoding)


def _sense(text: str) -> float:
    """Of the characters beyond ASCII that follow an ASCII letter, the share that make sense there; 1 if
    there are none."""
    found = [_fits(*match.groups()) for match in _BEHIND_LETTER.finditer(text)]
    return sum(found) / len(found) if found else 1.0


def _fits(before: str, char: str, after: str) -> bool:
    if char in _JOINING or (char in _CLOSING and not after.isalpha()):
        return True
    if not (char.isalpha() and unicodedata.name(char, "").startswith("LATIN")):
        return False
    return char.islower() or not char.isupper() or before.isupper()


def _western_sense(text: str) -> float:
    """`_sense` of a text in a western language; 0 if it is not one."""
    beyond = [char for char in text if char > "\x7f"]
    if not all(char.isprintable() or char in "\t\n\f\r\xa0" for char in text):
        return 0.0
    if sum(char in _STANDING for char in beyond) < _CLEAR * len(beyond):
        return 0.0
    return _sense(text)


def _is_thai(text: str) -> bool:
    """Whether the signs of the Thai script stand next to consonants."""
    if len(_THAI_RARE.findall(text)) > (1 - _CLEAR) * sum(map("\u0e00".__le__, text)):
        return False
    beside = [a or b for a, b in _THAI_SIGN.findall(text)]
    good = sum(ord(char) in _THAI or bool(_THAI_SIGN.match(f"x{char}")) for char in beside)
    return len(beside) >= _THAI_LEAST and good >= _CLEAR * len(beside)

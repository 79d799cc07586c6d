// Characters and their ids, as in helo's engine/vocab.py: a symbol is a character or a byte.

const TYPEWRITER = new Map([
  ..."‘’‚‛′‹›ʼ".split("").map((char) => [char, "'"]),
  ..."“”„‟″«»".split("").map((char) => [char, '"']),
  ..."‐‑‒–—―−".split("").map((char) => [char, "-"]),
  ..."\u2028\u2029\u0085".split("").map((char) => [char, "\n"]),
]);

/** The forms of a character that may stand for it, nearest first. */
function* plainer(char) {
  yield char.normalize("NFKC");
  yield char.normalize("NFKD");
  yield TYPEWRITER.get(char) ?? (/\s/.test(char) && char !== "\n" ? " " : char);
  const bare = char.normalize("NFKD").replace(/\p{M}/gu, "");
  yield* [bare, bare.toLowerCase(), bare.toUpperCase()];
}

/** Text in which nothing is invisible or turns what surrounds it round, character for character. */
function visible(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => {
    if ("\n\t\u200c\u200d".includes(char)) return char;
    return char < " " ? String.fromCharCode(0x2400 + char.charCodeAt(0)) : "\ufffd";
  });
}

class Alphabet {
  constructor({ symbols, units, names }) {
    this.symbols = Array.from(symbols);
    this.bytes = units === "byte";
    this.names = names;
    this.ids = new Map(this.symbols.map((symbol, id) => [symbol, id]));
    /** The id fed before a text that begins empty. */
    this.start = this.ids.get("\n") ?? 0;
  }

  /** A text as symbols, known or not. */
  of(text) {
    if (!this.bytes) return Array.from(text);
    return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  }

  knows(text) {
    return this.of(text).every((symbol) => this.ids.has(symbol));
  }

  /** The nearest form of an unknown symbol; empty if none is known. */
  simpler(symbol) {
    if (this.bytes) return "";
    return [...plainer(symbol)].find((form) => form && this.knows(form)) ?? "";
  }

  /** The ids of a text, and the characters that had to be left out. What is unknown takes the nearest form
   * that is known. */
  fit(text) {
    text = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
    const forms = [text.normalize("NFC"), text.normalize("NFD")];
    if (text !== forms[1]) forms.unshift(text);
    text = forms.find((form) => this.knows(form)) ?? forms[0];
    const ids = [], left = new Set();
    for (const symbol of this.of(text)) {
      const form = this.ids.has(symbol) ? symbol : this.simpler(symbol);
      if (!form) left.add(symbol);
      else for (const each of form) ids.push(this.ids.get(each));
    }
    return { ids, left };
  }

  /** The text of ids. */
  decode(ids) {
    const symbols = ids.map((id) => this.symbols[id]);
    if (!this.bytes) return symbols.join("");
    return new TextDecoder().decode(Uint8Array.from(symbols, (symbol) => symbol.charCodeAt(0)));
  }
}

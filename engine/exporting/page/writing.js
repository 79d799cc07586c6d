// From logits to a text, as in helo's engine/writing: the same prompt, seed and settings give the same text.

const SNAPSHOT_EVERY = 48, TOP = 10;

/** Log-probabilities from logits. */
function logSoftmax(logits) {
  const x = Float64Array.from(logits);
  const most = x.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = x.reduce((total, value) => total + Math.exp(value - most), 0);
  const log = Math.log(sum) + most;
  return x.map((value) => value - log);
}

/** The filters in their order. Each takes log-probabilities and gives them back, -Infinity for what is left
 * out. */
const FILTERS = [
  function temperature(logP, { temperature }) {
    if (temperature === 1) return logP;
    const most = logP.reduce((a, b) => Math.max(a, b), -Infinity);
    if (temperature > 0) return logSoftmax(logP.map((value) => (value - most) / temperature));
    const likeliest = logP.indexOf(most);
    return logP.map((_, id) => (id === likeliest ? 0 : -Infinity));
  },

  function topK(logP, { topK }) {
    if (topK <= 0 || topK >= logP.length) return logP;
    const least = logP.slice().sort()[logP.length - topK];
    return logP.map((value) => (value >= least ? value : -Infinity));
  },

  function topP(logP, { topP }) {
    if (topP >= 1) return logP;
    const order = Array.from(logP.keys()).sort((a, b) => logP[b] - logP[a] || a - b);
    let mass = 0;
    const masses = order.map((id) => (mass += Math.exp(logP[id])));
    const kept = logP.map(() => -Infinity);
    for (const [i, id] of order.entries()) {
      kept[id] = logP[id];
      if (masses[i] >= topP * mass) break;
    }
    return kept;
  },
];

const WORD = (1n << 64n) - 1n;

function mixed(z) {
  z = (z + 0x9e3779b97f4a7c15n) & WORD;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & WORD;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & WORD;
  return z ^ (z >> 31n);
}

/** The random number in [0, 1) of a place: it depends on the seed and the index alone (SplitMix64). */
function uniform(seed, index) {
  const z = (mixed(seed & WORD) + BigInt(index) * 0x9e3779b97f4a7c15n) & WORD;
  return Number(mixed(z) >> 11n) * 2 ** -53;
}

/** The symbol at u in [0, 1) of the cumulated distribution. */
function draw(probs, u) {
  const total = probs.reduce((a, b) => a + b, 0);
  let sum = 0;
  return probs.findIndex((p) => (sum += p) > u * total);
}

/** A text in the making. */
class Generation {
  /** `settings` may change at any time, and counts from the next draw on. */
  constructor(network, alphabet, prompt, settings, seed) {
    Object.assign(this, { network, prompt, settings, seed });
    /** What was written: {id, given, prob, prediction}. */
    this.steps = [];
    this.state = network.start;
    this.logP = null;
    if (!prompt.length) this.feed(alphabet.start);
    this.snapshots = [[this.logP, this.state]];
  }

  get length() {
    return this.steps.length;
  }

  /** Whether characters of the prompt remain to be read. */
  get reading() {
    return this.length < this.prompt.length;
  }

  /** The fewest characters that it can go back to. */
  get shortest() {
    return this.snapshots[0][0] ? 0 : 1;
  }

  feed(id) {
    const [logits, state] = this.network.step(id, this.state);
    if (!logits.every(Number.isFinite)) throw new Error("the weights are so large that the logits overflow");
    [this.logP, this.state] = [logSoftmax(logits), state];
  }

  /** What is believed of the next character: the entropy in bits, the likeliest with their probability by the
   * model and after the filters, and both distributions; null before the first one of a prompt. */
  predict() {
    if (!this.logP) return null;
    const filtered = FILTERS.reduce((logP, filter) => filter(logP, this.settings), this.logP);
    const probs = this.logP.map(Math.exp), sampled = filtered.map(Math.exp);
    const total = sampled.reduce((a, b) => a + b, 0);
    const entropy = -probs.reduce((sum, p, id) => sum + (p && p * this.logP[id]), 0) / Math.LN2;
    const order = probs.map((p, id) => (sampled[id] > 0 ? p : p - 1));
    const top = [];
    for (let id = 0; id < order.length; id++) {
      if (top.length === TOP && order[id] <= order[top[TOP - 1]]) continue;
      const at = top.findIndex((other) => order[other] < order[id]);
      top.splice(at < 0 ? top.length : at, 0, id);
      top.length = Math.min(top.length, TOP);
    }
    const candidate = (id) => ({ id, prob: probs[id], sampled: sampled[id] / total });
    return { entropy, top: top.map(candidate), candidate, sampled };
  }

  /** Read a character of the prompt, or draw one. */
  advance() {
    if (this.reading) return this.write(this.prompt[this.length]);
    this.write(draw(this.predict().sampled, uniform(this.seed, this.length)));
  }

  /** Write this character, however unlikely. */
  write(id) {
    const { entropy, top, candidate } = this.predict() ?? { entropy: 0, top: [], candidate: () => null };
    this.steps.push({ id, given: this.reading, entropy, top, came: candidate(id) });
    this.feed(id);
    if (this.length % SNAPSHOT_EVERY === 0) this.snapshots.push([this.logP, this.state]);
  }

  /** Keep the first n characters. */
  rewind(n) {
    const ids = this.steps.slice(0, n).map((step) => step.id), last = Math.floor(n / SNAPSHOT_EVERY);
    this.steps.length = n;
    this.snapshots.length = last + 1;
    [this.logP, this.state] = this.snapshots[last];
    for (const id of ids.slice(last * SNAPSHOT_EVERY)) this.feed(id);
    this.prompt = this.prompt.slice(0, n);
  }
}

// The network: a character's id and the state before it give logits and the state after, as in helo's
// engine/network/stepper.py. A state is never written to, so keeping one is keeping a snapshot.

/** Every float16 by its 16 bits; a model has no infinities. */
const HALVES = new Float32Array(1 << 16).map((_, bits) => {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction;
  return bits >> 15 ? -size : size;
});

/** Numbers from base64: float16 or float32, little end first. */
function numbers(base64, type) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  if (type === "float32") return new Float32Array(bytes.buffer);
  const values = new Float32Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) values[i] = HALVES[bytes[2 * i] | (bytes[2 * i + 1] << 8)];
  return values;
}

/** A matrix (V, n) that is multiplied with a one-hot vector: a row of it is read. */
class Rows {
  constructor(values, n) {
    Object.assign(this, { values, n });
  }

  /** Adds the row of an id to y (n). */
  add(id, y) {
    const start = id * this.n;
    for (let j = 0; j < this.n; j++) y[j] += this.values[start + j];
  }
}

/** A matrix (m, n) whose columns lie one after the other. */
class Columns {
  constructor(values, m) {
    Object.assign(this, { values, m });
  }

  /** Adds the product of x (m) with the matrix to y (n), four columns at a time. */
  add(x, y) {
    const W = this.values, m = this.m, n = y.length;
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      const A = j * m, B = A + m, C = B + m, D = C + m;
      let a = 0, b = 0, c = 0, d = 0;
      for (let i = 0; i < m; i++) {
        const value = x[i];
        a += value * W[A + i];
        b += value * W[B + i];
        c += value * W[C + i];
        d += value * W[D + i];
      }
      y[j] += a;
      y[j + 1] += b;
      y[j + 2] += c;
      y[j + 3] += d;
    }
    for (; j < n; j++) {
      let a = 0;
      for (let i = 0; i < m; i++) a += x[i] * W[j * m + i];
      y[j] += a;
    }
  }
}

const sigmoid = (x) => 0.5 * Math.tanh(0.5 * x) + 0.5;

/** The state after the four gates i f g o, which lie in `a`, and the memory c. */
function remember(a, c) {
  const H = c.length, h = new Float32Array(H), after = new Float32Array(H);
  for (let j = 0; j < H; j++) {
    after[j] = sigmoid(a[H + j]) * c[j] + sigmoid(a[j]) * Math.tanh(a[2 * H + j]);
    h[j] = sigmoid(a[3 * H + j]) * Math.tanh(after[j]);
  }
  return [h, after];
}

/** The equations of helo's engine/cells: from a layer's parameters, its input x, a = x W_xh + b_h (G·H),
 * which may be overwritten, and the state before, to the state after. */
const CELLS = {
  rnn(p, x, a, h) {
    p.W_hh.add(h, a);
    return [a.map((value) => Math.tanh(value))];
  },

  "rnn-relu"(p, x, a, h) {
    p.W_hh.add(h, a);
    return [a.map((value) => Math.max(value, 0))];
  },

  lstm(p, x, a, h, c) {
    p.W_hh.add(h, a);
    return remember(a, c);
  },

  peephole(p, x, a, h, c) {
    p.W_hh.add(h, a);
    const H = h.length, out = new Float32Array(H), after = new Float32Array(H);
    for (let j = 0; j < H; j++) {
      const i = sigmoid(a[j] + p.p_i[j] * c[j]), f = sigmoid(a[H + j] + p.p_f[j] * c[j]);
      after[j] = f * c[j] + i * Math.tanh(a[2 * H + j]);
      out[j] = sigmoid(a[3 * H + j] + p.p_o[j] * after[j]) * Math.tanh(after[j]);
    }
    return [out, after];
  },

  coupled(p, x, a, h, c) {
    p.W_hh.add(h, a);
    const H = h.length, out = new Float32Array(H), after = new Float32Array(H);
    for (let j = 0; j < H; j++) {
      const g = Math.tanh(a[H + j]);
      after[j] = g + sigmoid(a[j]) * (c[j] - g);
      out[j] = sigmoid(a[2 * H + j]) * Math.tanh(after[j]);
    }
    return [out, after];
  },

  gru(p, x, a, h) {
    const H = h.length, out = new Float32Array(H), q = new Float32Array(3 * H);
    p.W_hh.add(h, q);
    for (let j = 0; j < H; j++) {
      const r = sigmoid(a[j] + q[j]), z = sigmoid(a[H + j] + q[H + j]);
      const n = Math.tanh(a[2 * H + j] + r * (q[2 * H + j] + p.b_hn[j]));
      out[j] = n + z * (h[j] - n);
    }
    return [out];
  },

  mlstm(p, x, a, h, c) {
    const m = new Float32Array(h.length), q = new Float32Array(h.length);
    p.W_mx.add(x, m);
    p.W_mh.add(h, q);
    for (let j = 0; j < m.length; j++) m[j] *= q[j];
    p.W_hh.add(m, a);
    return remember(a, c);
  },

  mingru(p, x, a, h) {
    return [h.map((before, j) => before + sigmoid(a[j]) * (a[h.length + j] - before))];
  },
};

/** Layer normalisation of x (H) with gain g and bias b. */
function normalised(x, g, b) {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const deviation = Math.sqrt(variance + 1e-5);
  return x.map((value, j) => ((value - mean) / deviation) * g[j] + b[j]);
}

class Network {
  /** `model` is what the page says of it; `base64(name)` has the values of a parameter. */
  constructor(model, base64) {
    this.config = model.config;
    this.cell = CELLS[model.config.cell];
    this.layers = Array.from({ length: model.config.layers }, () => ({}));
    for (const [name, [m, n]] of Object.entries(model.shapes)) {
      const values = numbers(base64(name), model.type), parts = name.split(".");
      const read = n === undefined ? values : new (model.rows.includes(name) ? Rows : Columns)(
        values, model.rows.includes(name) ? n : m);
      if (parts[0] === "head") this[parts[1]] = read;
      else this.layers[parts[1]][parts[2]] = read;
    }
    const zeros = () => Array.from({ length: model.states }, () => new Float32Array(this.config.hidden));
    this.zero = this.layers.map(zeros);
    /** The id before which the state is set to zero, if each line is an example of its own. */
    this.newline = this.config.lines ? model.newline : -1;
    this.start = this.config.lines ? this.step(model.newline, this.zero)[1] : this.zero;
  }

  step(id, state) {
    if (id === this.newline) state = this.zero;
    let x = id, passed = null;
    const after = this.layers.map((p, l) => {
      const a = p.b_h.slice();
      p.W_xh.add(x, a);
      const own = this.cell(p, x, a, ...state[l]);
      const below = passed;
      passed = below && this.config.residual ? own[0].map((value, j) => value + below[j]) : own[0];
      x = p.g_n ? normalised(passed, p.g_n, p.b_n) : passed;
      return own;
    });
    const logits = this.b_y.slice();
    this.W_hy.add(x, logits);
    return [logits, after];
  }
}

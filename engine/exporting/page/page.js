// The page: the prompt, the text as it grows, and the candidates for the next character.

const $ = (id) => document.getElementById(id);
const model = JSON.parse($("model").textContent);
const alphabet = new Alphabet(model.alphabet);

const SPEEDS = [1, 2, 4, 8, 15, 30, 60, 120, 250, Infinity];
const BUDGET = 12; // milliseconds of a frame for the network; the rest is the browser's
const settings = { temperature: 1, topK: 0, topP: 1 };

/** The keys of a setting, as in helo: the first lowers it, the second raises it. */
const evenly = (step, low, high) => (value, way) =>
  Math.min(high, Math.max(low, Math.round((value + way * step) * 100) / 100));
const TOP_KS = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40];
const along = (k, way) =>
  way < 0 ? TOP_KS.filter((n) => !k || n < k).pop() ?? k : TOP_KS.find((n) => k && n > k) ?? 0;
const TUNE = {
  t: ["temperature", evenly(0.05, 0, 10)],
  k: ["topK", along],
  p: ["topP", evenly(0.05, 0.05, 1)],
};

let network = null;
let text = null; // the generation
let cursor = 0;
let goal = 0;
let running = false;
let note = "";
let owed = 0;
let last = 0;
let rate = { since: 0, from: 0, shown: "" };

const nextSeed = () => BigInt(crypto.getRandomValues(new Uint32Array(1))[0]);

/** The settings of the form; a field that is wrong is marked, and keeps its last value. */
function readSettings() {
  for (const name of Object.keys(settings)) {
    const field = $(name);
    if (field.checkValidity() && field.value !== "") settings[name] = field.valueAsNumber;
  }
}

function begin() {
  if (!$("form").reportValidity()) return;
  readSettings();
  const { ids, left } = alphabet.fit($("prompt").value);
  note = left.size ? `not in the alphabet, left out: ${visible([...left].join(" "))}` : "";
  const seed = $("seed").value ? BigInt($("seed").value) : nextSeed();
  network ??= new Network(model, (name) => $(name).textContent);
  text = new Generation(network, alphabet, ids, settings, seed);
  cursor = 0;
  $("text").focus();
  run();
}

// -- writing

function run() {
  if (!text) return;
  if (cursor === text.length) goal = Math.max(text.length, text.prompt.length) + $("length").valueAsNumber;
  running = true;
  owed = 1;
  last = performance.now();
  rate = { since: last, from: text.length, shown: "" };
  show();
  requestAnimationFrame(frame);
}

function pause() {
  running = false;
  show();
}

/** Take the steps that are due, as long as the frame allows, and show them. */
function frame(now) {
  if (!running) return;
  const end = performance.now() + BUDGET, speed = SPEEDS[$("speed").value];
  owed = speed === Infinity ? Infinity : Math.min(owed + (speed * (now - last)) / 1000, Math.max(1, speed));
  last = now;
  for (; text.reading && performance.now() < end; cursor = text.length) text.advance();
  for (; !text.reading && owed >= 1 && running && performance.now() < end; owed--) {
    if (cursor < text.length) cursor++;
    else if (text.length >= goal) running = false;
    else {
      text.advance();
      cursor = text.length;
    }
  }
  if (now - rate.since > 500) {
    const written = Math.round(((text.length - rate.from) / (now - rate.since)) * 1000);
    rate = { since: now, from: text.length, shown: ` · ${written} characters a second` };
  }
  show();
  if (running) requestAnimationFrame(frame);
}

// -- walking

function walk(way) {
  if (!text || text.reading) return;
  running = false;
  if (way > 0 && cursor === text.length) text.advance();
  go(cursor + way);
}

function go(index) {
  running = false;
  cursor = Math.max(text.shortest, Math.min(index, text.length));
  show();
}

/** The character whose prediction is shown: while writing the one just written, else the one after the cursor. */
const lookedAt = () => Math.max(0, cursor - (running ? 1 : 0));

/** The prediction for a character, and the character that came, if one did. */
function believed(index) {
  return text.steps[index] ?? (text.reading ? null : text.predict());
}

function take(rank) {
  if (!text || text.reading) return;
  const index = lookedAt(), chosen = believed(index)?.top[rank - 1];
  if (!chosen) return;
  if (text.steps[index]?.id !== chosen.id) {
    text.rewind(index);
    text.write(chosen.id);
    cursor = text.length;
    goal = Math.max(goal, cursor);
  } else cursor = index + 1;
  show();
}

function tune(letter, way) {
  const [name, step] = TUNE[letter];
  settings[name] = step(settings[name], way);
  $(name).value = settings[name];
  show();
}

// -- showing

function say(id, content) {
  if ($(id).textContent !== content) $(id).textContent = content;
}

const percent = (p) => (p > 0 && p < 0.0001 ? "<0.01 %" : `${(100 * p).toFixed(2)} %`);

/** Fill the row of a candidate. */
function row(item, candidate, rank, came) {
  const [number, name, bar, prob, sampled] = item.firstChild.children;
  item.hidden = !candidate;
  if (!candidate) return;
  item.firstChild.disabled = rank > 9;
  item.className = came ? "came" : candidate.sampled > 0 ? "" : "out";
  number.textContent = came ? "▶" : rank > 9 ? "" : rank;
  name.textContent = alphabet.names[candidate.id];
  bar.style.width = `${100 * candidate.prob}%`;
  prob.textContent = percent(candidate.prob);
  sampled.textContent = percent(candidate.sampled);
}

function show() {
  if (!text) return;
  const ids = text.steps.map((step) => step.id), given = Math.min(cursor, text.prompt.length);
  const part = (from, to) => visible(alphabet.decode(ids.slice(from, to)));
  say("given", part(0, given));
  say("before", part(given, cursor));
  say("after", part(cursor));
  const box = $("text"), line = $("cursor").offsetTop;
  if (running) box.scrollTop = box.scrollHeight;
  else if (line < box.scrollTop || line + 24 > box.scrollTop + box.clientHeight) {
    box.scrollTop = line - box.clientHeight / 2;
  }
  const view = believed(lookedAt()), top = view?.top ?? [];
  const came = view?.came && view.id;
  const rows = $("next").children, elsewhere = view?.came && !top.some(({ id }) => id === came);
  for (let i = 0; i < TOP; i++) row(rows[i], top[i], i + 1, view?.came && top[i]?.id === came);
  row(rows[TOP], elsewhere ? view.came : null, TOP + 1, true);
  const belief = top.length ? `entropy ${view.entropy.toFixed(2)} bits` : "the first character is given";
  say("belief", view ? belief : "reading the prompt");
  say("run", running ? "pause" : "run");
  const state = running ? (text.reading ? "reading" : "writing") : "paused";
  say("status", `${state} · ${text.length} characters · seed ${text.seed}${running ? rate.shown : ""}${note && ` · ${note}`}`);
}

// -- keys and buttons

const KEYS = {
  " ": () => (running ? pause() : run()),
  Escape: pause,
  ArrowLeft: () => walk(-1),
  ArrowRight: () => walk(1),
  h: () => walk(-1),
  l: () => walk(1),
  Home: () => text && go(0),
  End: () => text && go(text.length),
  i: () => $("prompt").focus(),
  s: () => faster(-1),
  S: () => faster(1),
};

function faster(way) {
  $("speed").value = Math.max(0, Math.min(SPEEDS.length - 1, Number($("speed").value) + way));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const field = event.target.closest("input, select, textarea");
  if (field) {
    if (event.key === "Escape") $("text").focus();
    else if (event.key === "Enter" && field.id === "prompt" && !event.shiftKey) begin();
    else return;
  } else if (event.target.closest("button, summary") && " Enter".includes(event.key)) return;
  else if (event.key in KEYS) KEYS[event.key]();
  else if (event.key.toLowerCase() in TUNE) tune(event.key.toLowerCase(), event.key < "a" ? 1 : -1);
  else if (/^[1-9]$/.test(event.key)) take(Number(event.key));
  else return;
  event.preventDefault();
});

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
$("form").addEventListener("input", () => {
  readSettings();
  show();
});
$("back").addEventListener("click", () => walk(-1));
$("forward").addEventListener("click", () => walk(1));
$("run").addEventListener("click", () => (running ? pause() : run()));

addEventListener("error", ({ message }) => {
  running = false;
  say("status", message);
});

for (const [i, speed] of SPEEDS.entries()) {
  $("speed").add(new Option(speed === Infinity ? "full speed" : `${speed}/s`, i, false, speed === 30));
}
for (let rank = 1; rank <= TOP + 1; rank++) {
  const item = document.createElement("li"), button = document.createElement("button");
  for (const kind of ["span", "span", "i", "span", "span"]) button.append(document.createElement(kind));
  button.addEventListener("click", () => take(rank));
  item.append(button);
  item.hidden = true;
  $("next").append(item);
}

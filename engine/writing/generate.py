"""Writing: a stepper and a sampler produce a stream of Steps that can be rewound and forked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from engine.errors import UsageError
from engine.network.stepper import Logits, LogProbs, States, log_softmax
from engine.vocab import Ids
from engine.writing.belief import Belief, Candidate, named
from engine.writing.columns import Columns, Record
from engine.writing.constraint import State
from engine.writing.mixture import AnyStepper, Mixture
from engine.writing.sampling import Place, Probs, Sampler, draw, uniform
from engine.writing.settings import SamplingConfig
from engine.writing.snapshots import Snapshots

SNAPSHOT_EVERY = 48
"""Characters between two snapshots. With two layers of 512 units, a character then keeps some 310 bytes,
and going back far replays at most 25 ms of writing."""
_RECENT = 24
"""Characters at the end that are taken back without replaying any."""
TOP = 10


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for the next character before it is known; `entropy` in bits."""

    entropy: float
    top: tuple[Candidate, ...]
    removed: float = 0.0
    """The share of the model's distribution that bans and constraints rule out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One character of a text, and the prediction it was drawn from.

    `prob`, `bits` (−log2 prob) and the prediction's entropy are the model's own, at temperature 1 and
    without filters; `drawn_prob` is the probability after them. The first character of a prompt is given,
    not predicted: probability 1, 0 bits, rank 1, no candidates.
    """

    index: int
    char: str
    id: int
    given: bool
    """Whether it is of the prompt. Called `seed` in JSON, where others rely on it."""
    prob: float
    bits: float
    rank: int
    """Its place among all symbols by their probability; 1 is the likeliest."""
    drawn_prob: float
    prediction: Prediction

    def to_json(self) -> dict[str, Any]:
        """The object that `helo sample --json` writes for each Step."""
        data = asdict(self)
        del data["prediction"]
        data["seed"] = data.pop("given")
        top = self.prediction.top
        return data | {
            "entropy": self.prediction.entropy,
            "removed": self.prediction.removed,
            "top": [[c.char, c.prob] for c in top],
            "top_filtered": [[c.char, c.filtered] for c in top],
        }


class _Stand(NamedTuple):
    """The state of a constraint after n characters of a text, of which so many were given."""

    given: int
    n: int
    state: State


class Generation:
    """A text in the making, over one immutable model.

    Its Steps never end: first the characters of the prompt, then drawn ones. An empty prompt feeds the
    alphabet's start character, which is no part of the text. The draw for index i depends on `seed`
    and i alone, so going back and changing nothing writes the same text again. One thread writes; others
    may read.
    """

    def __init__(
        self,
        stepper: AnyStepper,
        prompt: Ids,
        sampling: SamplingConfig | None = None,
        seed: int = 0,
        top: int = TOP,
        rewinds: bool = True,
    ) -> None:
        """Without `rewinds` the text can only go on. It then needs much less memory, as it keeps only the
        last snapshot."""
        self.stepper = stepper
        self.alphabet = stepper.alphabet
        self._sampler = Sampler(sampling or SamplingConfig(), self.alphabet)
        self._stand: _Stand | None = None
        self.seed = seed
        self.prompt = np.array(prompt, np.int64)
        self._columns = Columns(min(top, len(self.alphabet)), len(self.alphabet))
        self.state: States = stepper.start_state()
        """The network's, after the last character."""
        self._log_p: LogProbs | None = None
        self._belief: Belief | None = None
        # the state and log p after each of the last characters that were fed one by one
        self._recent: deque[tuple[States, LogProbs | None]] = deque(maxlen=_RECENT * rewinds)
        if not len(self.prompt):
            self._feed(self.alphabet.start)
        # [j] is the state after SNAPSHOT_EVERY·j characters
        self._snapshots = Snapshots(self.state, rewinds)
        self._first, self._rewinds = self._log_p, rewinds

    def __len__(self) -> int:
        """The number of characters so far, including the prompt."""
        return self._columns.n

    def __iter__(self) -> Iterator[Step]:
        """The Steps from here on, without end."""
        i = len(self)
        while True:
            while i >= len(self):
                self.advance()
            yield self.step(i)
            i += 1

    @property
    def sampling(self) -> SamplingConfig:
        """May be replaced at any time, and takes effect with the next draw. Replacing it raises UsageError
        if it does not fit the model."""
        return self._sampler.config

    @sampling.setter
    def sampling(self, sampling: SamplingConfig) -> None:
        self._sampler = Sampler(sampling, self.alphabet)
        self._belief = self._stand = None

    def mix(self, mixture: Mixture) -> None:
        """Let the models of the present mixture write on in another share. Takes effect with the next draw,
        and in whatever is read or written anew."""
        self.stepper = mixture
        self._recent.clear()
        if self._log_p is not None:
            self._believe(log_softmax(mixture.believed(self.state)))
        if self._first is not None:
            self._first = log_softmax(mixture.believed(self.nearest(0)[1]))

    @property
    def shortest(self) -> int:
        """The fewest characters that it can be rewound to: 1 if the first character was given, 0 if it was
        drawn. All of them if it cannot be rewound."""
        if not self._rewinds:
            return len(self)
        return 1 if self._first is None else 0

    @property
    def in_prompt(self) -> bool:
        """Whether characters of the prompt remain to be read."""
        return len(self) < len(self.prompt)

    def advance(self) -> None:
        """Read the prompt on, up to the next multiple of SNAPSHOT_EVERY characters, or draw a character."""
        n = self._columns.n
        if n >= len(self.prompt):
            self.force(self.choose())
            return
        first = n - n % SNAPSHOT_EVERY
        if not self._reads_block(first):
            self.force(int(self.prompt[n]))
            return
        log_p, state = self._block(first)
        for i in range(n, first + SNAPSHOT_EVERY):
            self._record(int(self.prompt[i]))
            self._believe(log_p[i - first])
        self.state = state
        self._recent.clear()
        self._snapshots.append(self.state)

    def nearest(self, n: int) -> tuple[int, States]:
        """The last place up to n, 0 ≤ n ≤ len, of which the state before it is kept, and that state."""
        j = min(n // SNAPSHOT_EVERY, self._snapshots.n - 1)
        return j * SNAPSHOT_EVERY, self._snapshots.at(j)

    def _reads_block(self, first: int) -> bool:
        """Whether the characters [first, first + SNAPSHOT_EVERY) are all of the prompt and read at once."""
        return first + SNAPSHOT_EVERY <= len(self.prompt)

    def _block(self, first: int) -> tuple[LogProbs, States]:
        """log p (SNAPSHOT_EVERY, V) after each character of a block of the prompt, and the state after the
        last one. Always computed from the snapshot before the block, so that the bits are the same."""
        ids = self.prompt[first : first + SNAPSHOT_EVERY]
        logits, state = self.stepper.sequence(ids, self.nearest(first)[1])
        return log_softmax(logits), state

    def choose(self) -> int:
        """Draw the next character, which is not written by that. The prompt has been read."""
        return draw(self._believed().q, uniform(self.seed, self._columns.n))

    def force(self, id: int, stepped: tuple[Logits, States] | None = None) -> None:
        """Write this character, whatever its probability. If it differs from the prompt's, the prompt ends
        here. `stepped` is what the stepper gives for it, if that is known."""
        n = self._columns.n
        if n < len(self.prompt) and id != self.prompt[n]:
            self.prompt = self.prompt[:n]
        self._record(id)
        self._feed(id, stepped)
        self._recent.append((self.state, self._log_p))
        if (n + 1) % SNAPSHOT_EVERY == 0:
            self._snapshots.append(self.state)

    def _record(self, id: int) -> None:
        """Append a character with what was believed of it."""
        if self._log_p is None:
            none = [0] * self._columns.top
            self._columns.append(Record(id, 1, 0.0, 0.0, 1.0, 0.0), none, none, none)
            return
        belief = self._believed()
        rank, candidates = belief.ranked(id, self._columns.top)
        facts = belief.bits(id), belief.entropy, belief.q.item(id), belief.removed
        self._columns.append(Record(id, rank, *facts), *candidates)

    def rewind(self, n: int) -> None:
        """Keep the first n characters, `shortest` ≤ n ≤ len, and discard the rest.

        Raises UsageError for any other n.
        """
        if not self.shortest <= n <= len(self):
            raise UsageError(f"a text of {len(self)} characters cannot go back to {n}")
        if n == len(self):
            return
        kept = [*self._recent][: max(0, len(self._recent) - (len(self) - n))]
        self._columns.truncate(n)
        self._snapshots.truncate(n // SNAPSHOT_EVERY + 1)
        self._recent, self._stand = deque(kept, self._recent.maxlen), None
        if kept:
            self.state, log_p = kept[-1]
            self._believe(log_p)
            return
        first = max(n - 1, 0) // SNAPSHOT_EVERY * SNAPSHOT_EVERY
        self.state = self.nearest(first)[1]
        self._believe(self._first)
        for id in self._columns.ids[first:n]:
            self._feed(int(id))
        if n and self._reads_block(first):
            log_p, _ = self._block(first)
            self._believe(log_p[n - 1 - first])
        if n % SNAPSHOT_EVERY == 0:
            self.state = self.nearest(n)[1]

    def fork(self, n: int) -> Generation:
        """A new text that begins with the first n characters of this one. This one is not changed."""
        new = Generation(
            self.stepper,
            self.prompt,
            self.sampling,
            self.seed,
            self._columns.top,
            self._rewinds,
        )
        new._columns = self._columns.copy()
        new._snapshots, new._first = self._snapshots.copy(), self._first
        new.state, new._log_p = self.state, self._log_p
        new._recent.extend(self._recent)
        new.rewind(n)
        return new

    def _feed(self, id: int, stepped: tuple[Logits, States] | None = None) -> None:
        logits, self.state = stepped or self.stepper.step(id, self.state)
        self._believe(log_softmax(logits))

    def _believe(self, log_p: LogProbs | None) -> None:
        """Predict the next character by log p (V,)."""
        self._log_p, self._belief = log_p, None

    def _believed(self) -> Belief:
        """What is believed of the next character."""
        if (known := self._belief) is not None:
            return known
        log_p, sampler = self._log_p, self._sampler
        assert log_p is not None
        p = np.exp(log_p)
        q, removed = p, 0.0
        if not sampler.off:
            place = (self._place(),) if sampler.by_place else ()
            q, removed = sampler.distribution(log_p, *place)
        self._belief = found = Belief(log_p, p, q, removed)
        return found

    def _place(self) -> Place:
        """Where the next character comes."""
        n = len(self)
        written = max(0, n - len(self.prompt))
        line_end = self.alphabet.ids.get("\n", -1)
        return Place(self._columns.ids[:n], written, self._standing(), line_end)

    def _standing(self) -> State | None:
        """Where the text stands in the automaton of its constraint; None without one, and in the prompt."""
        constraint, n, given = self._sampler.constraint, len(self), len(self.prompt)
        if constraint is None or n < given:
            return None
        if (last := self._stand) is None or last.given != given:
            begin = 0 if constraint.reads_given else given
            last = _Stand(given, begin, constraint.start)
        state = last.state
        for id in self._columns.ids[last.n : n].tolist():
            state = constraint.after(state, id)
        self._stand = _Stand(given, n, state)
        return state

    @property
    def complete(self) -> bool:
        """Whether a constraint lets nothing follow; what is written from here on begins it anew."""
        state = self._standing()
        return state is not None and state.complete

    @property
    def ended(self) -> bool:
        """Whether it should end here: it is complete, or the text has come after which to stop."""
        written, stop = self._columns.ids[len(self.prompt) : len(self)], self._sampler.stop
        return (len(stop) > 0 and np.array_equal(written[-len(stop) :], stop)) or self.complete

    @property
    def unfinished(self) -> bool:
        """Whether a constraint does not let the text end here."""
        state = self._standing()
        return state is not None and not state.accepts

    def prediction(self) -> Prediction:
        """The prediction for the next character; empty for the first one of a prompt."""
        if self._log_p is None:
            return Prediction(0.0, ())
        belief = self._believed()
        top, *both = belief.candidates(self._columns.top)
        kept = np.array(both, np.float32)  # as they are kept of a character
        found = named(self.alphabet, np.array(top), *kept)
        return Prediction(belief.entropy, found, belief.removed)

    def step(self, i: int) -> Step:
        """The Step of character i, 0 ≤ i < len."""
        record = self._columns.record(i)
        predicted = i > 0 or self._first is not None
        top = named(self.alphabet, *self._columns.candidates(i)) if predicted else ()
        return Step(
            index=i,
            char=self.alphabet.symbols[record.id],
            id=record.id,
            given=i < len(self.prompt),
            prob=2.0**-record.bits,
            bits=record.bits,
            rank=record.rank,
            drawn_prob=record.drawn_prob,
            prediction=Prediction(record.entropy, top, record.removed),
        )

    def ids(self, start: int = 0) -> Ids:
        """The characters from `start` on, as ids."""
        return self._columns.ids[start : self._columns.n].copy()

    def entropies(self, start: int = 0) -> Probs:
        """The entropy in bits of the prediction of each character from `start` on."""
        return self._columns.column("entropy", start)

    def ranks(self, start: int = 0) -> Ids:
        """The rank of each character from `start` on."""
        return self._columns.column("rank", start)

    def bits(self, start: int = 0) -> Probs:
        """The surprisal of each character from `start` on."""
        return self._columns.column("bits", start)

    @property
    def text(self) -> str:
        """The whole text so far."""
        return self.alphabet.decode(self.ids().tolist())

"""The line REPL: each line is a prompt or a command."""

from __future__ import annotations

import math
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from signal import Signals
from time import monotonic, sleep

from engine import names, places
from engine.blas import settle_threads
from engine.errors import HeloError, UsageError
from engine.runs.library import DEFAULT_MODEL
from engine.words import counted
from engine.writing.belief import Candidate
from engine.writing.generate import TOP
from engine.writing.settings import SamplingConfig
from tui import signals
from tui.cli.shared.output import note
from tui.commands import Completion, parse, prompt_of
from tui.phrases import filters, percent
from tui.plain.console import Console, Words
from tui.remember import Prompts, State, load_state
from tui.settings import MOST_PROBLEMS, load_settings
from tui.text import symbol_name
from tui.write.command import LINES
from tui.write.passage import Passage
from tui.write.rates import Pace, speed_name
from tui.write.session import RANDOM, Opened, Session, describe, open_ref
from tui.write.slash import FORMS, commands

_NAP = 1 / 50
"""Seconds between two checks for ctrl+c."""
_KEYS = (
    ("TEXT, then Enter", "a new text begins with TEXT"),
    ("Enter alone", "the text continues"),
    ("\\ at the end of a line", "the prompt continues in the next line"),
    ("ctrl+c", "pause"),
    ("ctrl+d", "leave helo"),
)
_SPOKEN = {" ": "space", "\n": "newline", "\t": "tab"}


class Repl:
    """Writes one passage at a time with the open model. Slash commands use it as `Lines`."""

    place = LINES

    def __init__(self, state: State, prompts: Prompts, opened: Opened) -> None:
        self.session = Session(state)
        self.passage: Passage | None = None
        self._prompts = prompts
        self._over = False
        values = {"model": names.models, "speed": lambda: ["max"]}
        self._console = Console(prompts.all, Completion(LINES, values))
        self._take_model(opened)

    @property
    def person(self) -> bool:
        """Whether someone types; else the lines come from a pipe or a file."""
        return self._console.person

    def run(self) -> None:
        """Read and do lines until the last one or /quit.

        If a person types, ctrl+c drops the line or pauses. Otherwise it raises KeyboardInterrupt.
        """
        if not self.person:
            self._read_on()
            return
        self.say("Type how a text should begin, and press Enter. /help tells the rest.")
        with signals.handled(self._console.on_ctrl_c, Signals.SIGINT):
            self._read_on()

    def _read_on(self) -> None:
        while not self._over:
            try:
                if (line := self._read()) is None:
                    break
                self._do(line)
            except HeloError as error:
                self.say(str(error))
            except KeyboardInterrupt:
                if signals.killed() or not self.person:
                    raise
                self._console.new_line()
                self.say("ctrl+d or /quit leaves")
        self._console.end_line()

    def _read(self) -> str | None:
        line = self._console.ask("prompt> ")
        while line and line.endswith("\\") and self.person:
            line = f"{line[:-1]}\n{self._console.ask('more> ') or ''}"
        return line

    def _do(self, line: str) -> None:
        """Raises HeloError."""
        if parsed := parse(line, LINES):
            command, argument = parsed
            command.run(self, argument)
        elif line or not self.passage:
            self._begin(line)
        else:
            self._go_on(self.passage)

    # -- what a command can ask

    def open(self, *refs: str) -> None:
        """Use this model from the next passage on.

        Raises NotFoundError or ModelFileError.
        """
        for ref in refs:
            self._take_model(open_ref(ref))

    def set_sampling(self, sampling: SamplingConfig) -> None:
        self.session.set_sampling(sampling, self.passage)
        self.say(filters(sampling, words=True))

    def append(self, text: str) -> None:
        """Put text at the end of the passage and continue from there.

        Raises UsageError if there is no passage.
        """
        passage = self._needed()
        fitted = passage.model.alphabet.fit(text)
        if fitted.note:
            self.say(fitted.note)
        passage.append(fitted.ids)
        self._tell(passage)
        passage.extend_goal(self.session.state.length)
        self._go_on(passage)

    def clear(self) -> None:
        """Forget the passage."""
        self.passage = None

    def say(self, note: str) -> None:
        """Tell the user something in one line."""
        self._console.say(note)

    def confirm(self, question: str, yes: str, no: str, then: Callable[[], None]) -> None:
        """Ask, and call `then` if the answer is yes.

        Raises UsageError if there is nobody to ask, and what `then` raises.
        """
        if not self.person:
            raise UsageError(f"{question} There is no terminal to ask on; nothing was changed")
        answer = self._console.ask(f"{question} {yes}? y or n> ")
        if answer and answer.strip().lower() in ("y", "yes"):
            then()
        else:
            self.say("nothing was changed")

    def in_background(self, do: Callable[[], str]) -> None:
        """Do this at once, and say what it returns. Raises what it raises."""
        self.say(do())

    def help(self) -> None:
        """Print what can be typed."""
        told = ((command.usage, command.about_in_full) for command in commands(LINES))
        rows = [*_KEYS, *told, *FORMS]
        self._console.answer("\n".join(f"{typed}: {about}" for typed, about in rows))

    def quit(self) -> None:
        """Read no further line."""
        self._over = True

    def tell_candidates(self, count: str) -> None:
        """Print what may come next, the likeliest first.

        Raises UsageError.
        """
        wanted = _rank(count, "candidates") if count else TOP
        passage = self._needed()
        if (view := passage.view(passage.shown)) is None:
            raise UsageError("the prompt has not been read yet: Enter continues")
        units = passage.model.alphabet.units
        told = [_told(candidate, units) for candidate in view.prediction.top[:wanted]]
        self._console.answer("\n".join(f"{rank} {line}" for rank, line in enumerate(told, 1)))

    def take(self, rank: str) -> None:
        """Write the candidate of that rank and continue from there.

        Raises UsageError.
        """
        wanted, passage = _rank(rank, "take"), self._needed()
        if not passage.take(passage.shown, wanted):
            raise UsageError("there is no such candidate: /candidates lists them")
        self._go_on(passage)

    def tell_settings(self) -> None:
        """Print the model, the settings, and the length of the passage."""
        state, seed, opened = self.session.state, self.session.seed, self._opened
        lines = [
            f"model {opened.model.name}: {describe(opened.model)}",
            filters(state.sampling, words=True),
            f"writes at {speed_name(state.speed)}, {counted(state.length, 'character')} at a time, "
            + ("with a new seed each time" if seed == RANDOM else f"with seed {seed}"),
        ]
        if other := self.session.other:
            lines.append(f"mix {other.model.name} {self.session.share:.0%}")
        if passage := self.passage:
            written = counted(passage.shown, "character")
            lines.append(f"this passage: {written}, seed {passage.seed}")
        self._console.answer("\n".join(lines))

    # -- a passage

    @property
    def _opened(self) -> Opened:
        assert self.session.opened
        return self.session.opened

    def _take_model(self, opened: Opened) -> None:
        if ended := self.session.take(opened):
            self.say(ended)
        if self.person:
            self.say(f"{opened.model.name}: {describe(opened.model)}")

    def _needed(self) -> Passage:
        """Raises UsageError."""
        if self.passage is None:
            raise UsageError("nothing is written yet: type a prompt and press Enter")
        return self.passage

    def _begin(self, typed: str) -> None:
        """Start a new passage, with the model as its file holds it now."""
        with self._complaining():
            if newer := self._opened.newer():
                if news := newer.news_since(self._opened):
                    self.say(news)
                if ended := self.session.take(newer):
                    self.say(ended)
        self._console.end_line()
        self.passage, changed = self.session.begin(prompt_of(typed))
        if changed:
            self.say(changed)
        if self.person:
            with self._complaining():
                self._prompts.add(typed)
        self._words = Words(self._console, self.passage.model.alphabet)
        self._written = 0
        self._go_on(self.passage)

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        """Print a HeloError, and go on."""
        try:
            yield
        except HeloError as error:
            self.say(str(error))

    def _go_on(self, passage: Passage) -> None:
        """Write until the goal is reached or ctrl+c is pressed."""
        if passage.finished:
            passage.extend_goal(self.session.state.length)
        self._tell(passage)
        self._write(passage)
        self._words.flush()
        if self._paused():
            self.say("paused: Enter continues")

    def _write(self, passage: Passage) -> None:
        speed = self.session.state.speed if self.person else math.inf
        pace, last = Pace(), monotonic()
        pace.restart()
        while not (self._paused() or passage.finished):
            passage.write_ahead(1, self._paused)
            now = monotonic()
            due, last = pace.due(speed, now - last), now
            if due:
                pace.count(now, passage.reveal(1))
                self._tell(passage)
            else:
                sleep(min(_NAP, 1 / speed))

    def _paused(self) -> bool:
        return self._console.interrupted

    def _tell(self, passage: Passage) -> None:
        """Write what the passage shows and was not written yet."""
        symbols = passage.model.alphabet.symbols
        self._words.write("".join(symbols[i] for i in passage.ids()[self._written :]))
        self._written = passage.shown


def _rank(text: str, command: str) -> int:
    """Raises UsageError."""
    rank = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= rank <= TOP:
        raise UsageError(f"/{command} takes 1 to {TOP}")
    return rank


def _told(candidate: Candidate, units: str) -> str:
    """A candidate in words: its name, the probability with which it is drawn, and the model's own if that
    differs."""
    char, name = candidate.char, symbol_name(candidate.char, units)
    if (not char.isalnum() and char in name) or char in _SPOKEN:
        spoken = _SPOKEN.get(char) or unicodedata.name(char, "").lower()
        name = f"{name} {spoken}".rstrip()
    drawn, model = percent(candidate.filtered), percent(candidate.prob)
    if candidate.filtered <= 0:
        return f"{name}: never, model {model}"
    return f"{name}: {drawn}" + (f", model {model}" if drawn != model else "")


def run_plain(model_ref: str | None) -> int:
    """Run the line REPL with MODEL, or with the last model used, and return the exit status.

    Raises NotFoundError or ModelFileError if no model can be opened, UsageError if standard input is
    closed.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed: there is nothing to read")
    settings, (state, complaint) = load_settings(), load_state()
    prompts = Prompts(places.history())
    for problem in filter(None, [*settings.problems[:MOST_PROBLEMS], complaint, prompts.problem]):
        note(problem)
    before = replace(state)
    state.sampling = replace(state.sampling, **settings.sampling)
    opened = _open(model_ref, state.model)
    settle_threads(opened.stepper.rehearse)
    repl = Repl(state, prompts, opened)
    try:
        repl.run()
    finally:
        left = state.without(settings.sampling, before)
        if repl.person and left != before:
            with suppress(HeloError):
                left.save()
    return 0


def _open(model_ref: str | None, remembered: str) -> Opened:
    """The model to begin with. Raises NotFoundError or ModelFileError."""
    if model_ref is not None:
        return open_ref(model_ref)
    if remembered not in ("", DEFAULT_MODEL):
        try:
            return open_ref(remembered)
        except HeloError as error:
            note(str(error))
    return open_ref(DEFAULT_MODEL)

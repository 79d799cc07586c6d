"""The Write screen. One passage at a time is written or walked through; its modes are PROMPT and WALK."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.worker import Worker, WorkerError, WorkerState

from engine.errors import HeloError
from engine.writing.openings import openings
from engine.writing.settings import SamplingConfig
from tui.commands import Completion, parse, prompt_of
from tui.remember import Prompts, State
from tui.text import one_line
from tui.write.colours import COLOURINGS, NO_COLOURS
from tui.write.keeping import Keeping
from tui.write.legend import Legend
from tui.write.menu import Menu
from tui.write.next_character import NextCharacter
from tui.write.passage import Passage
from tui.write.player import WRITER, Player
from tui.write.prompt import PromptInput
from tui.write.session import Opened, Session, open_ref
from tui.write.status import Status, StatusLine
from tui.write.transcript import Transcript
from tui.write.unit_colour import UnitColour
from tui.write.welcome import welcome, without_model

_NOTE_SECONDS = 5.0


class WritePane(Keeping):
    """The transcript, the `next character` pane, and the prompt input."""

    def __init__(
        self,
        state: State,
        prompts: Prompts,
        completion: Completion,
        key_of: Callable[[str], str],
        *,
        id: str,
    ) -> None:
        """`key_of` names the key of a binding."""
        super().__init__(id=id)
        self._key_of = key_of
        self.session = Session(state)
        self._prompts = prompts
        self._completion = completion
        self._note = ""
        """What the status line says for a few seconds, beside the facts."""
        self._opening: Worker[None] | None = None
        self._keys_for: tuple[str, bool] | None = None
        """The mode, and whether anything is being written, for which the keys are shown."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="write-main"):
            yield Transcript(id="transcript")
            yield NextCharacter(self.session, id="next")
        yield UnitColour(self)
        yield Legend(id="legend")
        menu = Menu(id="commands")
        yield menu
        yield PromptInput(self._prompts, self._completion, menu, self, id="prompt")
        yield StatusLine(id="status")

    def on_mount(self) -> None:
        self.transcript = self.query_one(Transcript)
        self._next = self.query_one(NextCharacter)
        self.prompt = self.query_one(PromptInput)
        self._status = self.query_one(StatusLine)
        self.prompt.border_title = "prompt"
        self._player = Player(self, self.session.state, self._played)
        self._unsay = self.set_interval(_NOTE_SECONDS, self._forget_note, pause=True)
        self.colour(self.session.state.colouring)
        self.present()

    # -- the model

    def open(self, *refs: str) -> None:
        """Open the first model that can be read, for the next passages, and show the errors of those before
        it."""
        self._opening = self._open(*refs)

    @work(exclusive=True, group="open")
    async def _open(self, *refs: str) -> None:
        for ref in dict.fromkeys(refs):
            self.transcript.welcome = [f"opening {one_line(ref)}…"]
            with self.complaining():
                first = self.session.opened is None
                opened = await asyncio.to_thread(open_ref, ref)
                self._take_model(opened)
                await self._offer(opened)
                if self.passage and not first:
                    self.say(f"{ref} writes from the next passage on")
                return
        if self.session.opened:
            self._take_model(self.session.opened)
        else:
            self.transcript.welcome = without_model(self._key_of)

    def _take_model(self, opened: Opened) -> None:
        if ended := self.session.take(opened):
            self.complain(ended)
        self._welcome(opened)
        self.present()

    async def _offer(self, opened: Opened) -> None:
        """Offer prompts to begin with that fit the model."""
        self.prompt.openings = ()
        with suppress(HeloError):
            self.prompt.openings = await asyncio.to_thread(openings, opened.stepper, 3)
        self._welcome(opened)

    def _welcome(self, opened: Opened) -> None:
        lines = welcome(opened, self.prompt.openings, self._key_of)
        self.transcript.welcome = [*lines, *self.cut_off]

    # -- a passage

    @on(PromptInput.Submitted)
    async def _submitted(self, event: PromptInput.Submitted) -> None:
        event.stop()
        try:
            if parsed := parse(event.text, self.place):
                await self._opened()
                command, argument = parsed
                if going := command.run(self, argument):
                    await going
                return
        except HeloError as error:
            self.prompt.fill(event.text)
            self.complain(error)
            return
        if self.writing and event.text:
            self.pause()
        if not event.text and self.passage:
            self.passage.go(self.passage.shown)
            self.run()
        else:
            begin = self.prompt.openings[:1] if self.passage is None else ()
            await self.begin(event.text or "".join(begin))

    async def _opened(self) -> None:
        """Wait until the first model is open, or cannot be opened."""
        if self.session.opened is None and self._opening:
            with suppress(WorkerError):
                await self._opening.wait()

    async def begin(self, typed: str) -> None:
        """Start a new passage from what was typed, with the newest version of the model's file."""
        await self._opened()
        if (opened := self.session.opened) is None:
            self.prompt.fill(typed)
            library = self._key_of("app.library")
            self.complain(f"no model is open: /model NAME opens one, {library} lists models")
            return
        with self.complaining():
            if newer := await asyncio.to_thread(opened.newer):
                if news := newer.news_since(opened):
                    self.say(news)
                self._take_model(opened := newer)
        try:
            passage, note = self.session.begin(prompt_of(typed))
        except HeloError as error:
            self.prompt.fill(typed)
            self.complain(error)
            return
        self.show_new(passage, opened, note)
        with self.complaining():
            await asyncio.to_thread(self._prompts.add, typed)

    def show_new(self, passage: Passage, opened: Opened, note: str = "") -> None:
        """Show a new passage by this model, and write it."""
        self.passage = passage
        head = f"{passage.model.name} · seed {passage.seed}"
        self.transcript.add_note(one_line(f"{head} · {note}" if note else head))
        self.transcript.add_passage(passage)
        self.keeper.add(passage, opened.ref)
        self.run()

    def append(self, text: str) -> None:
        """Append given text to the passage and continue from there."""
        if not (passage := self.going_on()):
            return
        fitted = passage.model.alphabet.fit(text)
        if fitted.note:
            self.say(fitted.note)
        passage.append(fitted.ids)
        passage.extend_goal(self.session.state.length)
        self.transcript.sync(passage)
        self.run()

    @work
    async def command(self, name: str) -> None:
        """Run a command without an argument."""
        if (parsed := parse(f"/{name}", self.place)) and (going := parsed[0].run(self, "")):
            await going

    def clear(self) -> None:
        """Empty the transcript."""
        self.pause()
        self.passage = None
        self.transcript.clear()
        self.present()

    # -- running

    @property
    def writing(self) -> bool:
        return self._player.playing

    def run(self) -> None:
        if (passage := self.passage) is None:
            return
        if passage.at_end and not self.going_on():
            return
        if passage.at_end and passage.finished:
            passage.extend_goal(self.session.state.length)
        self._player.start(passage)
        self.present()

    def pause(self) -> None:
        if self.writing:
            self._player.stop()
            self.keep()
        self.present()

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.group == WRITER:
            self.pause()
            self.complain(f"writing stopped: {event.worker.error}")

    def _played(self, passage: Passage, new: bool) -> None:
        if new:
            self.transcript.sync(passage)
        if passage.at_end and passage.finished:
            self.pause()
        else:
            self.present()

    # -- what is shown

    @property
    def mode(self) -> str:
        return "PROMPT" if self.screen.focused is self.prompt else "WALK"

    def present(self) -> None:
        """Update everything beside the transcript."""
        passage, state = self.passage, self.session.state
        walking = self.mode == "WALK"
        if self._keys_for != (now := (self.mode, self.writing)):
            self._keys_for = now
            self.prompt.border_subtitle = _keys_told(self._key_of, *now)
            self.set_class(walking, "-walk")
            self.refresh_bindings()
        self.prompt.foresee()
        self.transcript.show_cursor(passage if walking or self.writing else None)
        self._next.look(passage, self.looked_at if passage else 0)
        opened, other = self.session.opened, self.session.other
        self._status.show(
            Status(
                mode="TYPE" if self.transcript.takes_character else self.mode,
                model=opened.model.name if opened else "no model",
                held=self.session.held.told if self.session.held else "",
                mixed=(other.model.name, self.session.share) if other else None,
                sampling=state.sampling,
                speed=state.speed,
                measured=self._player.measured,
                index=passage.cursor if passage else 0,
                bits=passage.branch.mean_bits() if passage else None,
                goal=passage.goal if passage else 0,
                branch=passage.place if passage else (1, 1),
                doing=_doing(passage, self.writing, self._note),
            )
        )

    def say(self, note: str) -> None:
        self._note = one_line(note)
        self._unsay.reset()
        self._unsay.resume()
        self.present()

    def _forget_note(self) -> None:
        self._unsay.pause()
        self._note = ""
        self.present()

    # -- modes

    def focus_prompt(self) -> None:
        self.screen.set_focus(self.prompt)

    def walk(self) -> None:
        """Switch to WALK, before the next key is handled."""
        self.screen.set_focus(self.transcript)

    def on_descendant_focus(self) -> None:
        self.present()

    def on_descendant_blur(self) -> None:
        self.present()

    @on(Menu.Taken)
    def _taken(self) -> None:
        self.prompt.action_complete()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action in ("copy_or_pause", "find") or self.mode == "WALK" or not self.is_mounted

    # -- called by WALK

    def set_sampling(self, sampling: SamplingConfig) -> None:
        self.session.set_sampling(sampling, self.passage)
        self.present()

    def colour(self, name: str) -> None:
        self.session.state.colouring = name if name in COLOURINGS else NO_COLOURS
        self.query_one(UnitColour).end(COLOURINGS.get(name))

    @on(Transcript.Pointed)
    def _pointed(self, event: Transcript.Pointed) -> None:
        event.passage.go(event.index)
        self.choose(event.passage)


def _doing(passage: Passage | None, writing: bool, note: str) -> str:
    """What the status line says first."""
    if passage is None or note:
        return ("▶ " if writing else "") + note
    if writing:
        if passage.reading:
            return f"reading the prompt {len(passage.generation) / passage.shown:.0%}"
        return "▶ writing" if passage.at_end else "▶ walking"
    return "done: Enter continues" if passage.finished and passage.at_end else "paused"


def _keys_told(key_of: Callable[[str], str], mode: str, writing: bool) -> str:
    """Keys to name at the prompt."""
    if mode == "WALK":
        return f"{key_of('write.prompt')}: back to the prompt"
    if writing:
        return f"{key_of('prompt.walk')} or {key_of('write.copy')} pauses"
    return f"/ lists commands · {key_of('prompt.earlier')} earlier prompts"

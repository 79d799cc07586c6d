"""What the keys of WALK do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import BindingType
from textual.containers import Vertical

from engine.vocab import name_characters
from engine.words import counted
from engine.writing.mixture import AnyStepper
from engine.writing.settings import SamplingConfig
from tui.write.colours import following
from tui.write.find import Find
from tui.write.in_app import InApp
from tui.write.keys import WALK_BINDINGS
from tui.write.mixing import slide
from tui.write.next_character import NextCharacter
from tui.write.passage import Passage
from tui.write.prompt import PromptInput
from tui.write.rates import neighbour
from tui.write.session import Session
from tui.write.transcript import Match, Transcript
from tui.write.tree import BranchTree


class Walk(Vertical, InApp):
    """The actions. The pane derives from this and does the writing and the showing."""

    BINDING_GROUP_TITLE = "WALK: look at the predictions, and change the text"
    BINDINGS: ClassVar[list[BindingType]] = WALK_BINDINGS

    session: Session
    passage: Passage | None = None
    """The passage being written or walked through."""
    prompt: PromptInput
    transcript: Transcript
    _key_of: Callable[[str], str]
    """Names the key of a binding."""

    # -- done by the pane

    @property
    def writing(self) -> bool:
        """Whether the passage is being written or, before its end, played."""
        raise NotImplementedError

    def run(self) -> None:
        """Play from the cursor and write on."""
        raise NotImplementedError

    def pause(self) -> None:
        """Stop writing."""
        raise NotImplementedError

    def present(self) -> None:
        """Update everything on the screen."""
        raise NotImplementedError

    def set_sampling(self, sampling: SamplingConfig) -> None:
        """Use these settings from the next character that is shown. Raises UsageError if they do not fit
        the model."""
        raise NotImplementedError

    def colour(self, name: str) -> None:
        """Colour the transcript by this mode of `colours`, or not."""
        raise NotImplementedError

    # -- asked by the prompt input

    @property
    def guesser(self) -> AnyStepper | None:
        """What foresees how a prompt goes on. Nothing does while a passage is written, which needs the
        processor."""
        return self.session.writer if self.session.state.ghost and not self.writing else None

    def toggle_ghost(self) -> None:
        state = self.session.state
        state.ghost = not state.ghost
        self.say("ghost text " + ("on" if state.ghost else "off"))

    # -- keys

    def needed(self) -> Passage | None:
        if self.passage is None:
            self.say("nothing is written yet: type a prompt and press Enter")
        return self.passage

    def going_on(self) -> Passage | None:
        """The passage if it can be added to."""
        if (passage := self.needed()) and passage.closed:
            self.say(f"it can only be read: {passage.closed}")
            return None
        return passage

    @property
    def looked_at(self) -> int:
        """The character whose prediction is shown: while writing, the one just written; else the one after
        the cursor."""
        assert self.passage
        return max(0, self.passage.cursor - (1 if self.writing else 0))

    def action_run(self) -> None:
        if self.writing:
            self.pause()
        elif self.needed():
            self.run()

    def action_pause(self) -> None:
        self.pause()

    def action_walk(self, way: int) -> None:
        if not (passage := self.needed()):
            return
        self.pause()
        if way < 0:
            passage.go(passage.cursor - 1)
        elif passage.at_end and not self.going_on():
            return
        elif not passage.forward():
            self.say("the prompt has not been read yet: space continues")
        self.walked(passage)

    def action_line(self, way: int) -> None:
        if passage := self.passage:
            self.pause()
            passage.go(self.transcript.beside(passage, way))
            self.walked(passage)

    def action_go(self, index: int) -> None:
        if passage := self.passage:
            self.pause()
            passage.go(index if index >= 0 else passage.shown)
            self.walked(passage)

    def action_page(self, way: int) -> None:
        scroll = self.transcript.scroll_page_up if way < 0 else self.transcript.scroll_page_down
        scroll(animate=False)

    def action_take(self, rank: int) -> None:
        if not (passage := self.going_on()):
            return
        if not passage.take(self.looked_at, rank):
            self.say("there is no such candidate here")
        self.walked(passage)

    def action_type(self) -> None:
        if self.going_on():
            self.pause()
            self.transcript.take_character(self._typed)
            self.present()

    def _typed(self, char: str | None) -> None:
        if char is None or not (passage := self.passage):
            self.present()
            return
        fitted = passage.model.alphabet.fit(char)
        if fitted.dropped:
            self.say(f"{name_characters(char)} cannot stand here: not in the model's alphabet")
        elif not passage.type(passage.cursor, fitted.ids):
            self.say("the prompt has not been read yet: space continues")
        else:
            if fitted.note:
                self.say(fitted.note)
            self.walked(passage)

    def action_branch(self) -> None:
        if passage := self.needed():
            if passage.next_branch():
                self.choose(passage)
            else:
                self.say("no branch yet: go back with ←, and take another character with 1-9 or '")

    def action_tree(self) -> None:
        if passage := self.needed():
            self.pause()
            self.app.push_screen(BranchTree(passage), partial(self._branch_chosen, passage))

    def _branch_chosen(self, passage: Passage, id: int | None) -> None:
        if id is not None:
            passage.show_branch(id)
            if passage.branches[id].parent is not None:
                passage.go(passage.branches[id].fork)
            self.screen.set_focus(self.transcript)
        self.choose(passage)

    def action_passage(self, way: int) -> None:
        passages = self.transcript.passages
        if self.passage and passages:
            i = passages.index(self.passage) + way
            self.choose(passages[max(0, min(i, len(passages) - 1))])

    def choose(self, passage: Passage) -> None:
        self.pause()
        self.passage = passage
        with self.complaining():
            passage.change(self.session.state.sampling)
        self.walked(passage)

    def walked(self, passage: Passage) -> None:
        self.transcript.sync(passage)
        self.present()
        self.transcript.bring_cursor()

    def action_tune(self, name: str, way: int) -> None:
        with self.complaining():
            self.set_sampling(self.session.state.sampling.stepped(name, way))

    def action_mix(self, way: int) -> None:
        self.say(slide(self.session, self.passage, way))

    def action_speed(self, way: int) -> None:
        self.session.state.speed = neighbour(self.session.state.speed, way)
        self.present()

    def action_colour(self) -> None:
        self.colour(following(self.session.state.colouring))

    def action_why(self) -> None:
        """Say why the first candidate is likelier than the second, or not."""
        state = self.session.state
        state.why = not state.why
        self.say("why is said below the candidates" if state.why else "why is no longer said")

    def action_details(self) -> None:
        """Show the figures of the text in its place, or the text again."""
        self.toggle_class("-details")
        back = f"{self._key_of('write.details')}: back to the text"
        pane = self.query_one(NextCharacter)
        pane.border_subtitle = back if self.has_class("-details") else ""

    def action_copies(self) -> None:
        """Say what was copied, or make the index for that."""
        if passage := self.needed():
            self.say(self.query_one(NextCharacter).meter.ask(passage))

    def action_prompt(self) -> None:
        self.screen.set_focus(self.prompt)

    def edit(self) -> None:
        """Open the prompt in the user's editor."""
        self.screen.set_focus(self.prompt)
        self.prompt.action_edit()

    def action_command(self) -> None:
        self.prompt.fill("/")
        self.screen.set_focus(self.prompt)

    def action_find(self) -> None:
        if self.transcript.passages:
            self.app.push_screen(Find(self.transcript), self._left_at)
        else:
            self.needed()

    def _left_at(self, match: Match | None) -> None:
        """Go to where the search was left, in WALK."""
        if match and (passage := match[0].passage) and self.transcript.has_focus:
            passage.go(match[1][0])
            self.choose(passage)

    def action_copy(self) -> None:
        selection = self.transcript.text_selection
        if selection and (selected := self.transcript.get_selection(selection)):
            self._copy(selected[0])
        elif passage := self.needed():
            self._copy(passage.exact())

    def _copy(self, text: str) -> None:
        """Give the terminal a text for its clipboard, in which halves of pairs become question marks."""
        self.app.copy_to_clipboard(text.encode("utf-8", "replace").decode())
        self.say(f"{counted(len(text), 'character')} copied")

    def action_copy_or_pause(self) -> None:
        if selected := self.screen.get_selected_text():
            self._copy(selected)
        elif self.writing:
            self.pause()
        else:
            raise SkipAction

"""How the app opens the lesson."""

from __future__ import annotations

from textual.app import App

from tui.keys import KeyNames


class OpensLesson(App[int]):
    """The part of the app that opens it."""

    _names: KeyNames

    def action_lesson(self) -> None:
        """Open the lesson, unless it is open."""
        from tui.lesson.screen import LessonScreen

        if not any(isinstance(screen, LessonScreen) for screen in self.screen_stack):
            self.push_screen(LessonScreen(self._names))

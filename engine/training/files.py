"""What a training writes into its run's folder: states, and the models exported from them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import RunError
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs.points import Cursor, prune
from engine.storage import share
from engine.training.learner import Learner


@dataclass
class Writing:
    """A state on its way to the disk."""

    step: int
    write: Callable[[], None]
    first: Future[None] | None
    """The thread's try, until its end was seen."""

    @property
    def over(self) -> bool:
        """Whether `finish` would not wait."""
        return self.first is not None and self.first.done()

    def finish(self) -> None:
        """Wait for the thread, or try once more if the thread could not.

        Raises StorageError.
        """
        first, self.first = self.first, None
        if first:
            first.result()
        else:
            self.write()


class Files:
    """The files of a learner's run. In a group only rank 0 has them.

    A state is copied in memory and written by a thread, one state at a time, while the training goes on.
    """

    def __init__(self, learner: Learner) -> None:
        self.learner, self.run = learner, learner.run
        self.writer = ThreadPoolExecutor(1, "writer")
        self.writing: Writing | None = None

    def begin(self) -> None:
        """Copy the state and begin to write it, export the network, and remove states that nothing needs.
        What was begun before must be finished."""
        learner = self.learner
        assert self.writing is None
        taken = learner.snapshot()
        model = learner.export(taken.weights())

        def write() -> None:
            taken.write(self.run.state_path(taken.cursor.step))
            self._publish(model, taken.cursor)
            prune(self.run, taken.cursor)

        self.writing = Writing(taken.cursor.step, write, self.writer.submit(write))

    def finish(self) -> None:
        """Wait until what was begun is on the disk.

        Raises StorageError if it cannot be; the next call tries again.
        """
        if self.writing:
            self.writing.finish()
            self.writing = None

    def publish(self) -> None:
        """Export the network as the newest model, and as the best if it is.

        Raises StorageError.
        """
        self._publish(self.learner.export(), self.learner.cursor)

    def _publish(self, model: Model, cursor: Cursor) -> None:
        modelfile.save(self.run.latest, model)
        if cursor.best_step == cursor.step:
            share(self.run.best, self.run.latest)

    def note_final(self, nats: float) -> None:
        """Write the final score into the best model.

        Raises StorageError.
        """
        best = modelfile.load(self.run.best)
        history = replace(best.history, best_val_nats=nats)
        modelfile.save(self.run.best, replace(best, history=history))

    def restore(self, paths: list[Path]) -> str:
        """Continue from the first of these states that can be read. Returns a line if an earlier one could
        not.

        Raises RunError if none can.
        """
        problem = ""
        for path in paths:
            try:
                self.learner.take_up(path)
            except RunError as error:
                problem = problem or str(error)
                continue
            self.learner.go_on(path.name)
            step = self.learner.cursor.step
            return f"{problem}: went back to step {step:,}" if problem else ""
        raise RunError(problem or f"run {self.run.name} has no state to continue from")

"""What a training writes into its run's folder: states, and the models exported from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.errors import RunError
from engine.network import modelfile
from engine.runs.points import prune
from engine.storage import share
from engine.training import state
from engine.training.learner import Learner


class Files:
    """The files of a learner's run. In a group only rank 0 has them."""

    def __init__(self, learner: Learner) -> None:
        self.learner, self.run = learner, learner.run

    def save(self) -> None:
        """Write the state, export the network, and remove states that nothing needs.

        Raises StorageError.
        """
        learner = self.learner
        path = self.run.state_path(learner.cursor.step)
        carried = learner.all_carried()
        state.save(path, learner.cursor, learner.model, learner.optimiser, carried)
        self.publish()
        prune(self.run, learner.cursor)

    def publish(self) -> None:
        """Export the network as the newest model, and as the best if it is.

        Raises StorageError.
        """
        cursor = self.learner.cursor
        modelfile.save(self.run.latest, self.learner.export())
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

"""The exception tree. Every message is one line: what is wrong, and what to do about it.

HeloError                    exit status 1
├── UsageError               a value that cannot be: exit status 2
├── NotFoundError            no model, run or corpus of that name
├── CorpusError              a text that cannot be imported, or a damaged corpus
├── WebError                 something that could not be fetched from the web
├── AlphabetError            characters that a model does not know
├── ModelFileError           a model file that cannot be read or trusted
├── RunError                 a run that is missing, busy or damaged
│   └── LostError            a training in several processes that lost one
└── StorageError             the disk refused
"""

import sys
from collections.abc import Callable


class HeloError(Exception):
    """What every error of helo's own is; `str` of it is the line to show."""

    exit_status = 1


class UsageError(HeloError):
    """A setting outside what it can be."""

    exit_status = 2


class NotFoundError(HeloError):
    """A name that stands for nothing."""


class CorpusError(HeloError):
    """A text that cannot become a corpus, or a corpus that is damaged."""


class WebError(HeloError):
    """Something on the web that is not there, or did not come whole; `status` is HTTP's, if it was that."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AlphabetError(HeloError):
    """A text with characters that a model does not know, where all must be known."""


class ModelFileError(HeloError):
    """A model file that cannot be read, or does not hold what its configuration says."""


class RunError(HeloError):
    """A run that cannot be started, resumed or asked."""


class LostError(RunError):
    """Another process of the same training is gone."""

    def __init__(self, run: str) -> None:
        super().__init__(
            f"a process of this run was lost; helo train --resume {run} goes on from the last save"
        )


class StorageError(HeloError):
    """Writing failed: disk full, no permission, or an I/O error. What stood before still stands."""


def exit_status(work: Callable[[], int | None]) -> int:
    """Do the work of a process that helo started; an error of its own is told in a line on stderr. Returns
    the status to end with."""
    try:
        return work() or 0
    except HeloError as error:
        print(f"helo: {error}", file=sys.stderr)
        return error.exit_status

"""The exception tree. Every message is one line: what is wrong, and what to do about it.

HeloError                    exit status 1
├── UsageError               an invalid value: exit status 2
├── NotFoundError            no model, run or corpus of that name
├── CorpusError              a text that cannot be imported, or a damaged corpus
├── WebError                 something that could not be fetched from the web
├── AlphabetError            characters that a model does not know
├── ModelFileError           a model file that cannot be read or trusted
├── RunError                 a run that is missing, busy or damaged
│   └── LostError            a training in several processes that lost one
├── StorageError             the disk refused
└── DamagedError             data from outside that is not what it should be; caught where its file is known
    ├── ForeignError         a file that is not helo's
    └── NewerError           a file of a newer helo
"""

import sys
from collections.abc import Callable


class HeloError(Exception):
    """The base of every error of helo's own. Its `str` is the line to show."""

    exit_status = 1


class UsageError(HeloError):
    """A setting out of range, or a command line that makes no sense."""

    exit_status = 2


class NotFoundError(HeloError):
    """A name that refers to nothing."""


class CorpusError(HeloError):
    """A text that cannot become a corpus, or a corpus that is damaged.

    `remedy` is what options of `helo corpora add` would do about it.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem}: {remedy}" if remedy else problem)
        self.problem, self.remedy = problem, remedy


class WebError(HeloError):
    """Something on the web that is missing or arrived incomplete. `status` is the HTTP status, if any."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AlphabetError(HeloError):
    """A text with characters that a model does not know, where it must know all."""


class ModelFileError(HeloError):
    """A model file that cannot be read, or whose contents contradict its configuration."""


class RunError(HeloError):
    """A run that cannot be started, resumed or asked."""


class LostError(RunError):
    """A process of the same training has died."""

    def __init__(self, run: str) -> None:
        super().__init__(
            f"a process of this run was lost; `helo train --resume {run}` continues from the last save"
        )


class StorageError(HeloError):
    """Writing failed: disk full, no permission, or an I/O error. What was there before is still there."""


class DamagedError(HeloError):
    """Data from outside that is not what it should be."""


class ForeignError(DamagedError):
    """A whole file that is not helo's. The message continues a sentence that begins with the path."""


class NewerError(DamagedError):
    """Data in a newer version of a format than this helo knows."""


def exit_status(work: Callable[[], int | None]) -> int:
    """Run the main function of a process that helo started. A HeloError becomes one line on stderr. Returns
    the exit status."""
    try:
        return work() or 0
    except HeloError as error:
        print(f"helo: {error}", file=sys.stderr)
        return error.exit_status

"""Damage to all else that helo keeps: of a training, of a corpus, of the app's memory.

Each kind is a file of a whole home, and what reads it: the command line, the lists of the Library, the
pictures of the Train screen, a trainer.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from contextlib import redirect_stdout
from itertools import product
from pathlib import Path
from random import Random

from textual.geometry import Size

from engine import places
from engine.config import TrainConfig
from engine.network import modelfile
from engine.runs import measured, rundir
from engine.runs.events import Event
from engine.runs.recipe import LADDER
from engine.runs.rundir import RunDirectory, parse_request
from engine.text import corpus, survey
from engine.training.life import Life
from engine.writing.settings import SamplingConfig
from tests.conftest import random_model
from tests.engine.lives import a_run
from tests.fuzz.mutation import mutate_bytes, mutate_json, mutate_lines, raw
from tests.fuzz.watch import Wrong, check_line, helo, loads, refusing
from tests.tui import sessions
from tui.cli.about import learns
from tui.curves.scale import PARTS, Scale, View
from tui.figures.table import shown
from tui.figures.words import describe
from tui.library.shelf import Kind, Shelf
from tui.remember import LENGTHS, LONGEST_PROMPT, Prompts, load_state
from tui.settings import load_settings
from tui.text import one_line
from tui.train.curve import Curve
from tui.train.follow import Follower
from tui.write.kept import shelf
from tui.write.kept.reopened import reopen, replayed

OLD = Path(__file__).parents[1] / "homes" / "0.1.0"
_TOML = (
    *(
        "nan",
        "inf",
        "-inf",
        "9" * 400,
        "9" * 5000,
        "0x10",
        "1e400",
        "true",
        '"x"',
        "'''a\nb'''",
        "[]",
    ),
    *("{}", "[1, 2]", "1979-05-27", '"\\u0000"', '"\\u001b[2J"', "[" * 60 + "]" * 60, "[" * 50_000),
    *(
        '"' + "a" * 5000 + '"',
        "-1",
        "0",
        "0.5",
        "1e-300",
        "{a = {b = 1}}",
        '"f6"',
        '"ctrl+\\u0001"',
    ),
)
_REQUEST = '{"id": "a1", "request": "%s", "value": 0.5, "text": "early"}'


class Records:
    """A whole home, a file of which is damaged in each case."""

    def __init__(self, home: Path) -> None:
        self._home = home
        shutil.copytree(OLD, home, dirs_exist_ok=True)
        for file in home.glob("runs/*/run.json"):
            file.write_text(file.read_text().replace("{home}", str(home)))
        owner = {"pid": 1, "host": "here", "start": 1.0}
        self._run = RunDirectory(home / "runs" / "half")
        (self._run.folder / "owner.json").write_text(json.dumps(owner))
        self._run.log.write_text("helo: it was asked to stop\n")
        self._corpus = home / "corpora" / "question"
        self._life = self._begun()
        self._kinds: tuple[Callable[[Random], object], ...] = (
            *(self.control, self.control, self.events, self.events, self.run, self.run),
            *(self.corpus, self.corpus, self.survey, self.state, self.prompts, self.config),
            *(self.owner, self.cursor, self.kept, self.log, self.ids, self.session),
            self.machine,
        )
        modelfile.save(places.models() / "tiny.safetensors", random_model())
        with redirect_stdout(None):
            self._session = sessions.write(1, passages=2)

    def __call__(self, rng: Random) -> str:
        kind = rng.choice(self._kinds)
        return f"{kind.__name__}: {'refused' if kind(rng) else 'taken'}"

    # -- a training

    def _begun(self) -> Life:
        """A trainer that can be asked."""
        run = a_run("asked", "to be or not to be, that is the question\n" * 9, steps=40)
        life = Life(run)
        life.learner.plan()
        for event in life.save():
            assert event
        return life

    def control(self, rng: Random) -> bool:
        """What a trainer is asked: it answers once, with the request's id, or the line is none."""
        life, good = self._life, _REQUEST % rng.choice(rundir.REQUESTS)
        line = mutate_lines(rng, [good]).decode("utf-8", "replace").partition("\n")[0]
        if (request := parse_request(line)) is None:
            return True
        life.stopping = False
        answers = [event for event in life.answer(request) if event.id == request.id]
        if len(answers) != 1 and request.request != "back":
            raise Wrong(f"{len(answers)} answers to {line[:200]!r}")
        for event in answers:
            check_line(one_line(describe(event)))
            if len(event.to_json()) > 2000:
                raise Wrong(f"an answer of {len(event.to_json())} characters")
        return answers[0].name == "refused"

    def _runs(self, rng: Random) -> None:
        """The runs are listed and shown, here and in the app."""
        answer = helo(rng, "runs", "list", *rng.choice(((), ("--json",))))
        for name in ("half", "small"):
            if name not in answer.out:
                raise Wrong(f"{name} is not listed")
        helo(rng, "runs", "show", "half", *rng.choice(((), ("--json",))))
        self._shelf(Kind.RUN, {"half", "small"})
        with refusing():
            self._follow(rng)

    def _follow(self, rng: Random) -> None:
        follower = Follower(self._run)
        while follower.behind or follower.snapshot is None:
            follower.read()
        snapshot = follower.snapshot
        for place in ("column", "lines", "page", "live"):
            for _, text in shown(place, snapshot):
                if len(text) > 1000:
                    raise Wrong(f"a figure of {len(text)} characters")
        for event in snapshot.changes:
            if len(text := one_line(describe(event))) > 1000:
                raise Wrong(f"a change of {len(text)} characters")
        curve = _Curve("curve")
        for bits, logarithmic in product((False, True), repeat=2):
            view = View(Scale(bits, logarithmic), rng.choice([*PARTS]))
            curve.show(snapshot, view, at=rng.choice((None, 0, snapshot.step)))

    def events(self, rng: Random) -> bool:
        """What a training says."""
        lines = self._run.events_path.read_text().splitlines()
        with _Damaged(self._run.events_path, mutate_lines(rng, lines)):
            self._runs(rng)
            kept: list[Event] = self._run.events()
            return len(kept) < len(lines)

    def run(self, rng: Random) -> bool:
        """What a run is."""
        path = self._run.folder / rundir.RUN
        with _Damaged(path, mutate_json(rng, path.read_text())):
            self._runs(rng)
            helo(rng, "sample", "half", "-n", "3", "--seed", "1")
            with refusing():
                self._run.corpus()
                return False
            return True

    def owner(self, rng: Random) -> bool:
        """Which process trains."""
        path = self._run.folder / "owner.json"
        with _Damaged(path, mutate_json(rng, path.read_text())):
            return not self._run.owner()

    def cursor(self, rng: Random) -> bool:
        """Where a kept state stands."""
        path = self._run.mark_path("early")
        with _Damaged(path, _state(rng, path.read_bytes())):
            answer = helo(rng, "runs", "show", "half", "--json")
            kept = [point["name"] for point in loads(answer.out)["kept"]]
            helo(rng, "sample", "half@early", "-n", "3", "--seed", "1")
            self._begin(rng)
        return "early" not in kept

    def _begin(self, rng: Random) -> None:
        from engine.runs import beginning

        with refusing():
            beginning.begun_with("half@early")

    def kept(self, rng: Random) -> bool:
        """A state that a trainer goes on from: it does, or it goes back to another."""
        run, files = self._life.run, self._life.files
        path = run.mark_path("mutant")
        path.write_bytes(_state(rng, run.states()[0].read_bytes()))
        good, problem = run.states()[0], "another"
        try:
            with refusing():
                problem = files.restore([path, good])
                check_line(one_line(problem))
                if not problem:
                    files.learner.step()
        finally:
            files.restore([good])
            path.unlink()
        return bool(problem)

    def log(self, rng: Random) -> bool:
        """What a trainer said last; anything, as a library may have said it."""
        text = rng.choice(
            (raw(rng).encode("utf-8", "replace"), rng.randbytes(300), b"helo: \x1b[2J\n")
        )
        with _Damaged(self._run.log, text), _Damaged(self._run.events_path, b""):
            self._runs(rng)
        return False

    # -- a corpus

    def _corpora(self, rng: Random) -> bool:
        """The corpora are listed and shown, here and in the app. Returns whether the one was refused."""
        answer = helo(rng, "corpora", "list", *rng.choice(((), ("--json",))))
        for name in ("question", "python"):
            if name not in answer.out:
                raise Wrong(f"{name} is not listed")
        refused = helo(rng, "corpora", "show", "question", *rng.choice(((), ("--json",)))).status
        self._shelf(Kind.CORPUS, {"question", "python"})
        with refusing():
            beginning = survey.beginning(corpus.load(self._corpus))
            assert isinstance(beginning, str)
        return bool(refused)

    def _shelf(self, kind: Kind, names: set[str]) -> None:
        items = Shelf().read()[kind]
        if missing := names - {item.name for item in items}:
            raise Wrong(f"{missing} not on the shelf")
        for item in items:
            check_line(one_line(item.problem))

    def corpus(self, rng: Random) -> bool:
        """What a corpus is."""
        path = self._corpus / "corpus.json"
        with _Damaged(path, mutate_json(rng, path.read_text())):
            return self._corpora(rng)

    def survey(self, rng: Random) -> bool:
        """What simple models lose on it."""
        path = self._corpus / survey.KEPT
        with _Damaged(path, mutate_json(rng, path.read_text())):
            found = survey.kept(self._corpus, TrainConfig.validation)
            self._shelf(Kind.CORPUS, {"question"})
            survey.references(1.0, found)
            self._follow(rng)
            if found or rng.random() < 0.05:  # else it is made anew
                self._corpora(rng)
            return found is None

    def ids(self, rng: Random) -> bool:
        """Its characters."""
        path = self._corpus / "ids.npy"
        with _Damaged(path, mutate_bytes(rng, path.read_bytes())):
            return bool(helo(rng, "corpora", "show", "question").status)

    def machine(self, rng: Random) -> bool:
        """What was measured."""
        kind = measured.Kind("a processor", "cpu", 2, "auto", "2")
        measured.learn_pace(kind, [1.0] * len(LADDER))
        measured.learn_speedup(kind, "a network", 2.0)
        with _Damaged(places.machine(), mutate_json(rng, places.machine().read_text())):
            found = measured.everything()
            for known in found:
                check_line(one_line(": ".join(learns(known))))
        return not found

    # -- the app's memory

    def state(self, rng: Random) -> bool:
        """How the app was left: it opens, and what cannot be used is set aside and said."""
        with _Damaged(places.state(), mutate_json(rng, places.state().read_text())):
            state, complaint = load_state()
            check_line(one_line(complaint))
            if not (LENGTHS[0] <= state.length <= LENGTHS[1] and state.speed > 0):
                raise Wrong("a state that cannot be")
            state.save()
            if load_state() != (state, ""):
                raise Wrong("it is not kept as it is")
        return bool(complaint)

    def prompts(self, rng: Random) -> bool:
        """What was typed."""
        lines = places.history().read_text().splitlines()
        with _Damaged(places.history(), mutate_lines(rng, lines)):
            prompts = Prompts(places.history())
            check_line(one_line(prompts.problem))
            if any(len(prompt) > LONGEST_PROMPT for prompt in prompts.all):
                raise Wrong("a prompt that is too long")
            before = prompts.all.copy()
            prompts.add("one more")
            if Prompts(places.history()).all[:-1] != [s for s in before if s != "one more"]:
                raise Wrong("prompts that are not kept as they are")
        return len(before) < len(lines)

    def session(self, rng: Random) -> bool:
        """What was written in the app: it is listed, what is whole in it is shown, and the network reads it
        again."""
        lines = self._session.read_text().splitlines()
        with _Damaged(self._session, mutate_lines(rng, lines)):
            shelf.summary(self._session)
            with refusing():
                found = reopen(self._session)
                found.book.close()
                check_line(one_line(found.note))
                for each in found.passages:
                    if len(each.passage.glyphs) != each.passage.shown:
                        raise Wrong("a passage that is not whole")
                    if each.stepper:
                        replayed(each.told, each.stepper)
                return bool(found.note)
        return True

    def config(self, rng: Random) -> bool:
        """What was set by hand: each problem is a line, and what is understood holds."""
        lines = places.config().read_text().splitlines()
        for _ in range(rng.choice((1, 2))):
            place = rng.randrange(len(lines))
            match rng.randrange(4):
                case 0:
                    lines.insert(place, rng.choice(lines))
                case 1:
                    lines[place] = rng.choice(
                        (raw(rng), "a." * 900 + "a = 1", "[keys.x]", "[[keys]]")
                    )
                case _:
                    key = lines[place].partition(" = ")[0]
                    lines[place] = f"{key} = {rng.choice(_TOML)}"
        text = "\n".join(lines).encode("utf-8", "surrogatepass")
        text = mutate_bytes(rng, text) if rng.random() < 0.2 else text
        with _Damaged(places.config(), text):
            settings = load_settings()
        for problem in settings.problems:
            check_line(one_line(problem))
        SamplingConfig(**settings.sampling)
        return bool(settings.problems)


def _state(rng: Random, data: bytes) -> bytes:
    """A damaged state."""
    if rng.random() < 0.4:
        return mutate_bytes(rng, data)
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    told = header["__metadata__"]
    told["cursor"] = mutate_json(rng, told["cursor"]).decode("utf-8", "replace")
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written)) + written + data[8 + size :]


class _Damaged:
    """A file with another content, for a while."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path, self._content = path, content
        self._before = path.read_bytes()

    def __enter__(self) -> None:
        self._path.write_bytes(self._content)

    def __exit__(self, *_: object) -> None:
        self._path.write_bytes(self._before)


class _Curve(Curve):
    """The picture of the Train screen, without a screen."""

    content_size = Size(80, 16)

    def tell(self, content: object) -> None:
        str(content)

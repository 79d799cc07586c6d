"""`helo --plain`: what lines from a pipe and from a person do, and what is written."""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine import places
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing.generate import Generation
from engine.writing.settings import SamplingConfig
from tests.conftest import Cli, Done, Helo, make_model
from tui.cli.main import run
from tui.phrases import percent
from tui.plain import repl
from tui.remember import Prompts, State, load_state

Lines = Callable[..., Done]


@pytest.fixture
def pipe(cli: Cli, tiny: Model) -> Lines:
    """Give these lines to `helo --plain` with the model `tiny`; all ask for 20 characters with seed 3."""

    def give(*lines: str) -> Done:
        text = "\n".join(["/length 20", "/seed 3", *lines])
        done = cli("-m", "tiny", "--plain", stdin=f"{text}\n".encode())
        assert done.err.startswith("Enter asks for 20 characters\nthe next passage has seed 3\n")
        return replace(done, err="\n".join(done.err.splitlines()[2:]))

    return give


class Keyboard(io.TextIOWrapper):
    """A standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def person(
    tiny: Model, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Lines:
    """Type these lines at a terminal, into `helo --plain` with the model `tiny`, at full speed."""

    def give(*lines: str) -> Done:
        text = "\n".join(["/speed max", *lines])
        monkeypatch.setattr(sys, "stdin", Keyboard(io.BytesIO(f"{text}\n".encode()), "utf-8"))
        capsys.readouterr()
        status = run(["-m", "tiny", "--plain"])
        return Done(status, *capsys.readouterr())

    return give


def sampled(cli: Cli, prompt: str, length: int, *more: str) -> str:
    return cli("sample", "tiny", "-p", prompt, "-n", str(length), "-s", "3", *more).out


# -- from a pipe


def test_each_line_of_a_pipe_is_a_prompt_and_only_text_comes_out(pipe: Lines, cli: Cli) -> None:
    done = pipe("Shall I", "May")
    texts = sampled(cli, "Shall I", 20), sampled(cli, "May", 20)
    assert done == Done(0, "".join(f"{text}\n" for text in texts), "")


def test_an_empty_line_goes_on_without_a_seam(pipe: Lines, cli: Cli) -> None:
    assert pipe("Shall I", "", "").out == sampled(cli, "Shall I", 60) + "\n"


def test_an_empty_line_before_any_prompt_begins_a_text(pipe: Lines) -> None:
    assert len(pipe("").out.strip("\n")) >= 18


@pytest.mark.parametrize("text", [b"", b"/length 5\n"])
def test_no_prompt_writes_nothing(cli: Cli, tiny: Model, text: bytes) -> None:
    done = cli("-m", "tiny", "--plain", stdin=text)
    assert (done.status, done.out) == (0, "")


def test_line_ends_of_other_systems_and_a_last_line_without_one(cli: Cli, tiny: Model) -> None:
    done = cli("-m", "tiny", "--plain", stdin=b"/length 3\r\n/seed 3\r\nShall\r\nMay")
    assert done.out == f"{sampled(cli, 'Shall', 3)}\n{sampled(cli, 'May', 3)}\n"


def test_what_is_no_text_is_left_out_and_said(cli: Cli, tiny: Model) -> None:
    done = cli("-m", "tiny", "--plain", stdin=b"/length 3\nSh\xffall\x1b[2J\n")
    assert done.out.startswith("Shall") and "\x1b" not in done.out
    assert "left out" in done.err and done.err.count("\n") == 2


@pytest.mark.parametrize(
    ("line", "prompt"), [("//save x", "/save x"), ("//sax", "/sax"), ("// s", "// s")]
)
def test_two_slashes_before_a_command_are_a_prompt_with_one(
    cli: Cli, home: Path, line: str, prompt: str
) -> None:
    modelfile.save(home / "models" / "tiny.safetensors", make_model(text="/save x\n"))
    done = cli("-m", "tiny", "--plain", stdin=f"/length 1\n{line}\n".encode())
    assert done.out.startswith(prompt)


def test_a_backslash_of_a_pipe_is_text(cli: Cli, home: Path) -> None:
    modelfile.save(home / "models" / "tiny.safetensors", make_model(text="ab\\\n"))
    assert cli("-m", "tiny", "--plain", stdin=b"/length 1\na\\\nb\n").out.startswith("a\\")


def test_bytes_go_to_a_pipe_as_they_are(home: Path, helo: Helo) -> None:
    model = make_model(text="\xc3\xff\n")
    model = replace(model, alphabet=Alphabet(model.alphabet.symbols, "byte"))
    modelfile.save(home / "models" / "raw.safetensors", model)
    done = helo("-m", "raw", "--plain", input=b"/length 50\n/seed 3\n\n")
    sample = helo("sample", "raw", "-n", "50", "-s", "3")
    assert done.returncode == 0 and set(done.stdout) == {0xC3, 0xFF, 0x0A}
    assert done.stdout.removesuffix(b"\n") == sample.stdout.removesuffix(b"\n")


def test_settings_of_the_pipe_hold_for_what_follows(pipe: Lines, cli: Cli) -> None:
    done = pipe("/temperature 0", "/top-k 3", "Shall I")
    assert done.out == sampled(cli, "Shall I", 20, "-t", "0") + "\n"
    assert done.err.splitlines()[-1] == "temperature 0.00 greedy top-k 3 top-p off"


def test_append_goes_on_behind_what_is_put_there(pipe: Lines) -> None:
    done = pipe("Shall I", "/append day")
    first = pipe("Shall I").out.removesuffix("\n")
    assert done.out.startswith(f"{first}day") and len(done.out) == len(first) + 3 + 20 + 1


def test_save_writes_the_passage_and_never_over_a_file_of_a_pipe(
    pipe: Lines, tmp_path: Path
) -> None:
    file = tmp_path / "text"
    done = pipe("Shall I", f"/save {file}", "May", f"/save {file}")
    assert done.out.startswith(file.read_text()) and file.read_text().startswith("Shall I")
    assert done.err.splitlines()[0] == f"27 characters saved to {file}"
    assert "exists already" in done.err and "no terminal to ask on" in done.err


def test_clear_lets_enter_begin_anew(pipe: Lines) -> None:
    done = pipe("Shall I", "/clear", "/candidates")
    assert done.err == "nothing is written yet: type a prompt and press Enter"


def test_quit_ends_before_the_last_line(pipe: Lines) -> None:
    assert pipe("/quit", "Shall I") == Done(0, "", "")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/temperature hot", "needs a number"),
        ("/temperature -1", "--temperature"),
        ("/length 0", "/length takes"),
        ("/seed -2", "/seed takes"),
        ("/speed 0", "/speed takes"),
        ("/quit now", "/quit takes no argument"),
        ("/model", "needs an argument: /model NAME"),
        ("/model nosuch", "no model 'nosuch'"),
        ("/save x", "no passage"),
        ("/append x", "nothing is written yet"),
        ("/take 1", "nothing is written yet"),
        ("/candidates", "nothing is written yet"),
        ("/candidates 0", "/candidates takes 1 to 10"),
        ("/candidates 11", "/candidates takes 1 to 10"),
        ("/candidates " + "9" * 5000, "/candidates takes 1 to 10"),
        ("/candidates ²", "/candidates takes 1 to 10"),
        ("/take", "needs an argument: /take N"),
        ("/take -1", "/take takes 1 to 10"),
    ],
)
def test_a_refused_command_is_a_line_and_the_next_one_is_read(
    pipe: Lines, line: str, words: str
) -> None:
    done = pipe(line, "Shall I")
    assert words in done.err and done.err.count("\n") == 0
    assert done.status == 0 and done.out.startswith("Shall I")


@pytest.mark.parametrize("name", ["~nosuch_user/x", "x" * 300, "/", "no/such/folder/" + "x" * 300])
def test_a_file_that_cannot_be_is_a_line(pipe: Lines, name: str) -> None:
    done = pipe("Shall I", f"/save {name}")
    assert done.err.count("\n") == 0 and done.err and "unexpected" not in done.err


@pytest.mark.parametrize(
    "line", ["/walk", "/colour", "/branch", "/train", "/library", "/theme nord", "/palette"]
)
def test_what_needs_the_screen_is_refused_and_not_in_the_help(pipe: Lines, line: str) -> None:
    name = line.split()[0]
    done = pipe(line, "/help")
    assert done.err == f"{name} needs the full-screen app"
    assert f"{name}:" not in done.out and f"{name} " not in done.out


def test_help_tells_every_command_a_line(pipe: Lines) -> None:
    lines = pipe("/help").out.splitlines()
    for usage in ("/temperature F", "/candidates [N]", "/take N", "/save FILE", "/quit"):
        assert [line for line in lines if line.startswith(f"{usage}: ")]
    assert not [line for line in lines if "F1" in line or "ctrl+q" in line]


# -- candidates


def test_candidates_are_what_the_next_character_is_drawn_from(pipe: Lines, tiny: Model) -> None:
    out = pipe("/temperature 0.1", "Shall I", "/candidates").out
    text, rows = out[:27], out[27:].strip("\n").splitlines()
    generation = Generation(
        Stepper(tiny), tiny.alphabet.encode(text), SamplingConfig(temperature=0.1)
    )
    for _ in text:
        generation.advance()
    top = generation.prediction().top
    assert len(rows) == len(top) == 10
    for rank, (row, candidate) in enumerate(zip(rows, top, strict=True), 1):
        told = re.fullmatch(r"(\d+) (\S+)( [a-z ]+)?: ([\d.<%]+)(?:, model ([\d.<%]+))?", row)
        assert told and int(told[1]) == rank
        assert candidate.char in (told[2], {"⏎": "\n", "␣": " "}.get(told[2]))
        drawn, model = percent(candidate.filtered), percent(candidate.prob)
        assert told[4] == drawn and told[5] == (model if model != drawn else None)


def test_what_is_never_drawn_is_said(pipe: Lines) -> None:
    rows = pipe("/temperature 0", "Shall I", "/candidates 3").out.splitlines()[-3:]
    assert ": 100%, model " in rows[0]
    assert all(": never, model " in row for row in rows[1:])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a ", "␣ space"),
        ("a\n", "⏎ newline"),
        ("a\t", "␉ tab"),
        ("a.", ". full stop"),
        ("a\u0301", "◌\u0301 combining acute accent"),
        ("a\u200d", "ZWJ"),
        ("a\x1b", "␛"),
    ],
)
def test_a_candidate_has_a_name_that_can_be_read_aloud(
    cli: Cli, home: Path, text: str, told: str
) -> None:
    modelfile.save(home / "models" / "tiny.safetensors", make_model(text=text))
    done = cli("-m", "tiny", "--plain", stdin=b"/length 3\na\n/candidates\n")
    rows = done.out.splitlines()[-2:]
    assert {re.sub(r"^\d ", "", row.rpartition(": ")[0]) for row in rows} == {"a", told}


def test_take_writes_a_candidate_and_goes_on(pipe: Lines) -> None:
    asked = pipe("/temperature 0.5", "Shall I", "/candidates").out.splitlines()
    first = pipe("/temperature 0.5", "Shall I").out.removesuffix("\n")
    names = [row.split()[1].rstrip(":") for row in asked[-10:]]
    rank, name = next((i, name) for i, name in enumerate(names, 1) if name.isalpha())
    taken = pipe("/temperature 0.5", "Shall I", f"/take {rank}").out
    assert taken.startswith(first + name) and len(taken) == len(first) + 1 + 20 + 1


# -- a person


def test_a_person_is_prompted_and_told(person: Lines) -> None:
    done = person("/length 20", "Shall I")
    assert done.status == 0 and done.out.startswith("Shall I") and len(done.out) <= 28
    assert done.err.startswith("tiny: lstm 16×2")
    assert "/help tells the rest" in done.err and done.err.count("prompt> ") == 4


def test_a_line_that_ends_with_a_backslash_goes_on_in_the_next(person: Lines) -> None:
    done = person("/length 5", "Shall\\", "I \\", "may", "/settings")
    assert done.out.startswith("Shall\nI \nmay") and done.err.count("more> ") == 2
    assert Prompts(places.history()).all == ["Shall\nI \nmay"]


def test_settings_are_told(person: Lines) -> None:
    out = person("/temperature 0.5", "/length 20", "/seed 3", "Shall I", "/settings").out
    assert "model tiny: lstm 16×2, " in out
    assert "\ntemperature 0.50 top-k off top-p off\n" in out
    assert "\nwrites at full speed, 20 characters at a time, with seed 3\n" in out
    assert out.endswith("this passage: 27 characters, seed 3\n")


@pytest.mark.parametrize(
    ("answer", "text"), [("y", "Shall I"), ("n", "precious"), ("", "precious")]
)
def test_a_person_is_asked_before_a_file_is_overwritten(
    person: Lines, tmp_path: Path, answer: str, text: str
) -> None:
    file = tmp_path / "text"
    file.write_text("precious")
    done = person("/length 20", "Shall I", f"/save {file}", answer, "/quit")
    assert f"{file} exists already. Overwrite it? y or n> " in done.err
    assert file.read_text().startswith(text)
    assert ("nothing was changed" in done.err) == (text == "precious")


def test_what_a_person_sets_and_types_is_remembered(person: Lines) -> None:
    State(theme="nord").save()
    person("/temperature 0.5", "/length 20", "Shall I", "Shall I", "May")
    state, complaint = load_state()
    assert not complaint and state == State(
        "nord", "tiny", SamplingConfig(temperature=0.5), math.inf, 20
    )
    assert Prompts(places.history()).all == ["Shall I", "May"]


def test_a_pipe_leaves_nothing_behind(pipe: Lines) -> None:
    pipe("/temperature 0.5", "Shall I")
    assert not places.state().exists() and not places.history().exists()


# -- how it begins


def test_it_begins_as_the_app_was_left_and_set(cli: Cli, tiny: Model) -> None:
    State(model="tiny", sampling=SamplingConfig(temperature=0.5, top_k=4), length=7).save()
    places.config().write_text("[sampling]\ntop-k = 2\nheat = 3\n")
    done = cli("--plain", stdin=b"/settings\n")
    assert "model tiny" in done.out and "temperature 0.50 top-k 2 top-p off" in done.out
    assert "7 characters at a time" in done.out
    assert done.err == "config.toml: sampling.heat is not understood\n"


def test_memory_that_is_damaged_is_set_aside_and_said(cli: Cli, tiny: Model) -> None:
    places.state().parent.mkdir(exist_ok=True)
    places.state().write_text('{"length": 1e999}')
    places.history().mkdir()
    done = cli("-m", "tiny", "--plain", stdin=b"/length 5\nShall\n")
    assert done.status == 0 and done.out.startswith("Shall")
    assert "state.damaged.json" in done.err and "the prompts typed before" in done.err


def test_a_remembered_model_that_is_gone_is_said(
    cli: Cli, tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repl, "DEFAULT_MODEL", "tiny")
    State(model="gone").save()
    done = cli("--plain", stdin=b"/settings\n")
    assert done.status == 0 and "model tiny" in done.out
    assert done.err.startswith("no model 'gone'") and done.err.count("\n") == 1


@pytest.mark.parametrize("damaged", [False, True])
def test_a_model_that_cannot_be_opened_ends_it(cli: Cli, home: Path, damaged: bool) -> None:
    if damaged:
        (home / "models").mkdir(parents=True)
        (home / "models" / "odd.safetensors").write_bytes(b"\x10" + bytes(40))
    done = cli("-m", "odd", "--plain", stdin=b"Shall\n")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("helo: ")


def test_new_weights_are_taken_at_the_next_passage(
    pipe: Lines, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = replace(make_model(hidden=5), name="tiny")
    learnt = replace(learnt, history=replace(learnt.history, steps=1234))
    begin = repl.Repl._begin

    def learn_first(self: repl.Repl, typed: str) -> None:
        if typed == "May":
            modelfile.save(home / "models" / "tiny.safetensors", learnt)
        begin(self, typed)

    monkeypatch.setattr(repl.Repl, "_begin", learn_first)
    done = pipe("Shall I", "May", "/settings")
    assert (
        done.err == "tiny: loaded the new weights of step 1,234"
        and "model tiny: lstm 5×2" in done.out
    )


def test_plain_goes_with_no_command(cli: Cli) -> None:
    done = cli("--plain", "models", "list")
    assert (done.status, done.out) == (2, "")
    assert done.err == "helo: --plain is for helo alone: leave it out before models\n"


def test_the_help_knows_it(cli: Cli) -> None:
    assert "--plain" in cli("--help").out

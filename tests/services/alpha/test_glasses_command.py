"""`retinue glasses`, as typed."""

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from services.alpha.recording import Trace
from services.cli import app, main
from services.commands.glasses import glasses
from services.errors import UserError
from services.lab.commands import glasses_film
from services.lab.glasses import home, takes
from services.lab.glasses.style import STYLES

LIGHT = "services.alpha.template:CrossingLight"


@pytest.fixture
def invoke():
    """Runs `retinue glasses ...`; gives what it printed."""

    def run(*arguments):
        result = CliRunner().invoke(glasses, list(arguments), standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.output

    return run


def test_run_prints_why_now_and_writes_its_files(film, invoke, tmp_path):
    trace = film([(1.0, "red")], duration=3.0)
    out = tmp_path / "out"
    text = invoke(
        "run", "--source", str(trace), "--skill", LIGHT, "--no-redact", "--no-film",
        "--out", str(out), "--say", "2.5", "thanks",
    )  # fmt: skip
    assert "Wait. The crossing light is red." in text
    assert "why now: a light turned red" in text
    assert {path.name for path in out.iterdir()} >= {"ledger.jsonl", "ledger.txt", "captions.srt"}


def test_run_as_json_prints_one_object(film, invoke, tmp_path):
    trace = film([(1.0, "red")], duration=3.0)
    text = invoke(
        "run", "--source", str(trace / "video.mp4"), "--skill", LIGHT, "--no-redact", "--no-film",
        "--out", str(tmp_path / "out"), "--json",
    )  # fmt: skip
    answer = json.loads(text)
    assert [item["answer"] for item in answer["interventions"]] == ["wait"]
    assert answer["handled"] == 30


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--source", "none.mp4"), "no video file"),
        (("run", "--source", "none/trace.json"), "no trace"),
        (("run", "--source", ".", "--skill", "juggling"), "juggling"),
        (("run", "--source", ".", "--set", "light"), "SKILL.KEY=VALUE"),
        (("new-skill", "Not A Name"), "small letters"),
    ],
)
def test_bad_input_ends_in_one_sentence(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["glasses", *arguments])
    assert stop.value.code == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert words in lines[0]


def test_what_is_recorded_replays(film, invoke, tmp_path):
    source = film([(1.0, "red")], duration=3.0)
    out = tmp_path / "recorded"
    invoke(
        "record", "--source", str(source / "video.mp4"), "--out", str(out), "--no-redact",
        "--skill", LIGHT,
    )  # fmt: skip
    trace = Trace.model_validate_json((out / "trace.json").read_text(encoding="utf-8"))
    assert len(trace.times) == 30
    text = invoke(
        "run", "--source", str(out), "--no-redact", "--no-film", "--out", str(out / "run")
    )
    assert "Wait. The crossing light is red." in text
    with pytest.raises(Exception, match="already holds a trace"):
        invoke("record", "--source", str(source / "video.mp4"), "--out", str(out), "--no-redact")


def test_a_new_skill_passes_its_own_tests(invoke, tmp_path):
    invoke("new-skill", "lamp-minder", "--out", str(tmp_path))
    folder = tmp_path / "retinue-lamp-minder"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder / "tests")],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_eval_compares_with_the_gold(film, invoke):
    gold = (
        {"skill": "crossing-light", "t": 1.0, "until_s": 4.0, "answer": "wait"},
        {"skill": "crossing-light", "t": 6.0, "until_s": 8.0, "answer": "walk"},
    )
    trace = film([(1.0, "red")], gold=gold)
    arguments = ("eval", str(trace), "--skill", LIGHT, "--no-redact")
    figures = json.loads(invoke(*arguments, "--json"))[str(trace)]
    assert (figures["precision"], figures["recall"], figures["right"]) == (1.0, 0.5, 1.0)
    assert "precision" in invoke(*arguments)


def test_films_can_be_made_of_every_kind_and_style():
    assert {*glasses_film.KINDS} == {*takes.KINDS, "quiet"}
    assert {*glasses_film.STYLES} == {*STYLES}


@pytest.mark.parametrize(
    ("kind", "thing", "sentence"),
    [("quiet", "keys", "goes with where-is-it"), ("where-is-it", "anvil", "no picture of 'anvil'")],
)
def test_what_can_not_lie_anywhere_in_a_film_is_said(invoke, tmp_path, kind, thing, sentence):
    with pytest.raises(click.UsageError, match=sentence):
        invoke("film", kind, "--lying", thing, "desk", "--out", str(tmp_path / "film"))
    assert not (tmp_path / "film").exists()


def test_a_film_shows_a_few_places_and_a_few_things_on_each():
    lying = [home.Lying("keys", f"keys-{n}", place) for n, place in enumerate(("desk", "bed"))]
    assert home.marked(lying) == {3: "desk", 7: "bed"}
    with pytest.raises(UserError, match="4 places at most"):
        home.marked([home.Lying("keys", "keys", f"table-{n}") for n in range(5)])
    with pytest.raises(UserError, match="do not fit on desk"):
        home.marked([home.Lying("keys", f"keys-{n}", "desk") for n in range(6)])


def test_a_wearer_given_takes_the_place_of_the_trace_s(film, invoke, tmp_path):
    trace = film([(1.0, "red")], duration=3.0)
    wearer = tmp_path / "quiet.json"
    wearer.write_text('{"id": "bo", "name": "Bo", "quiet": [[0, 86340]]}', encoding="utf-8")
    text = invoke(
        "run", "--source", str(trace), "--skill", LIGHT, "--no-redact", "--no-film",
        "--wearer", str(wearer), "--out", str(tmp_path / "out"),
    )  # fmt: skip
    assert "why not: quiet hours: Bo wants quiet from 00:00 to 23:59" in text


def test_glasses_are_a_command():
    assert "glasses" in app.commands

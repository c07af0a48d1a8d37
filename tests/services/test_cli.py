"""The command as people use it: what it prints, where, and with which exit code."""

import json
import sys
import types
from pathlib import Path

import pytest

from services import cli
from services.errors import BrokeOff
from services.session.contracts import GoalResult, PostedWish, Tick

ROOT = Path(__file__).resolve().parents[2]


class FakeApp(types.ModuleType):
    """Stands in for services.session.run: remembers what it was asked, answers with these outcomes."""

    def __init__(self, result_of, *outcomes, error=None):
        super().__init__("services.session.run")
        self.config = None
        self._result_of, self._outcomes, self._error = result_of, outcomes, error

    def run(self, config, on_tick=None, inputs=None):
        self.config = config
        on_tick(Tick(t=1.0, line="g1 planned, 2 steps", kind="plan"))
        if self._error is not None:
            raise self._error
        goals = tuple(
            GoalResult(text=f"wish {n}", status=status, checked_by_world=status == "satisfied")
            for n, status in enumerate(self._outcomes)
        )
        return self._result_of(goals=goals)


@pytest.fixture
def app(monkeypatch, result_of):
    def install(*outcomes, error=None):
        fake = FakeApp(result_of, *outcomes, error=error)
        monkeypatch.setitem(sys.modules, "services.session.run", fake)
        return fake

    return install


def test_run_passes_everything_on(retinue, app):
    fake = app("satisfied")
    code, _, _ = retinue(
        *(
            "run",
            "restaurant",
            "--do",
            "a",
            "--do",
            "b\n\x1b",
            "--then",
            "0:30",
            "c",
            "--bodies",
            "3",
        ),
        *("--fault", "offline waiter-1 at 30s", "--seed", "7", "--runtime", "local"),
        *("--speed", "4", "--out", "there", "--model", "none", "--no-report"),
    )
    assert code == 0
    config = fake.config
    assert config.wishes == (
        PostedWish(t=0, text="a"),
        PostedWish(t=0, text="b"),
        PostedWish(t=30, text="c"),
    )
    assert (config.world, config.bodies, config.seed) == ("restaurant", 3, 7)
    assert (config.runtime, config.speed, config.out) == ("local", 4.0, "there")
    assert (config.model, config.faults) == ("none", ("offline waiter-1 at 30s",))


def test_run_defaults(retinue, app):
    fake = app("satisfied")
    assert retinue("run", "household", "--speed", "max", "--no-report")[0] == 0
    assert (fake.config.runtime, fake.config.speed, fake.config.out) == ("local", 0.0, None)


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (("satisfied", "refused", "needs_answer"), 0),
        (("satisfied", "failed"), 1),
        ((), 0),
    ],
)
def test_exit_code_tells_whether_a_goal_failed(retinue, app, outcomes, code):
    app(*outcomes)
    assert retinue("run", "restaurant", "--no-report")[0] == code


def test_json_is_one_object_and_progress_goes_elsewhere(retinue, app):
    app("satisfied", "failed")
    code, out, err = retinue("run", "restaurant", "--json", "--no-report")
    assert code == 1
    assert [goal["status"] for goal in json.loads(out)["goals"]] == ["satisfied", "failed"]
    assert "g1 planned, 2 steps" in err


def test_run_builds_the_report_and_prints_where(retinue, app, run_dir):
    fake = app("satisfied")
    real = fake.run
    fake.run = lambda *a, **k: real(*a, **k).model_copy(update={"run_dir": str(run_dir)})
    code, out, _ = retinue("run", "restaurant")
    assert code == 0
    assert f"report  {run_dir / 'report.html'}" in out
    assert (run_dir / "report.html").is_file()


@pytest.mark.parametrize("words", [(), ("memory",), ("worlds",), ("memory", "cube"), ("llm",)])
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_group_alone_shows_its_help_in_lines_that_fit(retinue, monkeypatch, words, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, err = retinue(*words)
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: {' '.join(('retinue', *words))}")
    lines = out.splitlines()
    assert max(map(len, lines)) <= columns
    assert "Commands:" in lines
    # Sentences are wrapped, not cut off.
    assert "..." not in out.partition("Commands:")[2]


def test_a_result_says_how_it_was_understood_where_that_is_more_than_was_said(retinue, app):
    fake = app("satisfied")
    real = fake.run

    def understood(*given, **named):
        result = real(*given, **named)
        goals = (
            result.goals[0].model_copy(update={"understood": "Wish 0 is with Sam."}),
            result.goals[0].model_copy(update={"understood": "Wish 0."}),
        )
        return result.model_copy(update={"goals": goals})

    fake.run = understood
    out = retinue("run", "restaurant", "--no-report")[1]
    assert out.count("understood: ") == 1
    assert "understood: Wish 0 is with Sam." in out


def test_ctrl_c_ends_quietly(retinue, app):
    app(error=KeyboardInterrupt())
    code, _, err = retinue("run", "restaurant", "--no-report")
    assert code == 130
    assert err.endswith("retinue: stopped\n")


def test_a_pipe_that_breaks_inside_is_not_taken_for_a_reader_that_left(app, retinue):
    app(error=BrokenPipeError("somebody else's"))
    with pytest.raises(BrokenPipeError):
        retinue("run", "restaurant", "--do", "x", "--no-report")


def test_a_death_is_told_in_one_sentence(app, retinue):
    app(error=BrokeOff("the actor world died; bring the run to its end with: x"))
    code, _, err = retinue("run", "restaurant", "--do", "x", "--no-report")
    assert (code, err.splitlines()[-1]) == (
        1,
        "retinue: the actor world died; bring the run to its end with: x",
    )


def test_a_fault_of_ours_is_not_hidden(app):
    app(error=RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        cli.main(["run", "restaurant", "--no-report"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run",), "Missing argument 'WORLD_OR_YAML'"),
        (("run", "x", "--bodies", "0"), "--bodies"),
        (("run", "x", "--then", "soon", "y"), "'soon'"),
        (("run", "x", "--speed", "-1"), "neither max nor a number above 0"),
        (("run", "x", "--runtime", "mars"), "'mars'"),
        (("run", "x", "--then", "nan", "y"), "'nan' is no time"),
        (("run", "x", "--then", "-1:30", "y"), "is no time"),
        (("run", "x", "--within", "0", "--do", "y"), "more than 0 seconds"),
        (("run", "x", "wipe it"), 'a wish is said with --do "wipe it"'),
        (("run", "--resume", "y", "--do", "z"), "leave --do out"),
        (("run", "x", "--resume", "y"), "leave the world out"),
        (("run", "x", "--do", " "), "a wish is empty"),
        (("worlds", "show", "narnia"), "there is no world `narnia`"),
        (("worlds", "show", "restaurnt"), "did you mean `restaurant`?"),
        (("worlds", "show", ""), "the name of the world is empty"),
        (("worlds", "show", "."), ". is a folder"),
        (("worlds", "classes", "--category", "ghost"), "'ghost'"),
        (("worlds", "validate", "missing.yaml"), "missing.yaml:1"),
        (("report", "nowhere"), "is no run folder"),
        (("report", __file__), "is no run folder but a file"),
        (("report", ""), "name one, such as runs/household-1"),
        (("fly",), "No such command 'fly'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(retinue, app, words, says):
    app("satisfied")
    code, out, err = retinue(*words)
    assert code == 2
    assert says in err
    assert err.startswith("retinue: ")
    assert err.count("\n") == 1
    assert out == ""


def test_a_broken_scenario_names_file_and_line(retinue, tmp_path):
    text = (ROOT / "sim_worlds" / "scenarios" / "restaurant.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "mine.yaml"
    broken.write_text(text.replace("operator:", "operatr:", 1), encoding="utf-8")
    code, _, err = retinue("worlds", "validate", broken)
    assert code == 2
    line = next(
        n
        for n, words in enumerate(broken.read_text(encoding="utf-8").splitlines(), 1)
        if "operatr" in words
    )
    assert f"mine.yaml:{line}:" in err


def test_worlds_list_and_validate(retinue):
    code, out, _ = retinue("worlds", "list", "--json")
    names = [world["name"] for world in json.loads(out)["worlds"]]
    assert code == 0
    assert {"restaurant", "household", "supermarket"} <= set(names)
    code, out, _ = retinue(
        "worlds", "validate", ROOT / "sim_worlds" / "scenarios" / "restaurant.yaml"
    )
    assert (code, out[:14]) == (0, "OK  restaurant")


def test_the_classes_that_a_scenario_may_name_are_listed(retinue, tmp_path):
    code, out, _ = retinue("worlds", "classes", "--json")
    known = {one["cls"]: one for one in json.loads(out)["classes"]}
    assert code == 0
    assert known["mug"]["names"][0] == "mug"
    assert "cup" in known["mug"]["parents"]
    assert known["mug"]["states"]["clean"] == {"values": [True, False], "default": True}
    out = retinue("worlds", "classes", "--category", "room")[1]
    assert "kitchen" in out
    assert "mug" not in out
    mine = tmp_path / "mine.yaml"
    text = (ROOT / "sim_worlds" / "scenarios" / "household.yaml").read_text(encoding="utf-8")
    mine.write_text(text + "classes:\n  - {cls: gnome, names: [garden gnome]}\n", encoding="utf-8")
    assert "garden gnome" in retinue("worlds", "classes", mine)[1]
    assert "garden gnome" not in retinue("worlds", "classes")[1]


def test_the_schema_of_scenarios_is_printed_or_written(retinue, tmp_path):
    code, out, _ = retinue("worlds", "schema")
    assert code == 0
    assert json.loads(out)["title"] == "A world of Retinue"
    assert retinue("worlds", "schema", "--out", tmp_path / "s.json")[0] == 0
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == out
    code, _, err = retinue("worlds", "schema", "--out", tmp_path / "nowhere" / "s.json")
    assert code == 2
    assert "its folder is not there; make the folder first" in err


def test_worlds_show_draws_a_map_and_a_picture(retinue, tmp_path):
    code, out, _ = retinue("worlds", "show", "restaurant", "--svg", tmp_path / "plan.svg")
    assert code == 0
    assert "●waiter-1" in out
    assert "coffee-machine" in out
    assert "DINING ROOM" in (tmp_path / "plan.svg").read_text(encoding="utf-8")


def test_bodies_and_skills_are_the_same_in_text_and_json(retinue):
    kinds = [card["kind"] for card in json.loads(retinue("bodies", "--json")[1])["bodies"]]
    text = retinue("bodies")[1]
    assert len(kinds) >= 6
    assert [kind for kind in kinds if kind not in text] == []
    skills = json.loads(retinue("skills", "--json")[1])["skills"]
    text = retinue("skills")[1]
    assert len(skills) >= 15
    assert [skill["name"] for skill in skills if skill["name"] not in text] == []
    assert all(skill["bodies"] for skill in skills)


def test_report_prints_the_page(retinue, run_dir):
    code, out, _ = retinue("report", run_dir, "--no-video")
    assert (code, out) == (0, f"{run_dir / 'report.html'}\n")
    assert json.loads(retinue("report", run_dir, "--no-video", "--json")[1]) == {
        "report": str(run_dir / "report.html")
    }

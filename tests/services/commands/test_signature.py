"""A command is what its function says: arguments, options, help, and what is noted of a question."""

import contextlib
import json
from pathlib import Path
from typing import Annotated, Literal

import click
import pytest

from services.commands.menu import Menu, Shelf
from services.commands.moment import Moment
from services.commands.output import Output, Rows, listed
from services.commands.signature import AsJson, command


class Box:
    """What a path was opened as."""

    def __init__(self, path, words):
        self.path, self.words, self.noted = path, words, []

    def answered(self, data):
        self.noted.append(data)


BOXES = []


@contextlib.contextmanager
def box(path, words):
    BOXES.append(Box(path, words))
    yield BOXES[-1]
    BOXES[-1].noted.append("closed")


Limit = Annotated[int, "--limit N: How many.", click.IntRange(min=1)]


def count(
    thing: str,
    run: Annotated[Box, box],
    more: str | None = None,
    at: Annotated[str | None, "at {}"] = None,
    from_: float = 0.5,
    kind: Literal["cup", "mug"] | None = None,
    also: tuple[Path, ...] = (),
    between: tuple[str, int] | None = None,
    is_open: bool = False,
    limit: Limit = 3,
) -> Output:
    """Count things.

    Here is more.

    Options:
        --at TIME: As it was
            then.
        --from: Where.
        --kind: Which.
        --also FILE[:X]: And: this.
        --between A B: The two.
        --is-open: Really.
    """
    told = [thing, more, at, from_, kind, [str(path) for path in also], between, is_open, limit]
    return Output({"told": told}, *map(str, told), code=3)


def run(made, *words):
    return made.main(args=list(words), prog_name="t", standalone_mode=False)


def test_everything_is_given_by_name_or_place(capsys):
    made = command("count", count)
    assert run(made, "cup", "a.db", "--json") == 3
    assert json.loads(capsys.readouterr().out) == {
        "told": ["cup", None, None, 0.5, None, [], None, False, 3]
    }
    words = "cup a.db more --at 1 --from 2 --kind mug --also x --also y --between 1 2 --is-open"
    run(made, *words.split(), "--limit", "1", "--json")
    told = json.loads(capsys.readouterr().out)["told"]
    assert told == ["cup", "more", "1", 2.0, "mug", ["x", "y"], ["1", 2], True, 1]


def test_what_is_opened_is_told_the_question_and_notes_the_answer(capsys):
    run(command("count", count), "cup", "a.db", "--at", "9", "--limit", "2")
    assert capsys.readouterr().out.splitlines()[0] == "cup"
    assert (BOXES[-1].path, BOXES[-1].words) == (Path("a.db"), "cup  at 9")
    assert [list(BOXES[-1].noted[0]), BOXES[-1].noted[1]] == [["told"], "closed"]


def test_help_is_the_docstring(capsys):
    run(command("count", count), "--help")
    out = " ".join(capsys.readouterr().out.split())
    assert "Usage: t [OPTIONS] THING RUN [MORE] Count things. Here is more. Options:" in out
    assert "--at TIME As it was then." in out
    assert "--from FLOAT Where. [default: 0.5]" in out
    assert "--kind [cup|mug] Which." in out
    assert "--also FILE[:X] And: this." in out
    assert "--limit N How many. [default: 3; x>=1]" in out
    assert out.index("--limit") < out.index("--json")


def shown(
    then: tuple[tuple[Annotated[float, Moment()], str], ...] = (),
    film: bool = True,
    model: str = "none",
    speed: Annotated[object, click.FLOAT] = "1.5",
    as_json: AsJson = False,
) -> int:
    """Show.

    Options:
        --then TIME TEXT: Said then.
        --film/--no-film: Whether.
        --model MODEL ($RETINUE_TRIED): Which.
        --speed: How fast.
    """
    click.echo(f"{then} {film} {model} {speed} {as_json}")
    return 4


def test_what_shows_itself_gives_a_code_and_is_told_of_json(capsys, monkeypatch):
    made = command("shown", shown)
    assert run(made) == 4
    assert capsys.readouterr().out == "() True none 1.5 False\n"
    monkeypatch.setenv("RETINUE_TRIED", "some")
    run(made, "--then", "1:30", "a b", "--then", "2", "c", "--no-film", "--json", "--speed", "2")
    assert capsys.readouterr().out == "((90.0, 'a b'), (2.0, 'c')) False some 2.0 True\n"
    run(made, "--help")
    out = " ".join(capsys.readouterr().out.split())
    assert "--film / --no-film Whether. [default: film]" in out
    assert "--model MODEL Which. [env var: RETINUE_TRIED; default: none]" in out


@pytest.mark.parametrize(
    "words", [(), ("cup",), ("cup", "a.db", "--limit", "0"), ("cup", "a.db", "--kind", "pan")]
)
def test_what_is_missing_or_wrong_is_a_mistake_of_the_user(words):
    with pytest.raises(click.UsageError):
        run(command("count", count), *words)


def unlike(hint, doc):
    def counted(thing):
        raise AssertionError(thing)

    counted.__annotations__, counted.__doc__ = {"thing": hint}, doc
    return counted


@pytest.mark.parametrize(
    ("hint", "doc", "says"),
    [
        (dict, "Count.", "can not be typed"),
        (str | int, "Count.", "can not be typed"),
        (str, "Count.\n\nOptions:\n    --thnig: What.", "no parameter is set by '--thnig: What.'"),
        (str, "Count.\n\nOptions:\n    What to count.", "no parameter is set by"),
    ],
)
def test_a_signature_that_can_not_be_typed_is_a_mistake_of_the_author(hint, doc, says):
    with pytest.raises(TypeError, match=says):
        command("count", unlike(hint, doc))


def test_a_list_is_a_table_or_a_sentence(capsys):
    listed("cups", ["a", "b"], ("cup", "size"), lambda cup: (cup, 1)).show(as_json=False)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["cup", "size"],
        ["a", "1"],
        ["b", "1"],
    ]
    none = listed("cups", [], ("cup", "size"), lambda cup: (cup, 1), "there are no cups")
    none.show(as_json=False)
    none.show(as_json=True)
    Output({}, "one", Rows(("x",), [("y",)])).show(as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "there are no cups",
        '{"cups": []}',
        "one",
        "x",
        "y",
    ]


def test_a_shelf_loads_what_is_asked_for():
    shelf = Shelf("services.commands.memory", (("questions", "where as-of"), ("keep", "import")))
    assert list(shelf) == ["where", "as-of", "import"]
    assert shelf["import"].name == "import"
    assert "where" in shelf
    assert "nonsense" not in shelf
    menu = Menu("memory", commands=shelf)
    assert menu.get_command(click.Context(menu), "as-of") is shelf["as-of"]

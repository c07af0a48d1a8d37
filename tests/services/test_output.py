"""How commands print: tables that fit, whole words, and nothing in between for programs."""

import re
import sys

import pytest

from services.commands.output import print_listed, print_table, stages

COLUMNS = ("", "world", "rooms", "what it is")
ROWS = [("✓", "restaurant-evening", 9, "a restaurant on a long evening"), ("", "flat", 2, "")]


@pytest.fixture
def terminal(monkeypatch):
    """Standard output is a terminal of so many columns."""

    def narrow(columns):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    return narrow


def _lines(capsys):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    return [line.rstrip() for line in plain.splitlines()]


def test_a_table_has_a_line_for_each_row_where_there_is_room(terminal, capsys):
    terminal(80)
    print_table(COLUMNS, ROWS)
    lines = _lines(capsys)
    assert lines[1] == "✓  restaurant-evening  9      a restaurant on a long evening"
    assert len(lines) == 3


@pytest.mark.parametrize("columns", [20, 30, 40])
def test_a_narrow_terminal_gets_whole_words_below_each_other(terminal, capsys, columns):
    terminal(columns)
    print_table(COLUMNS, ROWS)
    lines = _lines(capsys)
    assert max(map(len, lines)) <= columns
    assert lines[:2] == ["✓ restaurant-evening", "  rooms: 9"]
    # An empty cell has no line.
    assert lines[-2:] == ["flat", "  rooms: 2"]
    assert "restaurant" in " ".join(lines[2:-2])


def test_a_pipe_gets_a_table_however_narrow_the_terminal_is(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "20")
    print_table(COLUMNS, ROWS)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_list_is_wrapped_below_its_beginning(terminal, capsys):
    terminal(20)
    print_listed("things", ["3 cups", "1 plate", "2 forks"])
    print_listed("people", [])
    assert (
        capsys.readouterr().out == "things  3 cups, 1\n        plate, 2\n        forks\npeople  -\n"
    )


def test_stages_show_nothing_where_nobody_watches(capsys):
    with stages("report") as tell:
        tell("gantt.svg")
    assert capsys.readouterr() == ("", "")

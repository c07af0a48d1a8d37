"""`retinue bench wishes` on a file of three wishes."""

from __future__ import annotations

import json

import pytest

from brain.contracts import Understood
from devices.facts import At, Be, Selector
from services.cli import main
from services.lab.wishes import bench
from services.lab.wishes.contracts import Table

THREE = """
household:
  - {say: turn off the tv, tags: [plain], understood: [{be: [tv], power: false}]}
  - {say: milk in fridge, tags: [terse], understood: [{at: [milk], where: fridge}]}
  - {say: feed the dragon, tags: [unknown], refuse: true}
"""
OFF = Understood(
    conditions=(Be(what=Selector(ids=("tv",)), attr="power", value=False),), summary="tv off"
)
WRONG = Understood(
    conditions=(At(what=Selector(ids=("milk",)), where="freezer"),),
    summary="milk in freezer",
    by="model",
)


@pytest.fixture
def three(tmp_path):
    path = tmp_path / "three.yaml"
    path.write_text(THREE, encoding="utf-8")
    return path


@pytest.fixture
def opened(monkeypatch, scripted, mind):
    """Two scripted configurations in place of the real ones."""
    scripts = {"none": {"turn off the tv": OFF}}
    scripts["embedded"] = {
        "turn off the tv": OFF,
        "milk in fridge": WRONG,
        "feed the dragon": WRONG,
    }
    minds = {name: mind(scripted(script)) for name, script in scripts.items()}
    monkeypatch.setattr(bench, "open_parts", lambda spec: (f"{spec} mind", minds[spec]))
    return minds


def command(*arguments):
    with pytest.raises(SystemExit) as left:
        main(["bench", "wishes", *arguments])
    return left.value.code


def test_tables(three, opened, capsys):
    assert command("--split", str(three), "--model", "none", "--model", "embedded") == 0
    printed = capsys.readouterr().out
    assert "3 wishes, split three" in printed
    assert "none mind" in printed
    assert "0.500 (1/2)" in printed
    assert all(mind.closed for mind in opened.values())


def test_json(three, opened, capsys):
    command("--split", str(three), "--model", "none", "--model", "embedded", "--json")
    table = Table.model_validate(json.loads(capsys.readouterr().out))
    alone, both = table.rows
    assert (alone.whole.over_caution.good, alone.whole.declined.good) == (1, 1)
    assert (both.whole.wrong_goal.good, both.whole.wrong_motion.good) == (1, 1)
    assert (both.calls, both.tokens) == (2, 30)
    assert table.added == {"embedded": 0.0}


def test_misses_are_listed_only_when_asked_for(three, opened, capsys):
    command("--split", str(three), "--model", "embedded")
    assert "freezer" not in capsys.readouterr().out
    command("--split", str(three), "--model", "embedded", "--verbose")
    printed = capsys.readouterr().out
    assert "said      milk in fridge" in printed
    assert "expected  at(ids=milk, where=fridge, relation=in)" in printed
    assert "expected  refuse" in printed
    assert "turn off the tv" not in printed


def test_a_limit(three, opened, capsys):
    command("--split", str(three), "--model", "none", "--limit", "1", "--json")
    assert json.loads(capsys.readouterr().out)["wishes"] == 1


def test_a_wrong_file_is_one_sentence(tmp_path, opened, capsys):
    path = tmp_path / "own.yaml"
    path.write_text("household:\n  - {say: hm, tags: [x], perhaps: true}\n", encoding="utf-8")
    assert command("--split", str(path)) == 2
    error = capsys.readouterr().err
    assert "own/household/1" in error
    assert "perhaps" in error

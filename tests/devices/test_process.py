"""A process is read from a package's file of data; what is wrong with a file is said with its name."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import devices.process
from devices.errors import Refused
from devices.process import Process, processes


@pytest.fixture
def ironing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs files of a package by their text; the package is new for each test."""
    package = tmp_path / f"ironing_{tmp_path.name}"
    package.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(**texts: str) -> None:
        for name, text in texts.items():
            (package / f"{name}.yaml").write_text(text, encoding="utf-8")
        points = [EntryPoint(name, package.name, devices.process.GROUP) for name in texts]
        monkeypatch.setattr("devices.installed.entry_points", lambda group: points)

    return install


def test_a_file_of_data_is_a_process_and_its_skill(ironing):
    ironing(iron="- {name: iron, at_offers: ironing, needs: {ironed: false}, sets: {ironed: true}}")
    (process,) = processes()
    card = process.card()
    assert card is not None
    assert [param.name for param in card.params] == ["obj", "source"]
    assert card.params[1].offers == "ironing"
    assert [(atom.pred, *atom.args, atom.value) for atom in card.pre] == [
        ("at", "$obj", "$source", None),
        ("be", "$obj", "ironed", False),
    ]
    assert [(*atom.args, atom.value) for atom in card.post] == [("$obj", "ironed", True)]


def test_a_process_that_sets_nothing_is_no_skill():
    assert Process(name="charge", offers="charge").card() is None


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"iron": "- {name: iron, set: {ironed: true}}"}, r"iron\.yaml of .* wrong at 0\.set"),
        ({"iron": "name: iron"}, r"iron\.yaml of .* wrong at the file"),
        ({"iron": "- {name: iron"}, r"iron\.yaml of .* cannot be read"),
        ({"iron": "- {name: iron}", "press": "- {name: iron}"}, "two packages offer the process"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(ironing, texts, says):
    ironing(**texts)
    with pytest.raises(Refused, match=says):
        processes()

"""What the README shows is what there is."""

import re
import shlex
from pathlib import Path

import click
import pytest

from services import cli
from services.commands.run import run
from services.commands.signature import command
from sim_worlds.loader import read

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = sorted(set(re.findall(r"^retinue [^\n]+$", README, re.MULTILINE)))


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_help_and_the_readme_list_the_same_commands():
    listed = set(re.findall(r"^\| `retinue ([a-z -]+)` \|", README, re.MULTILINE))
    assert listed == {" ".join(words) for words in _words(cli.app)}


@pytest.mark.parametrize("line", SHOWN)
def test_every_command_shown_is_one_that_parses(line):
    words = shlex.split(line)[1:]
    found = cli.app
    while isinstance(found, click.Group):
        found = found.commands[words.pop(0)]
    found.make_context("retinue", words)


def test_the_scenario_in_the_readme_is_sound():
    (text,) = _blocks("yaml")
    scenario = read(text, "README.md")
    assert [body.id for body in scenario.bodies] == ["helper"]


def test_the_body_in_the_readme_is_a_card():
    names: dict[str, object] = {}
    (card,) = (block for block in _blocks("python") if "PLANTER" in block)
    exec(card, names)
    assert names["PLANTER"].kind == "planter"


def test_the_question_in_the_readme_is_a_command():
    names: dict[str, object] = {}
    (module,) = (block for block in _blocks("python") if "def lost" in block)
    exec(module, names)
    assert [p.opts[-1] for p in command("lost", names["lost"]).params] == ["run", "--at", "--json"]


@pytest.mark.scenario
def test_the_program_in_the_readme_speaks_to_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    (program,) = (block for block in _blocks("python") if "speak" in block)
    exec(program, names)
    assert [goal.status for goal in names["result"].goals] == ["satisfied", "satisfied"]


def test_pictures_and_links_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:)([^)]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_files_that_are_named_exist():
    named = re.findall(r"`((?:devices|cerebellum|sim_worlds|services|brain)/[\w/.]*)`", README)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_examples_of_faults_in_the_help_can_be_read():
    from sim_worlds.faults.words import load_faults

    help_text = next(p.help for p in run.params if p.name == "fault")
    specs = re.findall(r'"([^"]+)"', help_text)
    assert len(specs) >= 4
    load_faults(specs, {"waiter-1", "chef", "scout", "drone"}, {"pick"})


def _words(command, words=()):
    if not isinstance(command, click.Group):
        return [words]
    return [
        leaf for name, child in command.commands.items() for leaf in _words(child, (*words, name))
    ]

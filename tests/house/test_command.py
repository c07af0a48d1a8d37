"""The command is documented, explains itself, and starts without loading what it does not need."""

import os
import subprocess
import sys

HEAVY = {
    "cv2",
    "numpy",
    "onnxruntime",
    "openai",
    "ortools",
    "py_trees",
    "ray",
    "sqlite_utils",
    "tokenizers",
    "xllamacpp",
}


def _commands():
    """Every command as its words, with the click object that runs it."""
    from services import cli

    def walk(command, words):
        if not hasattr(command, "commands"):
            yield words, command
            return
        for name, child in sorted(command.commands.items()):
            yield from walk(child, (*words, name))

    return [
        (words, command) for words, command in walk(cli.app, ("retinue",)) if not command.hidden
    ]


def test_every_command_is_in_the_readme(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    names = [" ".join(words) for words, _ in _commands()]
    assert len(names) >= 6
    assert [name for name in names if name not in readme] == []


def test_every_command_says_what_it_does():
    assert [" ".join(words) for words, command in _commands() if not command.help] == []


def test_every_option_says_what_it_does():
    silent = [
        f"{' '.join(words)} {parameter.opts[-1]}"
        for words, command in _commands()
        for parameter in command.params
        if parameter.param_type_name == "option" and not getattr(parameter, "help", None)
    ]
    assert silent == []


def test_help_loads_no_heavy_library():
    report = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "services.cli", "--help"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "COLUMNS": "100"},
    )
    assert "Usage" in report.stdout
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in report.stderr.splitlines()}
    assert loaded & HEAVY == set()

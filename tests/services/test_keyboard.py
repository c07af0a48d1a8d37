"""Ctrl-C at a run: once stops everybody and closes in order, twice ends at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.commands import keyboard
from services.session.inputs import Inputs


def test_one_press_stops_and_a_second_ends(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(keyboard.time, "monotonic", lambda: now[0])
    before = signal.getsignal(signal.SIGINT)
    inputs = Inputs()
    with keyboard.listening(hears=False) as join:
        join(inputs)
        signal.raise_signal(signal.SIGINT)
        assert inputs.is_ending
        # Some programs send it to a process and to its group: that is one press.
        now[0] = 0.1
        signal.raise_signal(signal.SIGINT)
        now[0] = 2.0
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert capsys.readouterr().err.count("stopping everybody") == 1


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_being_told_to_end_is_as_good_as_ctrl_c(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    inputs = Inputs()
    with keyboard.listening(hears=False) as join:
        join(inputs)
        signal.raise_signal(number)
        assert inputs.is_ending
    assert signal.getsignal(number) is before


def test_who_ignores_a_signal_goes_on_to():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with keyboard.listening(hears=False):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_before_there_is_a_session_it_ends_at_once():
    with (
        keyboard.listening(hears=False),
        pytest.raises(KeyboardInterrupt),
    ):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.scenario
@pytest.mark.slow
def test_a_run_is_closed_in_order(tmp_path: Path) -> None:
    """Also after an allocation: the solver is known to take the signal for itself."""
    words = ["run", "restaurant", "--do", "clear all tables", "--speed", "5", "--no-report"]
    run = subprocess.Popen(
        [sys.executable, "-m", "services.cli", *words, "--out", str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert run.stdout is not None
    for line in run.stdout:
        if "pick done" in line:
            break
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, (out, err)
    assert "stopping everybody" in err
    result = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert result["interrupted"]
    assert [goal["status"] for goal in result["goals"]] == ["paused"]

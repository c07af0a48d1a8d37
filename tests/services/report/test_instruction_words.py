"""What somebody who instructs does, in words."""

from typing import get_args

import pytest

from services.report.words import instruction_words
from stem_memory import instructions as told

SAID = {
    told.Cancel(goals=("g1",), roll_back=True): "cancels g1, and what was moved is put back",
    told.Pause(goals=("g1", "g2")): "pauses g1 and g2",
    told.Resume(goals=("g1",)): "lets g1 go on",
    told.Change(goal="g1", text="wipe", priority=2): "changes g1: it is now “wipe”, priority 2",
    told.Stop(): "stops all bodies",
    told.Release(bodies=("host",)): "lets host move again",
    told.Drain(bodies=("host",)): "drains host",
    told.Activate(bodies=("host",)): "lets host take on work",
    told.Retire(body="host"): "takes host out of the fleet",
    told.Restrict(
        goal="g1", only=("host",), never=("chef",)
    ): "lets only host and not chef work for g1",
    told.Restrict(goal="g1"): "lets anybody work for g1",
}


@pytest.mark.parametrize(("instruction", "words"), SAID.items())
def test_an_instruction_is_said_in_words(instruction, words):
    assert instruction_words(instruction) == words


def test_none_is_left_out():
    assert {type(i) for i in SAID} == set(get_args(get_args(told.Instruction)[0]))

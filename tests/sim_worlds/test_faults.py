"""Faults in words become data, or one clear sentence."""

import pytest

from sim_worlds.errors import FaultError
from sim_worlds.faults.usual import (
    DRAIN,
    OFFLINE,
    SLOW,
    TOOL_FAIL,
    Drain,
    Offline,
    Slow,
    ToolFail,
)
from sim_worlds.faults.words import load_faults
from sim_worlds.testing import FaultContract

BODIES, SKILLS = ("waiter-1", "arm"), ("pick", "pour", "hand_over")


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("offline waiter-1 at 30s", Offline(body="waiter-1", t=30)),
        ("offline waiter-1 at 1.5min for 60s", Offline(body="waiter-1", t=90, lasts_s=60)),
        (
            "tool-fail pick on waiter-1 times 2 from 10s",
            ToolFail(skill="pick", body="waiter-1", times=2, t=10),
        ),
        ("tool-fail pour p=0.3", ToolFail(skill="pour", probability=0.3)),
        ("tool-fail hand_over", ToolFail(skill="hand_over")),
        ("slow arm x3 at 60s", Slow(body="arm", factor=3, t=60)),
        ("slow arm at 60 for 1h", Slow(body="arm", t=60, lasts_s=3600)),
        ("drain  arm to 10% at 20s", Drain(body="arm", level=0.1, t=20)),
    ],
)
def test_a_spec_is_read(spec, fault):
    assert load_faults([spec], BODIES, SKILLS) == (fault,)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("", "there is no fault ``"),
        ("explode arm at 3s", "begin with one of drain, offline, slow, tool-fail"),
        ("offline arm", 'write it like "offline waiter-1 at 30s'),
        ("offline arm at noon", "cannot be read"),
        ("offline waiter-2 at 3s", "did you mean `waiter-1`"),
        ("tool-fail pik", "did you mean `pick`"),
        ("tool-fail pick on robbie", "name one of arm, waiter-1"),
        ("tool-fail pick p=0", "never happens"),
        ("tool-fail pick times 0", "never happens"),
        ("drain arm to 120% at 3s", "at most 100%"),
        ("slow arm x0 at 3s", "0 times slower"),
    ],
)
def test_a_bad_spec_is_one_sentence(spec, says):
    with pytest.raises(FaultError) as caught:
        load_faults([spec], BODIES, SKILLS)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


class TestOffline(FaultContract):
    kind = OFFLINE


class TestSlow(FaultContract):
    kind = SLOW


class TestDrain(FaultContract):
    kind = DRAIN


class TestToolFail(FaultContract):
    kind = TOOL_FAIL

"""What a wearer asks of robots is done for them."""

import pytest

from devices.glasses.contracts import Words
from services.alpha.contracts import WearerProfile
from services.alpha.recording import Trace
from services.alpha.wishes import wishes_of
from services.session.run import run
from services.contracts import RunConfig
from services.errors import UserError

MINE = {"my cup": "the blue mug"}


@pytest.fixture
def trace(tmp_path):
    """Writes a trace of words."""

    def write(*words, wearer="noor"):
        said = tuple(Words(t=t, text=text, by=by) for t, text, by in words)
        profile = WearerProfile(id=wearer, preferences=MINE)
        path = tmp_path / "trace.json"
        path.write_text(
            Trace(
                name="talk",
                duration_s=20.0,
                words=said,
                wearer=profile,
                skills=("services.alpha.open_question:OpenQuestion",),
            ).model_dump_json()
        )
        return str(path)

    return write


def test_only_the_wearers_requests_become_wishes(trace):
    source = trace(
        (1.0, "it is cold today", ""),
        (2.0, "Please bring me my cup!", ""),
        (3.0, "bring me the newspaper", "sam"),
        (4.0, "stop", ""),
        (6.0, "turn off the bedroom lamp", ""),
    )
    assert [(w.t, w.text, w.who) for w in wishes_of(source, ("noor", "sam"))] == [
        (2.0, "Please bring me the blue mug!", "noor"),
        (6.0, "turn off the bedroom lamp", "noor"),
    ]


def test_a_wearer_who_is_not_there_is_told(trace):
    with pytest.raises(UserError, match="'zoe', who is nobody in this world"):
        wishes_of(trace((1.0, "bring me my cup", ""), wearer="zoe"), ("noor",))


def test_a_live_camera_can_not_be_heard_in_virtual_time():
    with pytest.raises(UserError, match="record it first"):
        wishes_of("0", ("noor",))


@pytest.mark.scenario
def test_a_robot_brings_the_cup(trace, tmp_path):
    source = trace((2.0, "Please bring me my cup", ""))
    config = RunConfig(
        world="household",
        glasses=source,
        runtime="local",
        model="none",
        film=False,
        out=str(tmp_path / "run"),
    )
    goals = run(config).goals
    assert [(g.text, g.status, g.checked_by_world) for g in goals] == [
        ("Please bring me the blue mug", "satisfied", True)
    ]

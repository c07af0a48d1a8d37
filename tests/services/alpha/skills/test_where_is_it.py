"""Where is it: marked surfaces and enrolled things go to memory; memory answers."""

import json

import numpy as np
import pytest

from devices.glasses.contracts import Words
from services.alpha.contracts import Draft, ToolCall, ToolResult, WearerProfile
from services.alpha.skill import Case
from services.alpha.skills.where_is_it import WhereIsIt
from services.alpha.testing import GlassesSkillContract, _request, shot
from services.alpha.vision import opencv as cv
from services.errors import UserError


def _ball():
    picture = np.zeros((120, 120, 4), np.uint8)
    cv.disc(picture, (60, 60), 55, (30, 40, 220, 255))
    return picture


def _pen():
    picture = np.zeros((60, 240, 4), np.uint8)
    picture[15:45, 8:232] = (200, 90, 20, 255)
    return picture


def _surface(mark: int, *things):
    table = np.full((960, 1280, 3), (120, 150, 165), np.uint8)
    table[60:220, 560:720] = 250
    table[80:200, 580:700] = cv.mark(mark, 120)[..., None]
    for picture, x, y in things:
        part = table[y : y + picture.shape[0], x : x + picture.shape[1]]
        solid = picture[..., 3] > 0
        part[solid] = picture[..., :3][solid]
    return table


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    folder = tmp_path_factory.mktemp("things")
    (folder / "ball.png").write_bytes(cv.encoded(_ball()))
    (folder / "pen.png").write_bytes(cv.encoded(_pen()))
    path = folder / "things.json"
    path.write_text(
        json.dumps(
            [
                {"id": "ball", "names": ["ball"], "picture": "ball.png"},
                {"id": "pen", "names": ["pen", "biro"], "picture": "pen.png"},
            ]
        ),
        encoding="utf-8",
    )
    return path


@pytest.fixture
def skill(things):
    made = WhereIsIt()
    made.configure({"things": str(things), "places": "3=desk,7=kitchen-counter"})
    return made


class TestContract(GlassesSkillContract):
    factory = WhereIsIt


def _seen(skill, picture):
    heard = skill.hear(Words(t=1.0, text="where is my pen"), WearerProfile())
    look = skill.look(_request(skill, heard), [shot(picture, t=2.0)])
    return {s.id: s.location.holder for s in look.sightings if s.location is not None}


def test_things_are_seen_on_the_surface_that_the_mark_names(skill):
    picture = _surface(7, (_ball(), 300, 500), (_pen(), 800, 600))
    assert _seen(skill, picture) == {"ball": "kitchen-counter", "pen": "kitchen-counter"}
    assert _seen(skill, _surface(3, (_pen(), 300, 500))) == {"pen": "desk"}


def test_what_is_not_enrolled_is_not_named_and_an_unknown_mark_is_no_place(skill):
    box = np.zeros((90, 90, 4), np.uint8)
    box[5:85, 5:85] = (60, 200, 60, 255)
    assert _seen(skill, _surface(3, (box, 400, 500))) == {}
    assert _seen(skill, _surface(11, (_pen(), 300, 500))) == {}


def test_it_looks_silently_when_a_marked_surface_is_in_view(skill):
    view = _surface(3, (_pen(), 300, 500))
    notices = [n for i in range(20) for n in skill.notice(shot(view, t=0.1 * i, seq=i))]
    assert notices
    assert all(notice.silent for notice in notices)


def _answered(skill, text, **value):
    heard = skill.hear(Words(t=9.0, text=text), WearerProfile())
    case = Case(heard, 9.0, WearerProfile(), {}, {})
    call = skill.plan(case)
    assert isinstance(call, ToolCall)
    assert (call.tool, call.args) == ("memory.where", {"thing": "pen"})
    case.results["memory.where"] = ToolResult(call="c", case="c", tool="memory.where", value=value)
    return skill.phrase(case)


def test_it_answers_from_memory(skill):
    said = _answered(
        skill,
        "Where did I leave my biro?",
        found=True,
        place="desk",
        place_name="desk",
        relation="on",
        age_s=200.0,
    )
    assert isinstance(said, Draft)
    assert said.answer == "desk"
    assert said.wordings[0] == "Your pen: on the desk, seen 3 minutes ago."


def test_it_says_so_when_it_has_not_seen_the_thing(skill):
    assert "not seen" in _answered(skill, "where is my pen?", found=False).wordings[0]


def test_bring_me_becomes_a_wish(skill):
    said = _answered(skill, "please bring me my pen", found=True)
    assert said.wish == "bring me my pen"


def test_things_it_does_not_know_are_left_to_others(skill):
    assert skill.hear(Words(t=1.0, text="where is my umbrella?"), WearerProfile()) is None


def test_wrong_settings_are_said_in_one_sentence():
    with pytest.raises(UserError, match="MARK=NAME"):
        WhereIsIt().configure({"places": "desk"})
    with pytest.raises(UserError, match="things"):
        WhereIsIt().configure({"things": "nowhere.json"})

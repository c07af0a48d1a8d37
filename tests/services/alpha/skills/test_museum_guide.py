"""The museum guide keeps the contract, names what it verified, and tells what is new."""

import json

import numpy as np
import pytest

from devices.glasses.contracts import Words
from services.alpha.contracts import Draft, Silence, ToolResult, Trigger, WearerProfile
from services.alpha.skill import Case
from services.alpha.skills.museum_guide import MuseumGuide
from services.alpha.testing import GlassesSkillContract, evidence, shot
from services.alpha.vision import opencv as cv
from services.errors import UserError


def _picture(seed: int):
    """A picture with plenty of detail, drawn here."""
    rng = np.random.default_rng(seed)
    picture = cv.resized(rng.integers(0, 256, (9, 12, 3)).astype(np.uint8), 480, 360)
    for _ in range(160):
        x, y, r = (int(v) for v in rng.integers((0, 0, 3), (480, 360, 26)))
        cv.disc(picture, (x, y), r, tuple(int(c) for c in rng.integers(0, 256, 3)))
    return picture


def _hung(picture, size=(640, 480)):
    wall = np.full((size[1], size[0], 3), (170, 175, 180), np.uint8)
    inner = cv.resized(picture, 380, 285)
    wall[90 : 90 + 285, 130 : 130 + 380] = inner
    return wall


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("museum")
    works = []
    for seed in (1, 2, 3):
        (folder / f"{seed}.png").write_bytes(cv.encoded(_picture(seed)))
        works.append(
            {
                "id": f"work-{seed}",
                "title": f"Composition {seed}",
                "artist": "A. Painter",
                "year": "1901",
                "picture": f"{seed}.png",
                "facts": ["It was painted in one night."],
            }
        )
    path = folder / "catalogue.json"
    path.write_text(json.dumps(works), encoding="utf-8")
    return path


class TestContract(GlassesSkillContract):
    factory = MuseumGuide

    @pytest.fixture(autouse=True)
    def _with(self, catalogue):
        self.catalogue = catalogue

    def make(self):
        skill = MuseumGuide()
        skill.configure({"catalogue": str(self.catalogue)})
        return skill

    def noticed(self):
        view = _hung(_picture(2))
        return [shot(view, t=0.1 * i, seq=i) for i in range(25)]


def _case(**more):
    trigger = Trigger(
        skill="museum-guide", subject="stop-1", t=1.0, since_s=0.5, score=0.8, reason="stopped"
    )
    about = ToolResult(
        call="c",
        case="c",
        tool="museum-guide.about",
        value={
            "title": "Composition 2",
            "artist": "A. Painter",
            "year": "1901",
            "facts": ("It was painted in one night.",),
        },
    )
    return Case(
        trigger,
        1.5,
        more.get("wearer", WearerProfile()),
        {"work": evidence("work", "work-2")},
        {"museum-guide.about": about},
    )


def _look(skill, picture):
    from services.alpha.testing import _request

    trigger = _case().trigger
    return skill.look(_request(skill, trigger), [shot(picture, t=1.0)])


def test_it_names_the_work_and_not_another(catalogue):
    skill = MuseumGuide()
    skill.configure({"catalogue": str(catalogue)})
    for seed in (1, 2, 3):
        assert _look(skill, _hung(_picture(seed))).evidence[0].value == f"work-{seed}"


def test_it_names_nothing_that_is_not_in_the_catalogue(catalogue):
    skill = MuseumGuide()
    skill.configure({"catalogue": str(catalogue)})
    for seed in range(20, 26):
        assert _look(skill, _hung(_picture(seed))).evidence == ()


def test_it_tells_what_is_new_only():
    skill = MuseumGuide()
    first = skill.phrase(_case())
    assert isinstance(first, Draft)
    assert "painted in one night" in first.wordings[0]
    met = skill.phrase(_case(wearer=WearerProfile(known=("artist:A. Painter",))))
    assert "another one by A. Painter" in met.wordings[0]
    known = skill.plan(_case(wearer=WearerProfile(known=("work:work-2",))))
    assert isinstance(known, Silence)
    assert known.code == "nothing_new"


def test_it_answers_a_question_about_the_work(catalogue):
    skill = MuseumGuide()
    assert skill.hear(Words(t=1, text="What is this painting?"), WearerProfile()) is None
    skill.configure({"catalogue": str(catalogue)})
    assert skill.hear(Words(t=1, text="What is this painting?"), WearerProfile()).asked


def test_a_missing_catalogue_is_said_in_one_sentence():
    with pytest.raises(UserError, match="catalogue"):
        MuseumGuide().configure({"catalogue": "nowhere.json"})
    with pytest.raises(UserError, match="knows no setting"):
        MuseumGuide().configure({"museum": 1})

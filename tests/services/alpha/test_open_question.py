"""Open questions: answered by a model, silent about nothing, and honest when it is away."""

import pytest

from brain.model import ModelRefused, ModelReply, ModelUnavailable
from devices.glasses.contracts import Words
from services.alpha.orders import GlassesConfig
from services.alpha.recording import Trace
from services.alpha.session import replay

QUESTIONS = (
    (2.0, "how far is the moon?"),
    (15.0, "how far is the sun?"),
    (30.0, "how far is Mars?"),
    (50.0, "how far is the moon?"),
)


class Model:
    """Answers with the question's last word."""

    def __init__(self, fails=False, refuses=False):
        self.fails = fails
        self.refuses = refuses
        self.images = []
        self.programs = []
        self.asked = []

    def reply(self, request):
        if self.fails:
            raise ModelUnavailable("nobody answers")
        if self.refuses:
            raise ModelRefused("no pictures, please")
        self.images.append(request.messages[-1].images)
        self.programs.append(request.program)
        self.asked.append(request.messages[-1].content)
        word = request.messages[-1].content.rstrip("?").split()[-1]
        return ModelReply(text=f"I know of the {word}.  It is far.")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Replays the questions with a model."""

    def go(model, faults=(), settings=None):
        monkeypatch.setattr(
            "services.alpha.arithmetic.language.make_models", lambda spec: (model, None)
        )
        words = tuple(Words(t=t, text=text) for t, text in QUESTIONS)
        trace = Trace(name="talk", duration_s=60.0, words=words, faults=faults)
        (tmp_path / "trace.json").write_text(trace.model_dump_json(), encoding="utf-8")
        config = GlassesConfig(
            skills=("services.alpha.open_question:OpenQuestion",), settings=settings or {}
        )
        return replay(tmp_path, config).ledger

    return go


def test_it_answers_through_one_program_and_in_time(run):
    model = Model()
    spoken = [e for e in run(model) if e.kind == "intervention"]
    assert next(e.text for e in spoken) == "I know of the moon. It is far."
    assert len(spoken) == 4
    (program,) = set(model.programs)
    assert program.endswith("/glasses-wearer")
    assert all(e.ends_s <= e.deadline_s for e in spoken)


def test_half_a_minute_without_network_is_told_and_then_work_goes_on(run):
    ledger = run(Model(), faults=((10.0, 40.0, "no_network"),))
    assert [e.kind for e in ledger if e.kind in ("fault", "recovered")] == ["fault", "recovered"]
    texts = [e.text for e in ledger if e.kind == "intervention"]
    assert "no network" in texts[1]
    assert texts[3] == "I know of the moon. It is far."


def test_a_model_that_is_away_is_a_sentence_not_a_crash(run):
    texts = [e.text for e in run(Model(fails=True)) if e.kind == "intervention"]
    assert texts == ["The language model does not answer."] * 4


def test_without_a_model_it_says_so(run):
    texts = [e.text for e in run(None) if e.kind == "intervention"]
    assert set(texts) == {"I have no language model for questions like that."}


class Found:
    """What a package with a search tool offers."""

    def of(self, kind):
        return {"almanac": lambda query: {"text": f"An almanac on {query!r}: 384 400 km."}}


def test_what_a_search_tool_finds_goes_to_the_model(run, monkeypatch):
    monkeypatch.setattr("services.alpha.arithmetic.unit.discover", lambda kind: Found())
    model = Model()
    spoken = [
        e
        for e in run(model, settings={"open-question": {"search": "almanac"}})
        if e.kind == "intervention"
    ]
    assert len(spoken) == 4
    assert "almanac" in spoken[0].tools
    assert "An almanac on 'how far is the moon?': 384 400 km." in model.asked[0]


def test_a_search_tool_that_is_not_there_is_told(run):
    ledger = run(Model(), settings={"open-question": {"search": "mcp.almanac"}})
    spoken = [e.text for e in ledger if e.kind == "intervention"]
    assert spoken[0] == "There is no tool mcp.almanac here."


def test_a_model_that_sees_gets_the_picture_and_nobody_else_does(film, monkeypatch):
    model = Model()
    monkeypatch.setattr(
        "services.alpha.arithmetic.language.make_models", lambda spec: (model, None)
    )
    words = ((2.0, "What does this sign say?"), (20.0, "How far is the moon?"))
    folder = film([], duration=24.0, words=words)
    config = GlassesConfig(
        skills=("services.alpha.open_question:OpenQuestion",),
        settings={"open-question": {"view": True}},
        redact=False,
    )
    ledger = replay(folder, config).ledger
    assert len([e for e in ledger if e.kind == "intervention"]) == 2
    assert [len(images) for images in model.images] == [1, 0]
    assert model.images[0][0].startswith("data:image/jpeg;base64,")
    assert not any("base64" in entry.model_dump_json() for entry in ledger)


def test_a_model_that_refuses_is_told_as_such(run):
    ledger = run(Model(refuses=True))
    spoken = [e.text for e in ledger if e.kind == "intervention"]
    assert spoken[0] == "The language model refuses the question."

import pytest
from pydantic import ValidationError

from brain.model import LanguageModel, Message, ModelReply, ModelRequest, ModelUnavailable
from brain.testing import ScriptedModel

QUESTION = ModelRequest(messages=(Message(role="user", content="put the milk away"),))


def test_answers_in_order_then_says_the_script_is_over():
    model = ScriptedModel(["put", ModelReply(text="fridge", prompt_tokens=3)])
    assert isinstance(model, LanguageModel)
    assert [model.reply(QUESTION).text, model.reply(QUESTION).text] == ["put", "fridge"]
    with pytest.raises(ModelUnavailable, match="has 2 answers and was asked for one more"):
        model.reply(QUESTION)
    assert model.requests == [QUESTION] * 3


def test_a_function_sees_the_question():
    model = ScriptedModel(lambda request: request.messages[-1].content.upper())
    assert model.reply(QUESTION).text == "PUT THE MILK AWAY"


@pytest.mark.parametrize("wrong", [{"messages": ()}, {"max_tokens": 0}, {"temperature": -1.0}])
def test_a_question_that_cannot_be_asked_is_rejected(wrong):
    with pytest.raises(ValidationError):
        ModelRequest(**{"messages": QUESTION.messages, **wrong})

"""Tokens of prompts, estimated from what was counted before."""

from services.llm.cluster.lengths import PromptLengths


def test_a_longer_conversation_is_its_last_prompt_and_what_was_added():
    lengths = PromptLengths()
    assert lengths.tokens(400) == 100
    lengths.learn(1000, 500, "a")
    added = lengths.tokens(1100, "a") - 500
    assert 20 < added < 40
    assert lengths.tokens(1100, "b") < 400
    # A conversation that was cut down is a new one.
    assert lengths.tokens(100, "a") < 60


def test_the_rate_follows_what_is_counted():
    lengths = PromptLengths()
    for _ in range(100):
        lengths.learn(200, 100)
    assert lengths.tokens(1000) == 500
    lengths.learn(0, 0, "a")
    assert lengths.tokens(0, "a") == 1

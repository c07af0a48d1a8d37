from __future__ import annotations

import pytest

from brain.language.instructing.halt import after_stop, is_stop


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "Stop!",
        "STOP STOP STOP",
        "stpo",
        "stopp!",
        "stooop",
        "please stop now",
        "everybody stop",
        "All robots, stop now!",
        "no, stop!",
        "oh my god, stop",
        "halt",
        "freeze",
        "whoa",
        "emergency stop",
        "E-stop!",
        "all stop",
        "stop it",
        "stop everything immediately",
        "stop moving",
        "don't move",
        "DON’T MOVE!",
        "nobody move",
        "stand still",
        "I said stop",
        "can you stop please",
        "stop. bring me a tea",
        "Watch out! Stop!",
    ],
)
def test_a_plain_stop_is_known_at_once(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "stop the music",
        "stop by the kitchen",
        "bus stop",
        "the next stop is table 4",
        "waiter 1, stop",
        "stop waiter-1",
        "tell Ana to stop",
        "tell Ana: stop",
        "freeze the soup",
        "don't move the table",
        "stop bringing coffee",
        "hold the coffees",
        "wait",
        "help",
        "robots",
        "go on",
        "bring a tea. stop",
        "",
        "?!",
    ],
)
def test_other_words_wait_for_grammar(text: str) -> None:
    assert not is_stop(text)


def test_what_is_said_after_a_stop_is_not_lost() -> None:
    assert after_stop("Stop! That is the wrong table.") == "That is the wrong table."
    assert after_stop("stop! stop!") == ""
    assert after_stop("wipe table 2") is None

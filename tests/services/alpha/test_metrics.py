"""Scores of hand-made runs."""

from services.alpha.contracts import Intervention
from services.alpha.metrics import score, total
from services.alpha.recording import GoldEvent


def _gold(t: float, answer: str = "hit", **more: object) -> GoldEvent:
    return GoldEvent(skill="blackjack", t=t, until_s=t + 5, answer=answer, **more)


def _told(t: float, answer: str = "hit", skill: str = "blackjack") -> Intervention:
    return Intervention(
        id=f"i{t}",
        case="c",
        skill=skill,
        subject="s",
        event_s=t,
        t=t,
        began_s=t,
        ends_s=t + 1,
        deadline_s=t + 4,
        version=1,
        text=answer,
        answer=answer,
        why_now="because",
        score=0.9,
        threshold=0.3,
    )


def test_a_right_answer_in_the_window_is_a_hit():
    found = score([_gold(10)], [_told(11.5)], 60)
    assert (found.hits, found.right, found.false_alarms) == (1, 1, 0)
    assert found.precision == found.recall == found.estp_f1 == 1.0
    assert found.wait(0.95) == 1.5


def test_too_early_and_too_late_are_a_miss_and_a_false_alarm_each():
    for t in (8.9, 12.1):
        found = score([_gold(10)], [_told(t)], 60)
        assert (found.hits, found.false_alarms) == (0, 1)


def test_one_intervention_meets_one_event_and_the_second_is_a_duplicate():
    found = score([_gold(10)], [_told(10.5), _told(11.5)], 60)
    assert (found.hits, found.duplicates, found.false_alarms) == (1, 1, 0)
    both = score([_gold(10), _gold(11.4)], [_told(10.5), _told(11.5)], 60)
    assert (both.hits, both.duplicates) == (2, 0)


def test_a_wrong_answer_hits_in_time_but_counts_as_miss_and_alarm():
    found = score([_gold(10)], [_told(10.2, "stand")], 60)
    assert (found.hits, found.right, found.wrong) == (1, 0, 1)
    assert found.estp_f1 == 0.0


def test_pauc_prefers_silence_to_a_wrong_answer_and_early_to_late():
    def pauc(*told: Intervention) -> float:
        return score([_gold(10)], told, 60).pauc_mean

    assert pauc(_told(10.0)) == 1.0
    assert pauc(_told(10.0)) > pauc(_told(12.0)) > pauc() > pauc(_told(10.0, "stand"))


def test_another_skill_does_not_hit():
    found = score([_gold(10)], [_told(10.2, skill="museum-guide")], 60)
    assert (found.hits, found.false_alarms) == (0, 1)


def test_an_answer_where_nothing_could_be_seen_is_a_guess_and_a_question_is_not():
    unseen = [_gold(10, answer="", abstain=True)]
    assert score(unseen, [_told(10.5)], 60).guessed == 1
    asked = score(unseen, [_told(10.5, answer="")], 60)
    assert (asked.guessed, asked.abstained, asked.false_alarms, asked.told) == (0, 1, 0, 0)


def test_false_alarms_an_hour():
    found = score([], [_told(5), _told(70)], 1800)
    assert found.false_per_hour == 4.0


def test_scores_add_up():
    one = score([_gold(10)], [_told(10.5)], 60)
    two = score([_gold(10)], [], 60)
    both = total([one, two])
    assert (both.gold, both.hits, both.seconds) == (2, 1, 120)
    assert both.recall == 0.5
    assert both.waits_s == (0.5,)

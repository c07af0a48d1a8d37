"""Whether this is the moment: the threshold, the budget, what was told, and quiet hours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alpha.central.policy import BAD, DAY_S, GOOD, HIGHEST, HOUR_S, LOWEST, Policy
from services.alpha.contracts import SkillSpec, WearerProfile

SPEC = SkillSpec(name="lamp", title="A lamp", repeat_s=60.0)
ANYONE = WearerProfile()

times_of_day = st.integers(0, int(DAY_S) - 1).map(float)


@given(st.lists(st.sampled_from(sorted({**GOOD, **BAD}))), st.floats(0.1, 9.0), st.floats(0.1, 9.0))
def test_the_threshold_stays_in_its_bounds_and_moves_with_each_outcome(outcomes, value, annoyance):
    spec = SPEC.model_copy(update={"value": value, "annoyance": annoyance})
    policy = Policy(0.0)
    for outcome in outcomes:
        before = policy.threshold(spec)
        policy.learn(spec.name, outcome)
        after = policy.threshold(spec)
        assert LOWEST <= after <= HIGHEST
        assert after <= before if outcome in GOOD else after >= before


def test_one_skill_does_not_pay_for_another():
    policy = Policy(0.0)
    policy.learn("loud", "not_now", 5.0)
    assert policy.threshold(SPEC) == Policy(0.0).threshold(SPEC) == 0.5


@given(st.lists(st.floats(0.0, 3.0 * HOUR_S), max_size=60), st.integers(1, 5))
def test_no_hour_has_more_unasked_interventions_than_the_wearer_wants(times, most):
    policy, wearer, told = Policy(0.0), WearerProfile(per_hour=most), []
    for k, now in enumerate(sorted(times)):
        if policy.refuses(SPEC, f"lamp {k}", 1.0, now, wearer) is None:
            policy.told(SPEC.name, f"lamp {k}", now, asked=False)
            told.append(now)
    assert all(sum(1 for t in told if now - HOUR_S < t <= now) <= most for now in told)


def test_what_was_asked_for_is_not_counted():
    policy, wearer = Policy(0.0), WearerProfile(per_hour=1)
    policy.told(SPEC.name, "the first", 0.0, asked=True)
    assert policy.refuses(SPEC, "the second", 1.0, 1.0, wearer) is None


@pytest.mark.parametrize(("after_s", "code"), [(59.9, "repeated"), (60.0, None)])
def test_a_subject_is_told_again_after_its_time_and_not_before(after_s, code):
    policy = Policy(0.0)
    policy.told(SPEC.name, "lamp", 10.0, asked=False)
    refused = policy.refuses(SPEC, "lamp", 1.0, 10.0 + after_s, ANYONE)
    assert (refused[0] if refused else None) == code


def test_what_was_never_heard_may_be_told_at_once():
    policy = Policy(0.0)
    policy.told(SPEC.name, "lamp", 10.0, asked=False)
    policy.forget(SPEC.name, "lamp")
    assert policy.refuses(SPEC, "lamp", 1.0, 10.1, ANYONE) is None


@given(times_of_day, times_of_day, times_of_day, st.integers(0, 2))
def test_it_is_quiet_in_a_span_or_in_the_span_turned_round(begin, end, now, days):
    def quiet(*span):
        wearer = WearerProfile(quiet=(span,))
        return Policy(now).quiet(days * DAY_S, wearer) is not None

    if begin != end:
        assert quiet(begin, end) != quiet(end, begin)


def test_a_refusal_names_the_span():
    wearer = WearerProfile(name="Ana", quiet=((79200.0, 25200.0),))
    refused = Policy(82800.0).refuses(SPEC, "lamp", 1.0, 1.0, wearer)
    assert refused == ("quiet_hours", "Ana wants quiet from 22:00 to 07:00")

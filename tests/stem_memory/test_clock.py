"""Times as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_memory.clock import TimeUnclear, clock_of, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("120s", 120.0),
        ("0.5 s", 0.5),
        ("14:03", 843.0),
        ("90:00", 5400.0),
        ("1:02:03", 3723.0),
        ("Start", 0.0),
        ("now", 17.0),
    ],
)
def test_times(text, seconds):
    assert seconds_of(text, end_s=17.0) == seconds


@pytest.mark.parametrize("text", ["soon", "1:2:3:4", "-5", "", "1:60", "1:60:00", "nan", "1e9"])
def test_what_is_no_time(text):
    with pytest.raises(TimeUnclear, match="no time; write"):
        seconds_of(text)


@given(tenths=st.integers(0, 10**7))
def test_the_clock_can_be_typed_back(tenths):
    assert seconds_of(clock_of(tenths / 10)) == pytest.approx(tenths / 10)


def test_the_clock():
    assert [clock_of(t) for t in (0, 7.5, 843, 3723, None, -2)] == [
        "0:00",
        "0:07.5",
        "14:03",
        "1:02:03",
        "",
        "-0:02",
    ]

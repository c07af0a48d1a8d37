"""How often somebody may call."""

import pytest

from devices.clock import ManualClock
from services.hub.rates import BURST, PER_S, Rates, TooOften


def test_a_bucket_empties_and_fills_again_and_each_has_their_own():
    clock = ManualClock()
    rates = Rates(clock)
    for _ in range(int(BURST)):
        rates.count("ann")
    with pytest.raises(TooOften, match="try again in 1 s"):
        rates.count("ann")
    rates.count("ben")
    clock.advance_to(2.0)
    for _ in range(int(2 * PER_S)):
        rates.count("ann")
    with pytest.raises(TooOften):
        rates.count("ann")

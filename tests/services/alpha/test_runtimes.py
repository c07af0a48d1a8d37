"""The five units as Ray actors say what they say in one process."""

import pytest

from services.alpha.orders import GlassesConfig
from services.alpha.session import interventions, replay

LIGHT = "services.alpha.template:CrossingLight"
CONFIG = GlassesConfig(skills=(LIGHT,), redact=False)


@pytest.mark.ray
def test_on_ray_the_ledger_is_the_same(film):
    from services.ray_runtime import RayRuntime

    words = ((2.0, "may I cross?"), (5.0, "not now"), (7.0, "bring me my cup"))
    folder = film([(1.0, "red"), (4.0, "green")], words=words)
    here = replay(folder, CONFIG)
    there = replay(folder, CONFIG, runtime=RayRuntime())
    assert interventions(there.ledger) == interventions(here.ledger)
    assert there.ledger == here.ledger

"""The five units as Ray actors say what they say in one process."""

import pytest

from services.alpha.orders import GlassesConfig
from services.alpha.session import interventions, replay

LIGHT = "services.alpha.template:CrossingLight"
CONFIG = GlassesConfig(skills=(LIGHT,), redact=False)


@pytest.mark.ray
def test_on_ray_a_memory_is_shared_and_the_ledger_is_the_same(film, tmp_path):
    from services.memory.client import MemoryClient
    from services.runtime.ray_runtime import RayRuntime
    from stem_memory.contracts import Event, Spoken

    words = ((2.0, "may I cross?"), (5.0, "not now"), (7.0, "bring me my cup"))
    folder = film([(1.0, "red"), (4.0, "green")], words=words)
    here = replay(folder, CONFIG.model_copy(update={"memory": str(tmp_path / "here.db")}))
    path, other = tmp_path / "there.db", RayRuntime()
    with MemoryClient.join(path, other) as memory:
        there = replay(
            folder, CONFIG.model_copy(update={"memory": str(path)}), runtime=RayRuntime()
        )
        # The session is over, and the memory is still open to others.
        said = Spoken(body="waiter-1", to="ana", text="hello")
        memory.append([Event(origin="waiter-1", seq=1, t=9.0, body=said)])
        heard = [text for _, who, text in memory.state.dialogue() if who == "ana"]
        assert heard == ["may I cross?", "not now", "bring me my cup"]
        assert memory.verify().events == memory.position()
    other.close()
    assert interventions(there.ledger) == interventions(here.ledger) != ()
    assert there.ledger == here.ledger

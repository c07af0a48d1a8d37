"""What lies before a session that goes on: few events of many, and what all of them come to."""

from brain.config import BrainConfig
from services.memory.client import MemoryClient
from services.runtime.local import LocalRuntime
from services.session.actors import BrainActor
from services.session.contracts import PostedWish, RunConfig
from services.session.folder import RunFolder
from services.session.past import going_on
from services.session.run import run


def test_a_brain_taken_up_from_what_is_believed_is_the_one_that_read_everything(tmp_path):
    wishes = (
        PostedWish(t=0.0, text="bring a glass of water to table 6"),
        PostedWish(t=5.0, text="wipe table 1"),
        PostedWish(t=9.0, text="cancel g1"),
    )
    config = RunConfig(
        world="restaurant", seed=3, model="none", film=False, wishes=wishes, out=str(tmp_path / "run")
    )  # fmt: skip
    run(config)
    runtime = LocalRuntime()
    memory = MemoryClient.join(RunFolder(tmp_path / "run").own_memory, runtime)
    try:
        past, everything = going_on(memory), memory.history()
        assert len(past.events) < len(everything)
        assert past.end_s == max(event.t for event in everything)
        assert [past.number(o) for o in ("brain", "nobody")] == [
            sum(event.origin == "brain" for event in everything), 0
        ]  # fmt: skip
        read, told = (BrainActor(BrainConfig(), "none") for _ in range(2))
        read.restore(everything)
        told.restore(past.events, past.believed)
        assert read.digest() == told.digest()
        for name in ("_winding", "_called_off", "_stale", "_ledger", "_seq"):
            assert getattr(read._brain, name) == getattr(told._brain, name)
        read.close()
        told.close()
    finally:
        memory.close()
        runtime.close()

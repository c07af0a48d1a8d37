"""A site over three nodes of a Ray cluster: the brain dies, then a node with bodies, and it goes on."""

import json
import os
import sys

import pytest

from devices.child import run

# On two busy cores three nodes may take minutes to notice that one of them is gone.
pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

# In a process of its own: the other tests of Ray share a cluster of one node.
SITE = """
import json, os, sys, threading
from pathlib import Path
import ray
from ray._private import state
from ray.cluster_utils import Cluster
from services.runtime.ray_runtime import RayRuntime
from services.session.contracts import RunConfig
from services.session.folder import RunFolder
from services.session.inputs import Inputs, Words
from services.session.live import live

head = {"num_cpus": 1, "include_dashboard": False}
cluster = Cluster(initialize_head=True, head_node_args=head)
others = [cluster.add_node(num_cpus=1) for _ in range(2)]
cluster.wait_for_nodes()
os.environ["RAY_ADDRESS"] = cluster.address
config = RunConfig(world="restaurant", bodies=3, seed=3, stays=True, film=False, speed=8.0,
                   model="none", runtime="ray")
folder = RunFolder.create(sys.argv[1], "restaurant")
folder.write_config(config)
inputs, runtime = Inputs(), RayRuntime()
seen, ended, begun, back = [], threading.Event(), threading.Event(), threading.Event()

def on_round(now, events, diary):
    for event in events:
        body = event.body
        if body.kind in ("goal_closed", "body_lost", "body_back"):
            seen.append([body.kind, getattr(body, "body", getattr(body, "goal", "")),
                         getattr(body, "status", "")])
    if any(story.goal.text == "clear table 2" and story.closed for story in diary.goals.values()):
        ended.set()
    if diary.attempts:
        begun.set()
    if any(kind == "body_back" for kind, *_ in seen):
        back.set()

site = threading.Thread(target=live, args=(config, folder, inputs, on_round, runtime))
site.start()
inputs.put(Words("clear table 2", key="somebody:clear-table-2"))
assert begun.wait(120)
node_of = {name: state.actors(actor._actor_id.hex())["Address"]["NodeID"]
           for name, actor in runtime._actors}
runtime.kill("brain")
victim = next(node for node in others if node.node_id in node_of.values())
dead = [name for name, node in node_of.items() if node == victim.node_id]
cluster.remove_node(victim, allow_graceful=False)
assert ended.wait(200)
assert back.wait(200)
inputs.end()
site.join(60)
print(json.dumps({"seen": seen, "nodes": len(set(node_of.values())), "dead": dead}))
sys.stdout.flush()
os._exit(0)
"""


def test_a_node_is_lost_with_bodies_and_the_brain_dies_and_the_site_goes_on(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    done = run(
        [sys.executable, "-c", SITE, str(tmp_path / "site")],
        timeout=400,
        env=environment,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["nodes"] > 1
    assert [status for kind, _, status in told["seen"] if kind == "goal_closed"]
    came_back = {name for kind, name, _ in told["seen"] if kind == "body_back"}
    assert came_back <= set(told["dead"]) | {"waiter-1", "barista", "chef"}
    assert came_back

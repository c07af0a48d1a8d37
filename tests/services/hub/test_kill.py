"""`kill -9` of the site, of a daemon, and of both: what was answered is done, and nothing twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing, contextmanager

import pytest

from devices import child
from services.hub.client import SiteClient
from services.hub.people import People
from services.hub.places import PEOPLE
from stem_memory import contracts as log
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

pytestmark = [pytest.mark.slow, pytest.mark.scenario]


class Terminal:
    """Commands of a user whose state is in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.state = folder / "state"
        self.env = {**os.environ, "XDG_STATE_HOME": str(folder / "home"), "PYTHONUNBUFFERED": "1"}

    def start(self, *words):
        return child.start(
            [sys.executable, "-m", "services.cli", *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env=self.env,
        )

    @contextmanager
    def up(self, *more):
        """A site that is up until the block is left, when it is killed if it still lives."""
        words = ("up", "restaurant", "--state", self.state, "--seed", 3, "--speed", 8,
                 "--model", "none", *more)  # fmt: skip
        with self.start(*words) as process:
            try:
                url = next(
                    line.partition("up at ")[2].partition(": ")[0]
                    for line in process.stdout
                    if "up at " in line
                )
                token = People(self.state / PEOPLE).add("tess", "admin")
                with closing(SiteClient(url, token)) as client:
                    yield process, client
            finally:
                process.kill()
                process.stdout.read()

    @contextmanager
    def daemon(self, name, url, key):
        """A daemon until the block is left."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "key").write_text(key, encoding="utf-8")
        words = ("device", "run", "server", "--id", name, "--hub", url, "--state", folder)
        with self.start(*words) as process:
            try:
                assert "takes part" in process.stdout.readline()
                yield process
            finally:
                process.kill()
                process.stdout.read()

    def events(self):
        path = self.state / "memory.db"
        with EventStore.reader(path, Vault.beside(path)) as store:
            return [entry.event for entry in store.read()]


@pytest.fixture
def terminal(tmp_path):
    return Terminal(tmp_path)


def until(client, after, is_it):
    with closing(client.events(after)) as events:
        return next(event for event in events if is_it(event))


def closed(goal):
    return lambda e: e.kind == "goal_closed" and e.body["goal"] == goal


def begun_of(goal):
    return lambda e: e.kind == "step_started" and e.body["goal"] == goal


def test_a_killed_site_goes_on_with_what_it_had_promised(terminal):
    with terminal.up("--bodies", 2) as (process, client):
        client.post("/stop", {"bodies": ["barista"]})
        said = client.post("/say", {"text": "clear table 2"})
        (goal,) = (goal["id"] for goal in said["goals"])
        until(client, 0, begun_of(goal))
        process.send_signal(signal.SIGKILL)
        process.wait()
    with terminal.up("--bodies", 2) as (process, client):
        # Who was stopped stays stopped; who was asked goes on.
        assert [b["id"] for b in client.get("/bodies") if b["stopped"]] == ["barista"]
        assert until(client, 0, closed(goal)).body["status"] == "satisfied"
        client.post("/down")
        assert process.wait(60) == 0
    events = terminal.events()
    said = [
        e.body
        for e in events
        if isinstance(e.body, log.Said) and e.body.text == "clear table 2" and e.body.key
    ]
    assert len(said) == 1
    ended = Counter(
        (e.body.goal, e.body.step, e.body.role)
        for e in events
        if isinstance(e.body, log.StepEnded) and e.body.outcome == "done" and e.body.role == "step"
    )
    assert set(ended.values()) == {1}


def test_a_daemon_works_on_while_its_site_is_gone_and_is_not_asked_again(terminal):
    with terminal.up("--bodies", 1) as (process, client):
        client.post("/stop", {"bodies": ["waiter-1"]})
        code = client.post("/devices/codes")["code"]
        key = client.post("/devices/enrol", {"code": code, "id": "ann"})["key"]
        url = client.url
        with terminal.daemon("ann", url, key):
            said = client.post("/say", {"text": "clear table 2"})
            (goal,) = (goal["id"] for goal in said["goals"])
            until(client, 0, begun_of(goal))
            process.send_signal(signal.SIGKILL)
            process.wait()
            with terminal.up("--bodies", 1) as (process, client):
                assert client.url == url
                assert until(client, 0, closed(goal)).body["status"] == "satisfied"
                client.post("/down")
                assert process.wait(60) == 0
    events = terminal.events()
    requests = Counter(e.body.request for e in events if isinstance(e.body, log.StepStarted))
    assert set(requests.values()) == {1}
    lapsed = [
        e.body for e in events if isinstance(e.body, log.StepEnded) and e.body.outcome == "lapsed"
    ]
    assert [ended.body for ended in lapsed if ended.body == "ann"] == []


def test_a_killed_daemon_owns_up_and_its_goal_is_reached_all_the_same(terminal):
    with terminal.up("--bodies", 1) as (process, client):
        client.post("/stop", {"bodies": ["waiter-1"]})
        code = client.post("/devices/codes")["code"]
        key = client.post("/devices/enrol", {"code": code, "id": "ann"})["key"]
        with terminal.daemon("ann", client.url, key):
            said = client.post("/say", {"text": "clear table 2"})
            (goal,) = (goal["id"] for goal in said["goals"])
            until(client, 0, begun_of(goal))
        with terminal.daemon("ann", client.url, key):
            assert until(client, 0, closed(goal)).body["status"] == "satisfied"
        client.post("/down")
        assert process.wait(60) == 0
    reasons = [e.body.reason for e in terminal.events() if isinstance(e.body, log.StepEnded)]
    assert {"restarted", "body_lost"} & set(reasons)


def test_one_site_is_up_once_and_a_folder_of_another_is_refused(terminal):
    with terminal.up("--bodies", 1):
        again = terminal.start("up", "restaurant", "--state", terminal.state, "--bodies", 1)
        with again:
            assert "is up already" in again.stdout.read()
            assert again.wait() == 2
    other = terminal.start("up", "household", "--state", terminal.state)
    with other:
        assert "is a site with world" in other.stdout.read()
        assert other.wait() == 2

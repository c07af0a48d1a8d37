"""A site that is up: a small world at eight times its speed, served on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.hub.people import People
from services.hub.places import PEOPLE
from services.hub.up import Address, keep_up, open_site
from services.session.contracts import RunConfig


@dataclass
class Up:
    """A site that is up, and who may call it."""

    url: str
    state: Path
    people: People
    clients: list[httpx2.Client] = field(default_factory=list)

    def client(self, role: str, name: str = "") -> httpx2.Client:
        """Calls as somebody of this role."""
        token = self.people.add(name or f"some-{role}", role)
        self.clients.append(
            httpx2.Client(
                base_url=f"{self.url}/api/v1",
                headers={"Authorization": f"Bearer {token}"},
                timeout=60.0,
            )
        )
        return self.clients[-1]


def begun(state: Path, **more: Any) -> tuple[Up, threading.Thread]:
    """Take a site up in a thread of its own."""
    values = {"world": "restaurant", "seed": 3, "bodies": 4, "model": "none", "speed": 8.0, **more}
    config, folder = open_site(
        RunConfig(stays=True, film=False, **values), {"world", "seed", "bodies"}, state
    )
    ready = threading.Event()
    where: list[str] = []

    def told(url: str) -> None:
        where.append(url)
        ready.set()

    def live() -> None:
        try:
            keep_up(config, folder, Address(), lambda *_: None, told)
        finally:
            ready.set()

    thread = threading.Thread(target=live)
    thread.start()
    assert ready.wait(60.0)
    assert where, "the site did not come up"
    return Up(where[0], state, People(state / PEOPLE)), thread


@pytest.fixture(scope="module")
def up(tmp_path_factory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "home"))
        site, thread = begun(folder / "state")
        yield site
        site.client("admin", "closing").post("/down")
        for client in site.clients:
            client.close()
        thread.join(60.0)
        assert not thread.is_alive()

"""A site that is up meets nonsense, over both its doors: each piece is refused with a reason, and it goes on."""

import asyncio
import itertools
import json
from contextlib import suppress
from random import Random

import httpx2
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from cerebellum.daemon.messages import SUBPROTOCOL, Hello
from devices.catalogue import body_kinds
from devices.contracts import BodySpec, Pose
from services.lab.fleet.load import nonsense

pytestmark = [pytest.mark.xdist_group("site"), pytest.mark.slow]

CARD = body_kinds()["humanoid"].card
SPEC = BodySpec(id="enemy-1", kind="humanoid", pose=Pose(x=5.0, y=5.0))
HELLO = Hello(id="enemy-1", card=CARD, spec=SPEC).model_dump_json()

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.fixture(scope="module")
def admin(up):
    return up.client("admin", "hostile-admin")


def link(up, key):
    return connect(
        f"ws{up.url.removeprefix('http')}/api/v1/devices/link",
        additional_headers={"Authorization": f"Bearer {key}"},
        subprotocols=[SUBPROTOCOL],
        proxy=None,
    )


async def answers(socket):
    found = []
    # A refusal closes with a code of its own.
    with suppress(ConnectionClosedError):
        async for frame in socket:
            found.append(json.loads(frame))
    return found


def test_each_hostile_message_is_refused_with_a_reason_and_the_site_goes_on(up, admin):
    key = up.people.add("enemy-1", "device")
    random = Random(1)

    async def attack():
        for number in range(120):
            async with link(up, key) as socket:
                if number % 2:
                    await socket.send(HELLO)
                    await socket.recv()
                message = nonsense(random)
                await socket.send(message)
                *_, last = await answers(socket)
                assert last["kind"] == "bye", message
                assert last["reason"]

    asyncio.run(asyncio.wait_for(attack(), 120))
    assert admin.get("/site").status_code == 200


@pytest.mark.parametrize("key", ["", "nonsense"])
def test_who_has_no_key_gets_no_link(up, key):
    async def call():
        async with link(up, key):
            raise AssertionError("it was let in")

    with pytest.raises(Exception, match="403"):
        asyncio.run(call())


def test_a_person_is_no_device_and_a_key_that_was_taken_back_ends_the_link(up, admin):
    person = up.people.add("paula", "admin")
    device = up.people.add("enemy-2", "device")
    hello = Hello(id="enemy-2", card=CARD, spec=SPEC.model_copy(update={"id": "enemy-2"}))

    async def call():
        with pytest.raises(Exception, match="403"):
            async with link(up, person):
                raise AssertionError("it was let in")
        async with link(up, device) as socket:
            await socket.send(hello.model_dump_json())
            assert json.loads(await socket.recv())["kind"] == "welcome"
            up.people.remove("enemy-2")
            await socket.send('{"kind": "beat", "local_s": 1.0}')
            *_, last = await answers(socket)
            assert last["reason"] == "its key was taken back"

    asyncio.run(asyncio.wait_for(call(), 60))


def test_a_device_speaks_for_nobody_else(up):
    key = up.people.add("enemy-1", "device")

    async def call():
        async with link(up, key) as socket:
            await socket.send(HELLO.replace("enemy-1", "barista"))
            *_, last = await answers(socket)
            assert "its key is that of enemy-1" in last["reason"]
        async with link(up, key) as socket:
            await socket.send(HELLO.replace('"version":1', '"version":99'))
            *_, last = await answers(socket)
            assert "version 99" in last["reason"]

    asyncio.run(asyncio.wait_for(call(), 60))


ROUTES = [
    ("POST", "/say"), ("POST", "/goals"), ("POST", "/goals/g1/cancel"), ("PATCH", "/goals/g1"),
    ("PUT", "/goals/g1/bodies"), ("POST", "/goals/g1/answer"), ("POST", "/whatif"),
    ("POST", "/devices/enrol"), ("POST", "/bodies/x/drain"),
]  # fmt: skip
_turn = itertools.cycle(ROUTES)


@settings(max_examples=120)
@given(anything, st.text(max_size=12))
def test_no_request_is_ever_answered_with_a_failure_of_the_site(admin, body, word):
    method, path = next(_turn)
    try:
        content = json.dumps(body).encode()
    except (ValueError, UnicodeEncodeError):
        content = repr(body).encode("utf-8", "surrogatepass")
    answer = admin.request(
        method, path, content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code < 500, (path, body, answer.text)
    if answer.status_code >= 400:
        assert isinstance(answer.json()["detail"], str)
    query = admin.get("/memory/where", params={"thing": word})
    assert query.status_code < 500, (word, query.text)


def test_a_length_that_is_none_is_refused(up):
    token = up.people.add("lena", "operator")
    with httpx2.Client(base_url=f"{up.url}/api/v1") as client:
        answer = client.post(
            "/say",
            content=iter([b'{"text": ', b'"x"}']),
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 413

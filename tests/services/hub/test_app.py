"""The API of a site that is up, as programs see it."""

import json
import uuid

import httpx2
import pytest

# One worker, so that the site is taken up once.
pytestmark = [pytest.mark.xdist_group("site"), pytest.mark.slow]


@pytest.fixture(scope="module")
def operator(up):
    return up.client("operator", "olga")


def say(client, text, **more):
    answer = client.post("/say", json={"text": text, **more}, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


def key():
    return {"Idempotency-Key": uuid.uuid4().hex}


def refusal(answer, code):
    assert answer.status_code == code, answer.text
    detail = answer.json()["detail"]
    assert isinstance(detail, str)
    assert detail
    return detail


def until(client, after, is_it):
    """Events behind a position until one is wanted; a lost stream would end the test by its time limit."""
    found = []
    with client.stream("GET", "/events", params={"after": after}) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
                if is_it(found[-1]):
                    return found
    raise AssertionError("the stream ended")


@pytest.mark.parametrize(
    ("role", "method", "path", "body", "code"),
    [
        ("viewer", "GET", "/site", None, 200),
        ("viewer", "GET", "/goals", None, 200),
        ("viewer", "GET", "/bodies", None, 200),
        ("viewer", "GET", "/memory/where?thing=waiter-1", None, 200),
        ("viewer", "POST", "/say", {"text": "wipe table 1"}, 403),
        ("viewer", "POST", "/stop", None, 403),
        ("device", "GET", "/site", None, 403),
        ("device", "GET", "/devices/me", None, 200),
        ("agent", "POST", "/release", None, 403),
        ("agent", "POST", "/bodies/chef/drain", None, 403),
        ("operator", "POST", "/devices/codes", None, 403),
        ("operator", "POST", "/down", None, 403),
        ("operator", "POST", "/bodies/chef/decommission", None, 403),
        ("admin", "POST", "/devices/codes", None, 201),
    ],
)
def test_each_role_may_do_what_is_its(up, role, method, path, body, code):
    answer = up.client(role).request(method, path, json=body)
    assert answer.status_code == code, answer.text
    if code == 403:
        assert "takes an" in refusal(answer, 403)


def test_who_has_no_token_or_one_that_was_taken_back_learns_nothing(up):
    with httpx2.Client(base_url=f"{up.url}/api/v1") as nobody:
        assert "Bearer" in refusal(nobody.get("/site"), 401)
        wrong = nobody.get("/goals", headers={"Authorization": "Bearer nonsense"})
        assert "wrong" in refusal(wrong, 401)
    gone = up.client("admin", "gone")
    assert gone.get("/site").status_code == 200
    up.people.remove("gone")
    refusal(gone.post("/stop"), 401)


def test_every_route_is_described_and_says_how_it_refuses(up):
    document = httpx2.get(f"{up.url}/api/v1/openapi.json").json()
    paths = document["paths"]
    for path in ("/say", "/goals", "/goals/{goal}/cancel", "/stop", "/bodies/{body}/drain",
                 "/whatif", "/memory/where", "/devices/enrol", "/events"):  # fmt: skip
        assert f"/api/v1{path}" in paths
    for methods in paths.values():
        for route in methods.values():
            assert route["summary"]
    assert httpx2.get(f"{up.url}/healthz").json()["status"] == "up"


def test_a_wish_is_heard_once_however_often_it_is_said_under_one_key(operator):
    once = key()
    body = {"text": "where is table 3"}
    first, again = (operator.post("/say", json=body, headers=once).json() for _ in range(2))
    assert first["id"] == again["id"]
    other = operator.post("/say", json={"text": "where is table 4"}, headers=once)
    assert "under this Idempotency-Key" in refusal(other, 409)


def test_a_question_is_answered_and_says_how_it_was_understood(operator):
    (goal,) = say(operator, "where is the barista")["goals"]
    story = operator.get(f"/goals/{goal['id']}").json()
    assert story["status"] == "answered"
    assert "bar" in story["answer"]


def test_a_goal_is_cancelled_and_can_not_be_twice(operator):
    after = operator.get("/site").json()["events"]
    (goal,) = say(operator, "bring a glass of water to table 6")["goals"]
    cancelled = operator.post(f"/goals/{goal['id']}/cancel", headers=key())
    assert cancelled.json()["status"] == "cancelled"
    until(operator, after, lambda e: e["kind"] == "goal_closed" and e["body"]["goal"] == goal["id"])
    assert "over" in refusal(operator.post(f"/goals/{goal['id']}/cancel", headers=key()), 409)
    (again,) = operator.post(f"/goals/{goal['id']}/retry", headers=key()).json()["goals"]
    assert again["text"] == goal["text"]
    operator.post(f"/goals/{again['id']}/cancel", headers=key())
    assert "there is no goal g99" in refusal(operator.post("/goals/g99/cancel"), 404)


def test_a_goal_is_paused_changed_restricted_and_goes_on(operator):
    (goal,) = say(operator, "bring an orange juice to table 7")["goals"]
    path = f"/goals/{goal['id']}"
    assert operator.post(f"{path}/pause").json()["status"] == "paused"
    changed = operator.patch(path, json={"priority": 3, "within_s": 600}).json()
    assert (changed["priority"], changed["deadline_s"] is not None) == (3, True)
    assert "nothing is to change" in refusal(operator.patch(path, json={}), 400)
    assert operator.put(f"{path}/bodies", json={"never": ["waiter-1"]}).status_code == 200
    assert "no body nobody" in refusal(
        operator.put(f"{path}/bodies", json={"only": ["nobody"]}), 404
    )
    resumed = operator.post(f"{path}/resume").json()
    assert resumed["status"] in ("posted", "planned"), resumed["reason"]
    assert "asks nothing" in refusal(operator.post(f"{path}/answer", json={"text": "yes"}), 409)
    operator.post(f"{path}/cancel")


def test_a_program_wishes_in_conditions_and_what_is_not_here_is_refused(operator):
    clean = {"kind": "be", "what": {"ids": ["table-7"]}, "attr": "clean", "value": True}
    (goal,) = operator.post("/goals", json={"conditions": [clean]}).json()["goals"]
    assert goal["understood"] == "Table 7 is clean."
    ghost = clean | {"what": {"ids": ["table-77"]}}
    (refused,) = operator.post("/goals", json={"conditions": [ghost]}).json()["goals"]
    assert (refused["status"], "table-77" in refused["reason"]) == ("refused", True)
    assert "conditions" in refusal(operator.post("/goals", json={"conditions": []}), 400)
    assert refusal(operator.post("/goals", json={"conditions": [{"kind": "magic"}]}), 400)


def test_a_stop_holds_until_it_is_released_and_a_room_is_those_in_it(operator):
    stopped = operator.post("/stop", json={"bodies": ["barista"]}).json()
    assert [body["id"] for body in stopped if body["stopped"]] == ["barista"]
    everybody = operator.post("/stop").json()
    assert all(body["stopped"] for body in everybody)
    assert not any(body["stopped"] for body in operator.post("/release").json())
    room = operator.post("/stop", json={"rooms": ["bar"]}).json()
    assert "barista" in [body["id"] for body in room if body["stopped"]]
    operator.post("/release")
    assert "no room attic" in refusal(operator.post("/stop", json={"rooms": ["attic"]}), 404)
    assert "no body ghost" in refusal(operator.post("/stop", json={"bodies": ["ghost"]}), 404)


def test_a_drained_body_takes_nothing_new_on_until_it_is_taken_up_again(operator):
    assert operator.post("/bodies/waiter-2/drain").json()["drained"]
    assert "waiter-2" in operator.get("/site").json()["drained"]
    (goal,) = say(operator, "bring a glass of water to table 8")["goals"]
    after = operator.get("/site").json()["events"]
    planned = operator.get(f"/goals/{goal['id']}").json()
    assert "waiter-2" not in {step["body"] for step in planned["steps"]}
    assert not operator.post("/bodies/waiter-2/resume").json()["drained"]
    assert after
    operator.post(f"/goals/{goal['id']}/cancel")


def test_what_if_changes_nothing(operator):
    before = operator.get("/site").json()["events"]
    found = operator.post("/whatif", json={"without": ["waiter-1"]})
    assert found.status_code == 200, found.text
    # What it has begun it would see to the end.
    took_over = [s for s in found.json()["steps"] if s["body_then"] == "waiter-1" != s["body"]]
    assert took_over == []
    assert "no body ghost" in refusal(operator.post("/whatif", json={"without": ["ghost"]}), 404)
    kinds = {e["kind"] for e in until(operator, before - 1, lambda _: True)}
    assert "instructed" not in kinds


def test_memory_answers_and_says_what_it_does_not_know(operator):
    (found,) = operator.get("/memory/where", params={"thing": "barista"}).json()
    assert found["room"] == "bar"
    assert operator.get("/memory/history", params={"thing": "barista"}).json()
    assert operator.get("/memory/near", params={"thing": "barista", "radius_m": 3}).json()
    assert operator.get("/memory/search", params={"words": "table"}).status_code == 200
    assert "unicorn" in refusal(operator.get("/memory/where", params={"thing": "unicorn"}), 404)


def test_events_go_on_where_a_reader_was_without_a_gap(operator):
    after = operator.get("/site").json()["events"]
    (goal,) = say(operator, "where is table 1")["goals"]
    whole = until(
        operator, after, lambda e: e["kind"] == "goal_closed" and e["body"]["goal"] == goal["id"]
    )
    middle = whole[len(whole) // 2]["id"]
    assert middle < whole[-1]["id"]
    with operator.stream("GET", "/events", headers={"Last-Event-ID": str(middle)}) as stream:
        rest = []
        for line in stream.iter_lines():
            if line.startswith("id: "):
                rest.append(int(line.removeprefix("id: ")))
                if rest[-1] >= whole[-1]["id"]:
                    break
    assert rest == [event["id"] for event in whole if event["id"] > middle]


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("/say", b"{", 400),
        ("/say", b'{"text": ""}', 400),
        ("/say", b'{"text": 5}', 400),
        ("/say", b'{"text": "x", "within_s": -1}', 400),
        ("/say", b'{"text": "x", "more": 1}', 400),
        ("/say", b"[" * 5000, 400),
        ("/say", b'{"text": "' + b"x" * 70_000 + b'"}', 413),
        ("/goals/../../etc/passwd/cancel", b"", 404),
        ("/stop", b'{"bodies": "all"}', 400),
        ("/devices/enrol", b'{"code": "AAAA", "id": "Not An Id"}', 400),
        ("/devices/enrol", b'{"code": "AAAA", "id": "barista"}', 409),
        ("/devices/enrol", b'{"code": "AAAA", "id": "new-one"}', 403),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(operator, path, content, code):
    headers = {"Content-Type": "application/json"}
    refusal(operator.post(path, content=content, headers=headers), code)
    assert operator.get("/site").status_code == 200


def test_who_calls_too_often_is_told_when_to_come_again(up, monkeypatch):
    monkeypatch.setattr("services.hub.rates.BURST", 5.0)
    monkeypatch.setattr("services.hub.rates.PER_S", 0.01)
    hasty = up.client("viewer", "hasty")
    answers = [hasty.get("/site") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert "hasty calls more than" in refusal(answers[-1], 429)
    # Others are heard all the same.
    assert up.client("viewer", "patient").get("/site").status_code == 200


def test_a_device_enrols_once_per_code_renews_its_key_and_is_taken_out(up):
    admin = up.client("admin", "ada")
    code = admin.post("/devices/codes").json()["code"]
    body = {"code": code, "id": "robo-1"}
    enrolled = httpx2.post(f"{up.url}/api/v1/devices/enrol", json=body)
    first = {"Authorization": f"Bearer {enrolled.json()['key']}"}
    assert httpx2.get(f"{up.url}/api/v1/devices/me", headers=first).json()["id"] == "robo-1"
    assert "was used" in refusal(httpx2.post(f"{up.url}/api/v1/devices/enrol", json=body), 403)
    renewed = httpx2.post(f"{up.url}/api/v1/devices/me/key", headers=first).json()["key"]
    assert httpx2.get(f"{up.url}/api/v1/devices/me", headers=first).status_code == 401
    second = {"Authorization": f"Bearer {renewed}"}
    assert httpx2.get(f"{up.url}/api/v1/devices/me", headers=second).status_code == 200


def test_a_body_that_is_out_of_the_fleet_is_asked_for_nothing(up, operator):
    admin = up.client("admin", "ada")
    admin.post("/stop", json={"bodies": ["chef"]})
    left = admin.post("/bodies/chef/decommission", params={"force": True})
    assert "chef" not in [body["id"] for body in left.json()]
    assert "no body chef" in refusal(operator.post("/bodies/chef/drain"), 404)


def test_figures_are_there_for_prometheus(operator):
    text = operator.get("/metrics").text
    assert 'retinue_body_in_touch{body="barista"} 1.0' in text
    assert "retinue_events" in text

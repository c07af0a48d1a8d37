"""retinue memory tell|retract|same|apart|align|pull|push, as typed at the terminal."""

import json
import shlex
from urllib.parse import quote

import pytest

from devices.facts import ClassCard, StateSpec
from stem_memory.log.store import EventStore
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.vault import Vault
from stem_memory.testing import body, events_of, observed, sighting, start_of

CLEAN = StateSpec(values=(True, False), default=True)


def made(folder, origin="test"):
    folder.mkdir(exist_ok=True)
    start = start_of(
        classes=[ClassCard(cls="mug", names=("mug",), states={"clean": CLEAN})],
        things={
            "mug-1": "mug on table-1", "mug-2": "mug on table-2", "ann": "person at hall",
        },
        bodies=[body("waiter-1", 5, 1)],
    )  # fmt: skip
    seen = observed("waiter-1", 60.0, sighting("mug-1", "mug on table-1", 6, 2, clean=True))
    path = folder / "memory.db"
    events = [e.model_copy(update={"origin": origin}) for e in events_of([*start, seen])]
    with EventStore.writer(path, lambda: 0, Vault(Keyring.beside(path))) as store:
        store.append(events)
    return folder


@pytest.fixture
def run(tmp_path):
    return made(tmp_path / "run")


def test_what_is_told_is_believed_with_its_author(run, told):
    code, out, _ = told("tell", "mug-1", "location", "table-2", run, "--by", "Ann")
    assert code == 0
    assert "location of mug-1 is now table-2, sure 90%, from ann" in out
    assert "is on table 2, sure 90%: said by ann" in told("where", "mug-1", run)[1]
    assert "table-1" in told("history", "mug-1", run, "--attr", "location")[1]


def test_the_past_can_be_corrected(run, told):
    words = ("mug-1", "clean", "no", run, "--from", "10s", "--to", "20s")
    assert told("tell", *words, "--reason", "I saw it")[0] == 0
    facts = json.loads(told("as-of", "15s", run, "--of", "mug-1", "--json")[1])["facts"]
    assert next(f["value"] for f in facts if f["attr"] == "clean") is False
    facts = json.loads(told("as-of", "25s", run, "--of", "mug-1", "--json")[1])["facts"]
    assert [f["value"] for f in facts if f["attr"] == "clean"] == []
    facts = json.loads(told("as-of", "end", run, "--of", "mug-1", "--json")[1])["facts"]
    assert [f["value"] for f in facts if f["attr"] == "clean"] == [True]


def test_what_is_taken_back_is_not_known(run, told):
    assert told("retract", "mug-1", "location", run)[0] == 0
    assert "is missing" in told("where", "mug-1", run)[1]


def test_two_things_can_be_one_and_two_again(run, told):
    assert told("same", "mug-2", "mug-1", run, "--by", "ann")[0] == 0
    assert "mug (mug-1)" in told("where", "mug-2", run)[1]
    assert told("apart", "mug-2", run)[0] == 0
    assert "(mug-2)" in told("where", "mug-2", run)[1]


def test_a_new_map_moves_memories(run, told):
    before = told("near", "mug-1", run, "--radius", "9", "--json")[1]
    assert told("align", run, "--x", "100", "--yaw", "90")[0] == 0
    assert told("near", "mug-1", run, "--radius", "9", "--json")[1] == before


def test_logs_of_two_hosts_become_one_in_either_order(tmp_path, told):
    one, two = made(tmp_path / "one", "one"), made(tmp_path / "two", "two")
    told("tell", "mug-1", "location", "table-2", one)
    code, out, _ = told("pull", one, two, "--json")
    assert (code, json.loads(out)["new"]) == (0, 4)
    back = json.loads(told("push", one, two, "--json")[1])
    assert back["new"] == 5
    assert back["merged_sha256"] == json.loads(out)["merged_sha256"]
    assert json.loads(told("pull", one, two, "--json")[1])["new"] == 0
    assert told("verify", two)[0] == 0


def test_hosts_meet_in_a_postgresql_database(tmp_path, told, database):
    options = dict(part.split("=") for part in shlex.split(database))
    hub = (
        f"postgresql://{options['user']}:secret@/{options['dbname']}?host={quote(options['host'])}"
        "&schema=stem_command"
    )
    one, two = made(tmp_path / "one", "one"), made(tmp_path / "two", "two")
    for folder in (one, two):
        assert json.loads(told("push", folder, hub, "--json")[1])["new"] == 4
    # The database has no keys, so it reads less of the same events; hosts are equal.
    here = [json.loads(told("pull", folder, hub, "--json")[1]) for folder in (one, two)]
    assert here[0] == here[1]
    assert here[0]["new"] == 4
    assert json.loads(told("push", two, hub, "--json")[1])["new"] == 0
    assert "is on table 1" in told("where", "mug-1", two)[1]
    with EventStore.reader(one / "memory.db") as store:
        peers = [name for (name,) in store.connection.execute("SELECT peer FROM watermark")]
    assert peers == [f"postgresql:///postgres?host={options['host']}&schema=stem_command"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("tell", "unicorn", "clean", "yes", "RUN"), "Memory knows no 'unicorn'"),
        (("tell", "mug", "clean", "yes", "RUN"), "may be mug-1, mug-2"),
        (("tell", "mug-1", "clean", "maybe", "RUN"), "one of true, false"),
        (("tell", "mug-1", "location", "moon", "RUN"), "Memory knows no 'moon'"),
        (("tell", "mug-1", "location", "mug-1", "RUN"), "in itself"),
        (("tell", "mug-1", "clean", "yes", "RUN", "--from", "noon"), "is no time"),
        (("tell", "mug-1", "clean", "yes", "RUN", "--from", "9s", "--to", "9s"), "is not after"),
        (("same", "mug-1", "mug-1", "RUN"), "one thing already"),
        (("apart", "mug-1", "RUN"), "never said to be the same"),
        (("align", "RUN", "--frame", "cart", "--parent", "cart"), "can not lie in itself"),
        (("pull", "RUN", "nowhere"), "There is no memory at nowhere"),
        (("pull", "RUN", "postgresql://127.0.0.1:1/none"), "does not answer"),
        (("push", "RUN", "nowhere"), "There is no memory at nowhere"),
        (("tell", "mug-1", "clean", "yes", "nowhere"), "There is no memory at nowhere"),
    ],
)
def test_nonsense_is_one_sentence_and_changes_nothing(run, told, words, says):
    before = told("verify", run)[1]
    code, out, err = told(*(run if word == "RUN" else word for word in words))
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert told("verify", run)[1] == before


def test_nobody_writes_beside_a_writer(run, told):
    with EventStore.writer(run / "memory.db", lambda: 0, Vault(Keyring.beside(run / "memory.db"))):
        code, _, err = told("tell", "mug-1", "clean", "no", run)
        assert code == 2
        assert "Another process writes" in err
        assert told("where", "mug-1", run)[0] == 0

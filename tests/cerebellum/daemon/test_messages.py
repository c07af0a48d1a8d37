"""The protocol as a document: made from the models, whole, and with no loose ends."""

import json
from typing import get_args

import pytest

from cerebellum.daemon import messages
from cerebellum.daemon.messages import FROM_DEVICE, TO_DEVICE, Beat, Hello, asyncapi
from devices.catalogue import body_kinds

DOCUMENT = asyncapi("1.2.3")


def kinds(union):
    return {model.__name__ for model in get_args(get_args(union)[0])}


def pointers(value):
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            yield ref
        for inner in value.values():
            yield from pointers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pointers(inner)


def target(ref):
    found = DOCUMENT
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_it_is_asyncapi_3_with_what_that_requires():
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"].keys() >= {"title", "version"}
    for channel in DOCUMENT["channels"].values():
        assert channel["address"].startswith("/")
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation["channel"].keys() == {"$ref"}
    json.dumps(DOCUMENT)


def test_every_message_of_each_side_is_there():
    said = {
        side: {ref["$ref"].rpartition("/")[2] for ref in operation["messages"]}
        for side, operation in DOCUMENT["operations"].items()
    }
    assert said == {
        "fromDevice": kinds(messages.FromDevice), "toDevice": kinds(messages.ToDevice)
    }  # fmt: skip
    assert set(DOCUMENT["components"]["messages"]) == said["fromDevice"] | said["toDevice"]


def test_every_reference_leads_somewhere():
    found = set(pointers(DOCUMENT))
    assert found
    for ref in found:
        assert target(ref)


def test_each_schema_is_that_of_its_model():
    schemas = DOCUMENT["components"]["schemas"]
    for model in (
        *get_args(get_args(messages.FromDevice)[0]),
        *get_args(get_args(messages.ToDevice)[0]),
    ):
        schema = schemas[model.__name__]
        assert set(schema["properties"]) == set(model.model_fields)
        assert schema["additionalProperties"] is False
        assert schema["description"] == model.__doc__.replace("\n    ", "\n").strip()


def test_a_message_comes_back_as_it_was_said():
    hello = Hello(id="ann", card=body_kinds()["humanoid"].card, carries=("r1",))
    for word in (hello, Beat(local_s=1.5)):
        assert FROM_DEVICE.validate_json(word.model_dump_json()) == word
    with pytest.raises(ValueError, match="tag"):
        TO_DEVICE.validate_json(hello.model_dump_json())

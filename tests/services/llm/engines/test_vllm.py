"""vLLM as an engine, with a model made on the spot; only where an environment with vLLM is named."""

import contextlib
import os
import signal
import subprocess

import pytest

from services.llm.engines.engine import Engine
from services.llm.engines.vllm import PYTHON_VARIABLE, VllmEngine, VllmSpec
from services.llm.testing import EngineConformance
from services.runtime import LocalRuntime

_MODEL = """
import sys, torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
vocabulary = {letter: i for i, letter in enumerate(["<s>", "</s>", *letters])}
made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
made.decoder = decoders.ByteLevel()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>")
tokenizer.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\\n{% endfor %}"
tokenizer.save_pretrained(sys.argv[1])
torch.manual_seed(0)
LlamaForCausalLM(LlamaConfig(
    vocab_size=len(vocabulary), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
    num_attention_heads=2, num_key_value_heads=1, head_dim=32, max_position_embeddings=2048,
    bos_token_id=0, eos_token_id=1,
)).save_pretrained(sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(
    PYTHON_VARIABLE not in os.environ,
    reason=f"{PYTHON_VARIABLE} names no environment with vLLM; see make bench-vllm",
)
class TestVllm(EngineConformance):
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _model(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("tiny-llama")
        subprocess.run([os.environ[PYTHON_VARIABLE], "-c", _MODEL, str(folder)], check=True)
        cls.folder = folder

    def make(self) -> Engine:
        spec = VllmSpec(weights=self.folder, model="tiny", context_tokens=1024, concurrency=8)
        return VllmEngine(spec, LocalRuntime(), "vllm")

    def crash(self, engine: Engine) -> None:
        assert isinstance(engine, VllmEngine)
        assert engine.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(engine.pid, signal.SIGKILL)

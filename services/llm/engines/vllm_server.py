"""The process of a vLLM engine: ``python -m services.llm.engines.vllm_server``, where vLLM is installed.

It reads its settings as one JSON line, starts vLLM's own server with the agent scheduler, answers with one
JSON line when that is ready, and ends it when standard input ends, or itself when the server has.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from devices.child import start
from services.llm.engines.server_process import STOP

_POLL_S = 0.25
_END_LIMIT_S = 4.0
_CARRIER = {
    "kv_connector": "AgentCarrier",
    "kv_connector_module_path": "services.llm.vllm_plugin.carrier",
    "kv_role": "kv_both",
    # A file that is gone costs a computation.
    "kv_load_failure_policy": "recompute",
}
_MISSING = (
    f"vLLM is not installed for {sys.executable}; run: pip install 'retinue[vllm]', or name the "
    "interpreter of an environment that has it in RETINUE_VLLM_PYTHON."
)
_CPU_SCHEDULER = "services.llm.vllm_plugin.scheduler.AgentScheduler"
_GPU_SCHEDULER = "services.llm.vllm_plugin.scheduler.AgentAsyncScheduler"


def main() -> None:
    """Serve until standard input ends or vLLM does."""
    settings = json.loads(sys.stdin.readline())
    if importlib.util.find_spec("vllm") is None:
        _say({"error": _MISSING})
        return
    host = settings["host"]
    port, agents = _free_ports(host, 2)
    folder = tempfile.mkdtemp(prefix="retinue-vllm-") if settings.get("kv_events") else None
    events = f"ipc://{folder}/kv-events" if folder else ""
    server = start(
        [
            *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
            *_arguments(settings, port, events),
        ],
        # The key goes by the environment: every user can read a command line.
        env={**os.environ, **_environment(settings), "RETINUE_AGENTS": f"{host}:{agents}"},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        # Its own children are ended with it; the one that computes also ends by itself.
        process_group=0,
    )
    try:
        _serve(settings, server, f"http://{host}:{port}", f"http://{host}:{agents}", events)
    finally:
        _kill_all(server)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _serve(
    settings: dict[str, Any], server: subprocess.Popen[bytes], url: str, agents: str, events: str
) -> None:
    ended = threading.Event()
    threading.Thread(target=_heed_input, args=(server, ended), daemon=True).start()
    while server.poll() is None and not _answers(url):
        if ended.wait(_POLL_S):
            _end(server)
            return
    if server.poll() is not None:
        # Whoever started this shows the last lines of the log.
        raise SystemExit(1)
    _say(
        {
            "url": url,
            "agents": agents,
            "pid": server.pid,
            "kv_events": events,
            "knows_tools": _knows_tools(Path(settings["weights"])),
        }
    )
    while server.poll() is None and not ended.wait(_POLL_S):
        pass
    _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(_END_LIMIT_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _arguments(settings: dict[str, Any], port: int, events: str) -> list[str]:
    arguments = {
        "--model": settings["weights"],
        "--served-model-name": settings["model"],
        "--host": settings["host"],
        "--port": port,
        "--max-model-len": settings["context_tokens"],
        "--max-num-seqs": settings["concurrency"],
        "--max-num-batched-tokens": max(settings["step_tokens"], settings["concurrency"]),
        "--scheduler-cls": _CPU_SCHEDULER if _on_cpu() else _GPU_SCHEDULER,
    }
    flags = ["--enable-prompt-tokens-details", "--enable-auto-tool-choice"]
    # Free whitespace lets small models fill an answer with it. Not xgrammar, the usual backend: it lets
    # text of a bounded length hold control characters, which JSON forbids.
    flags += ["--structured-outputs-config", '{"backend":"guidance","disable_any_whitespace":true}']
    flags += ["--tool-call-parser", settings["tool_parser"]]
    if settings["gpus"] > 1 and not _on_cpu():
        flags += ["--tensor-parallel-size", str(settings["gpus"])]
    if settings.get("slot_folder"):
        flags += ["--kv-transfer-config", json.dumps(_CARRIER)]
    if events:
        publish = {"enable_kv_cache_events": True, "publisher": "zmq", "endpoint": events}
        flags += ["--kv-events-config", json.dumps(publish)]
    if _on_cpu():
        # Compilation takes minutes there, and short prefixes never fill a block of the usual 128.
        flags += ["--enforce-eager", "--dtype", "float32", "--block-size", "32"]
    ours = [str(part) for pair in arguments.items() for part in pair] + flags
    return [*ours, *settings["arguments"]]


def _environment(settings: dict[str, Any]) -> dict[str, str]:
    chosen = {
        "VLLM_API_KEY": settings["key"],
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        # Forced tool calls are then held to their JSON schema as a whole. vLLM's own tags leave the
        # arguments free, or free to be endless whitespace.
        "VLLM_ENFORCE_STRICT_TOOL_CALLING": "0",
        # Replicas give the same block the same hash.
        "PYTHONHASHSEED": "0",
    }
    if settings.get("slot_folder"):
        chosen["RETINUE_KV_FOLDER"] = settings["slot_folder"]
    if _on_cpu():
        chosen |= {
            "VLLM_CPU_KVCACHE_SPACE": str(settings["kv_gib"]),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
            "OMP_NUM_THREADS": str(settings["threads"]),
        }
    return chosen


def _knows_tools(weights: Path) -> bool:
    """Whether the model's chat template has a place for tools."""
    found = [path.read_text(encoding="utf-8") for path in weights.glob("chat_template*.jin*")]
    config = weights / "tokenizer_config.json"
    if config.is_file():
        template = json.loads(config.read_text(encoding="utf-8")).get("chat_template") or ""
        found.append(template if isinstance(template, str) else json.dumps(template))
    return any("tools" in text for text in found)


def _on_cpu() -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version("vllm-cpu")
    except PackageNotFoundError:
        return False
    return True


def _free_ports(host: str, count: int) -> list[int]:
    with ExitStack() as probes:
        found = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in found:
            probe.bind((host, 0))
        return [int(probe.getsockname()[1]) for probe in found]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5.0) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _heed_input(server: subprocess.Popen[bytes], ended: threading.Event) -> None:
    if sys.stdin.read() != STOP:
        # Whoever read its answers was killed; one in progress would keep it from ending in order.
        _kill_all(server)
    ended.set()


def _kill_all(server: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

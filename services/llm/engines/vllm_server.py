"""The process of a vLLM engine: ``python -m services.llm.engines.vllm_server``, where vLLM is installed.

It reads its settings as one JSON line, starts vLLM's own server with the agent scheduler, answers with one
JSON line when that is ready, and ends it when standard input ends, or itself when the server has.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

_POLL_S = 0.25
_PR_SET_PDEATHSIG = 1
_CPU_SCHEDULER = "services.llm.vllm_plugin.scheduler.AgentScheduler"
_GPU_SCHEDULER = "services.llm.vllm_plugin.scheduler.AgentAsyncScheduler"


def main() -> None:
    """Serve until standard input ends or vLLM does."""
    settings = json.loads(sys.stdin.readline())
    port = _free_port(settings["host"])
    server = subprocess.Popen(
        [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *_arguments(settings, port)],
        # The key goes by the environment: every user can read a command line.
        env={**os.environ, **_environment(), "VLLM_API_KEY": settings["key"]},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        preexec_fn=_die_with_parent,
    )
    url = f"http://{settings['host']}:{port}"
    while server.poll() is None and not _answers(url):
        time.sleep(_POLL_S)
    if server.poll() is not None:
        _say(
            {"error": "vLLM ended while it started; see its log above, or try it with: vllm serve"}
        )
        return
    _say({"url": url, "pid": server.pid})
    threading.Thread(target=_end_with, args=(server,), daemon=True).start()
    sys.stdin.read()
    server.terminate()
    server.wait()


def _arguments(settings: dict[str, object], port: int) -> list[str]:
    arguments = {
        "--model": settings["weights"],
        "--served-model-name": settings["model"],
        "--host": settings["host"],
        "--port": port,
        "--max-model-len": settings["context_tokens"],
        "--max-num-seqs": settings["concurrency"],
        "--scheduler-cls": _CPU_SCHEDULER if _on_cpu() else _GPU_SCHEDULER,
    }
    flags = ["--enable-prompt-tokens-details", "--enable-auto-tool-choice"]
    # Free whitespace lets small models fill an answer with it.
    flags += ["--structured-outputs-config", '{"backend":"xgrammar","disable_any_whitespace":true}']
    flags += ["--tool-call-parser", str(settings.get("tool_parser") or "hermes")]
    if _on_cpu():
        # Compilation takes minutes there, and short prefixes never fill a block of the usual 128.
        flags += ["--enforce-eager", "--dtype", "float32", "--block-size", "32"]
    return [*(str(part) for pair in arguments.items() for part in pair), *flags]


def _environment() -> dict[str, str]:
    quiet = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if not _on_cpu():
        return quiet
    return {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", **quiet}


def _on_cpu() -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version("vllm-cpu")
    except PackageNotFoundError:
        return False
    return True


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5.0) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end_with(server: subprocess.Popen[bytes]) -> None:
    server.wait()
    os._exit(1)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

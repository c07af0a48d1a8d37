"""The process of a llama.cpp engine: ``python -m services.llm.engines.llama_server``.

It reads its settings as one JSON line, starts the server, answers with one JSON line, and ends when its
standard input does.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

from brain.model import ModelError
from services.llm.engines.server_process import STOP
from services.llm.models.embedded import ServerSettings, serve


def main() -> None:
    """Serve until standard input ends."""
    # llama.cpp may print to standard output, which belongs to the answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    settings = ServerSettings.model_validate_json(sys.stdin.readline())
    try:
        server = serve(settings)
        answer = {"url": server.listening_address, "pid": os.getpid()}
    except ModelError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), file=answers, flush=True)
    stopped = sys.stdin.read() == STOP
    if settings.slot_folder is not None and not stopped:
        # Whoever would have deleted the KV files was killed; they hold what people said.
        shutil.rmtree(settings.slot_folder, ignore_errors=True)
    # The server's threads may be in the middle of an answer that nobody waits for any more.
    os._exit(0)


if __name__ == "__main__":
    main()

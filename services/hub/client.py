"""Calls a site by its API, as the command does."""

from __future__ import annotations

import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

from services.errors import UserError
from services.hub.contracts import EventView

# Nobody thinks longer about a wish than this (s) without at least refusing it.
_TIMEOUT_S = 120.0
# How long (s) to wait before saying something again that got no answer.
_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


class SiteClient:
    """One site, as one person sees it.

    Args:
        url: Its address.
        token: Whose calls these are.
        transport: What carries them, instead of the network.
        wait: Waits so many seconds before something is said again.
        ca: The certificate authority of the site, if it has one of its own.
    """

    def __init__(
        self,
        url: str,
        token: str,
        transport: httpx2.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
        ca: str | None = None,
    ) -> None:
        self.url = url
        self._wait = wait
        self._http = httpx2.Client(
            base_url=f"{url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(_TIMEOUT_S, connect=5.0),
            transport=transport,
            verify=ssl.create_default_context(cafile=ca) if url.startswith("https") else True,
        )

    def get(self, path: str, **query: object) -> Any:
        """What is there.

        Raises:
            UserError: The site refuses, or can not be reached.
        """
        return self._answer(lambda: self._http.get(path, params=_query(query)))

    def post(self, path: str, body: object = None, method: str = "POST", **query: object) -> Any:
        """Tell the site something. A lost answer is asked for again, and what was said is heard once.

        Raises:
            UserError: The site refuses, or can not be reached.
        """
        key = {"Idempotency-Key": uuid.uuid4().hex}

        def call() -> httpx2.Response:
            return self._http.request(method, path, json=body, params=_query(query), headers=key)

        for pause in _PAUSES_S:
            try:
                answer = call()
            except httpx2.ConnectError:
                break  # nobody is there at all, which is told at once
            except httpx2.TransportError:
                self._wait(pause)
                continue
            if answer.status_code != 503:
                return _told(answer)
            self._wait(pause)
        return self._answer(call)

    def events(self, after: int | None = None) -> Iterator[EventView]:
        """What happens, as it happens, behind a position of the log; None: from now on. A lost
        connection is taken up again where it broke off.

        Raises:
            UserError: The site refuses, or can not be reached any more.
        """
        position, pauses = after, iter(_PAUSES_S)
        while True:
            try:
                for event in self._stream(position):
                    position, pauses = event.id, iter(_PAUSES_S)
                    yield event
            except httpx2.TransportError:
                pass
            pause = next(pauses, None)
            if pause is None:
                raise UserError(f"{self.url} can not be reached any more: is the site up?")
            self._wait(pause)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _stream(self, after: int | None) -> Iterator[EventView]:
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        patient = httpx2.Timeout(30.0, connect=5.0)
        with self._http.stream("GET", "/events", headers=headers, timeout=patient) as answer:
            if answer.status_code != 200:
                answer.read()
                _told(answer)
            for line in answer.iter_lines():
                if line.startswith("data: ") and line != "data: {}":
                    yield EventView.model_validate_json(line.removeprefix("data: "))

    def _answer(self, call: Callable[[], httpx2.Response]) -> Any:
        try:
            return _told(call())
        except httpx2.TransportError as error:
            why = str(error) or type(error).__name__
            raise UserError(f"{self.url} can not be reached ({why}): is the site up?") from None


def _query(given: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in given.items() if value is not None}


def _told(answer: httpx2.Response) -> Any:
    if answer.is_success:
        return answer.json()
    try:
        detail = answer.json()["detail"]
    except (json.JSONDecodeError, KeyError, TypeError):
        detail = f"the site answered {answer.status_code}"
    raise UserError(str(detail))

"""vLLM's queue of waiting requests, kept in the policy's order without ever being sorted."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

from services.llm.policy.ordering import Rank


class RankedQueue:
    """A heap with vLLM's ``RequestQueue`` interface; who was put back goes where its rank says.

    Ranks are computed when somebody else waits, too, and again when `rerank` is called; the order of two
    requests does not change with time alone (`services.llm.policy.ordering.Order`). Ties go by arrival.

    Args:
        rank: The rank of a request; smaller goes first.

    Attributes:
        seconds: Time spent on putting requests in their places.
    """

    def __init__(self, rank: Callable[[Any], Rank]) -> None:
        self.seconds = 0.0
        self._rank = rank
        # Who has no rank yet, by id; then the heap, in which entries that are no longer live stay until
        # they come up.
        self._fresh: dict[str, Any] = {}
        self._heap: list[tuple[Rank, float, int, Any]] = []
        self._live: dict[str, int] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._live)

    def __bool__(self) -> bool:
        return bool(self._live)

    def __iter__(self) -> Iterator[Any]:
        self._rank_the_fresh()
        for entry in sorted(self._heap):
            if self._live.get(entry[3].request_id) == entry[2]:
                yield entry[3]

    def names(self) -> list[str]:
        """Ids of all requests, in no order; from any thread."""
        return list(self._live)

    def add_request(self, request: Any) -> None:
        """Put a request in."""
        self._serial += 1
        self._live[request.request_id] = self._serial
        self._fresh[request.request_id] = request

    def rerank(self, request: Any) -> None:
        """Move a request that is here to where it belongs now."""
        if request.request_id in self._live:
            self.add_request(request)

    def peek_request(self) -> Any:
        """The first request.

        Raises:
            IndexError: If there is none.
        """
        if not self._live:
            raise IndexError("peek from an empty queue")
        if len(self._live) == 1 and self._fresh:
            return next(iter(self._fresh.values()))
        self._rank_the_fresh()
        heap, live = self._heap, self._live
        while live.get(heap[0][3].request_id) != heap[0][2]:
            heapq.heappop(heap)
        return heap[0][3]

    def pop_request(self) -> Any:
        """Take the first request out.

        Raises:
            IndexError: If there is none.
        """
        request = self.peek_request()
        self.remove_request(request)
        return request

    def prepend_request(self, request: Any) -> None:
        """Put a request back; its rank says where."""
        self.add_request(request)

    def prepend_requests(self, requests: Iterable[Any]) -> None:
        """Put requests back; their ranks say where."""
        for request in requests:
            self.add_request(request)

    def remove_request(self, request: Any) -> None:
        """Take a request out, wherever it is; one that is not here is ignored."""
        self._live.pop(request.request_id, None)
        self._fresh.pop(request.request_id, None)

    def remove_requests(self, requests: Iterable[Any]) -> None:
        """Take requests out; those that are not here are ignored."""
        for request in requests:
            self.remove_request(request)

    def _rank_the_fresh(self) -> None:
        if not self._fresh:
            return
        began = perf_counter()
        for name, request in self._fresh.items():
            entry = (self._rank(request), request.arrival_time, self._live[name], request)
            heapq.heappush(self._heap, entry)
        self._fresh.clear()
        if len(self._heap) > 2 * len(self._live) + 16:
            self._heap = [e for e in self._heap if self._live.get(e[3].request_id) == e[2]]
            heapq.heapify(self._heap)
        self.seconds += perf_counter() - began

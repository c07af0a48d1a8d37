"""What Prometheus reads. The only file that imports ``prometheus_client``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from services.llm.cluster.status import ClusterStatus, ReplicaStatus

_TTFT_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

_Value = Callable[[ReplicaStatus], float]
_GAUGES: tuple[tuple[str, str, _Value], ...] = (
    ("engine_up", "Whether the engine answers.", lambda r: float(r.stats.alive)),
    ("queued_turns", "Turns that wait for a place.", lambda r: r.queued),
    ("running_turns", "Turns that run.", lambda r: r.running),
    ("pins", "Programs whose KV is held for them.", lambda r: r.pins),
    ("kv_files", "Programs whose KV is in a file.", lambda r: r.files),
    ("prefix_hit_ratio", "Share of prompt tokens found.", lambda r: r.hit_rate),
    (
        "resume_hit_ratio",
        "Share of prompt tokens found, turns after a program's first.",
        lambda r: r.resume_hit_rate,
    ),
    ("learned_steps", "Engine steps that the learned step time has seen.", lambda r: r.steps),
    (
        "ttft_error_ratio",
        "Mean relative error of predicted times to first token; NaN before the first prediction.",
        lambda r: float("nan") if r.ttft_error is None else r.ttft_error,
    ),
    (
        "ttft_covered_ratio",
        "Share of times to first token between the predicted deciles.",
        lambda r: float("nan") if r.ttft_covered is None else r.ttft_covered,
    ),
    ("draining", "Whether it takes no new programs.", lambda r: float(r.draining)),
)
_COUNTERS: tuple[tuple[str, str, _Value], ...] = (
    ("turns", "Turns answered.", lambda r: r.turns),
    ("failed_turns", "Turns that ended in an engine's error.", lambda r: r.failed),
    ("retried_turns", "Turns sent again after a crash.", lambda r: r.retried),
    ("cancelled_turns", "Turns whose caller went away.", lambda r: r.cancelled),
    ("engine_restarts", "Starts after a crash.", lambda r: r.stats.restarts),
)


class GatewayMetrics:
    """Counts requests as they come, and reads the rest from the cluster's status when asked."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._status: ClusterStatus | None = None
        self.requests = Counter(
            "retinue_llm_requests",
            "Requests by path and status.",
            ["path", "status"],
            registry=self._registry,
        )
        self.ttft = Histogram(
            "retinue_llm_time_to_first_token_seconds",
            "From arrival to the first piece.",
            buckets=_TTFT_BUCKETS_S,
            registry=self._registry,
        )
        self.duration = Histogram(
            "retinue_llm_request_seconds",
            "From arrival to the end of the answer.",
            buckets=_TTFT_BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(self)

    def text(self, status: ClusterStatus) -> bytes:
        """The exposition."""
        self._status = status
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """What the cluster tells; called by the registry."""
        if self._status is None:
            return
        for name, text, value in _GAUGES:
            gauge = GaugeMetricFamily(f"retinue_llm_{name}", text, labels=["replica"])
            for replica in self._status.replicas:
                gauge.add_metric([replica.name], value(replica))
            yield gauge
        for name, text, value in _COUNTERS:
            counter = CounterMetricFamily(f"retinue_llm_{name}", text, labels=["replica"])
            for replica in self._status.replicas:
                counter.add_metric([replica.name], value(replica))
            yield counter
        ends = CounterMetricFamily(
            "retinue_llm_pin_outcomes", "What became of pins.", labels=["replica", "outcome"]
        )
        for replica in self._status.replicas:
            for outcome, count in sorted(replica.outcomes.items()):
                ends.add_metric([replica.name, outcome], count)
        yield ends
        yield GaugeMetricFamily(
            "retinue_llm_wanted_replicas",
            "Replicas that the present load calls for.",
            value=self._status.wanted_replicas,
        )
        yield CounterMetricFamily(
            "retinue_llm_migrations", "Programs moved.", value=self._status.migrations
        )

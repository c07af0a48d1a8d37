"""A site's figures as Prometheus reads them, each time it asks."""

from __future__ import annotations

from collections import Counter

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from services.hub.standing import Standing


def metrics(standing: Standing) -> str:
    """All figures, in Prometheus' text format."""
    registry = CollectorRegistry()
    goals = Gauge("retinue_goals", "Goals by how they stand.", ["status"], registry=registry)
    for status, number in Counter(s.stage for s in standing.diary.goals.values()).items():
        goals.labels(status).set(number)
    attempts = Gauge(
        "retinue_requests",
        "Requests to bodies by how they came out.",
        ["outcome"],
        registry=registry,
    )
    for outcome, number in Counter(a.outcome for a in standing.diary.attempts.values()).items():
        attempts.labels(outcome).set(number)
    Gauge("retinue_events", "Events in the log.", registry=registry).set(standing.position)
    Gauge("retinue_time_seconds", "The site's clock.", registry=registry).set(standing.now_s)
    up = Gauge(
        "retinue_body_in_touch", "Whether the body is in touch.", ["body"], registry=registry
    )
    charge = Gauge("retinue_body_battery", "Charge, 0 to 1.", ["body"], registry=registry)
    for body in standing.bodies():
        up.labels(body.id).set(not body.lost)
        if body.battery is not None:
            charge.labels(body.id).set(body.battery)
    return generate_latest(registry).decode()

"""How often and how long: every interval of the supervisor, from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds, unless the name says otherwise.

    Attributes:
        heartbeat_s: Between two renewals of an attempt's lease.
        lease_s: Without a new heartbeat, after which an attempt counts dead.
        give_up_s: Without a successful renewal, after which a supervisor kills its own trainer;
            shorter than the lease, so that the next attempt never meets it.
        poll_s: Between two looks at what people want; bounds how late a stop is acknowledged.
        flush_s: Between two commits of events.
        fold_s: Between two moves of metric points from events into blocks.
        stop_grace_s: From a stop to the kill of what has not ended.
        reconcile_s: Between two looks for stranded runs.
        restart_delay_s: From a crash to the next attempt; grows with each.
        max_restarts: Crashes after which a run fails.
    """

    heartbeat_s: float
    lease_s: float
    give_up_s: float
    reconcile_s: float
    stop_grace_s: float
    max_restarts: int
    restart_delay_s: float
    poll_s: float = 0.25
    flush_s: float = 0.2
    fold_s: float = 2.0


def intervals() -> Intervals:
    """Read the settings."""
    env = settings.ENVIRONMENT
    return Intervals(
        heartbeat_s=env.heartbeat_s,
        lease_s=env.lease_s,
        give_up_s=env.lease_s * 2 / 3,
        reconcile_s=env.reconcile_s,
        stop_grace_s=env.stop_grace_s,
        max_restarts=env.max_restarts,
        restart_delay_s=min(2.0, env.reconcile_s),
    )

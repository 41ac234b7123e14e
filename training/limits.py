"""What one person may queue and compute, and the refusals that say so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts.limits import Limit, counting_for, limit_of_person
from accounts.models import Person
from common.errors import Code, Problem
from training.models import UNFINISHED, Attempt, Run

WEEK = timedelta(days=7)
HOUR_S = 3600.0


def unfinished_runs(person: Person) -> int:
    """Runs of a person that wait or run."""
    return Run.objects.filter(author=person, state__in=UNFINISHED).count()


def week_hours(person: Person) -> float:
    """Hours the person's runs have computed within seven days."""
    since = timezone.now() - WEEK
    recent = Attempt.objects.filter(run__author=person).exclude(ended_at__lt=since)
    taken = Greatest(F("started_at"), Value(since))
    return _seconds(recent, taken) / HOUR_S


def run_seconds(run_id: str) -> float:
    """Seconds a run has computed in all its attempts that are over."""
    over = Attempt.objects.filter(run=run_id, ended_at__isnull=False)
    return _seconds(over, F("started_at"))


def most_run_seconds(author: Person) -> float:
    """Seconds a run of this person may compute in all."""
    return limit_of_person(Limit.RUN_HOURS, author) * HOUR_S


def require_run_allowed(person: Person) -> None:
    """Check that a person may queue one more run; within the transaction that does, first of all.

    Raises:
        Problem: `queue_full`, or `run_hours_used` for the hours of the week.
    """
    counting_for(person)
    most = int(limit_of_person(Limit.RUNS, person))
    present = unfinished_runs(person)
    if present >= most:
        raise Problem(
            Code.QUEUE_FULL,
            f"{present:,} of your runs wait or run; {most:,} are allowed.",
            "Wait until some are done, or stop them.",
            present=present,
            most=most,
        )
    most_hours = limit_of_person(Limit.WEEK_HOURS, person)
    used = week_hours(person)
    if used >= most_hours:
        raise Problem(
            Code.RUN_HOURS_USED,
            f"Your runs have computed {used:,.1f} hours within seven days; {most_hours:,.0f} are"
            " allowed.",
            "Start it on another day, or ask the operator to raise NETLOOM_WEEK_RUN_HOURS.",
            used_hours=used,
            most_hours=most_hours,
        )


def require_run_has_time(run: Run) -> None:
    """Refuse to resume a run that has had its time; raises Problem `run_hours_used`."""
    used_s, most_s = run_seconds(run.pk), most_run_seconds(run.author)
    if used_s >= most_s:
        raise Problem(
            Code.RUN_HOURS_USED,
            f"The run has computed {used_s / HOUR_S:,.1f} hours; {most_s / HOUR_S:,.1f} are"
            " allowed.",
            "Start a new run from its last checkpoint, or ask the operator to raise"
            " NETLOOM_RUN_HOURS.",
            used_hours=used_s / HOUR_S,
            most_hours=most_s / HOUR_S,
        )


def out_of_time(most_s: float) -> dict[str, Any]:
    """What a run that was stopped for its time tells, as `Run.failure` holds it."""
    return {
        "code": Code.RUN_HOURS_USED.value,
        "message": f"The run was stopped with a checkpoint: it had computed {_hours(most_s)}, as"
        " long as one run may.",
        "node_id": None,
        "next_step": "Start a new run from its last checkpoint, or ask the operator to raise"
        " NETLOOM_RUN_HOURS.",
    }


def _hours(seconds: float) -> str:
    hours = seconds / HOUR_S
    return f"{hours:g} hours" if hours >= 1 else f"{seconds:.0f} s"


def _seconds(attempts: QuerySet[Attempt], begin: Greatest | F) -> float:
    lasted = ExpressionWrapper(
        Coalesce(F("ended_at"), Value(timezone.now())) - begin, output_field=DurationField()
    )
    total = attempts.aggregate(total=Sum(lasted))["total"]
    return max(total.total_seconds(), 0.0) if total else 0.0

"""Celery's side: a message says only "there is work in this lane"."""

from __future__ import annotations

import os
import socket

from celery import shared_task
from django.conf import settings

from jobs import running, services


def machine_name() -> str:
    """Whose devices these are: workers of one name share their slots."""
    return settings.ENVIRONMENT.machine or socket.gethostname()[:60]


def worker_name() -> str:
    """Which process has claimed a job, for people who read the table."""
    return f"{machine_name()}:{os.getpid()}"


@shared_task(name="jobs.work", ignore_result=True)
def work(lane: str) -> None:
    """Do what is queued in a lane, one job after the other, until nothing is left.

    A worker that ends leaves the rest, and the job it has just given back, to the next one.
    """
    while not running.stopping.is_set() and run_next(lane):
        pass


def run_next(lane: str) -> bool:
    """Claim and do one job; False when nothing waits."""
    job = services.claim_next(lane, worker_name())
    if job is None:
        return False
    running.run(job)
    return True

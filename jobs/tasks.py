"""Celery's side: a message says only "there is work in this lane"."""

from __future__ import annotations

import os
import socket

from celery import shared_task

from jobs import running, services


def worker_name() -> str:
    """Which process has claimed a job, for people who read the table."""
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


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

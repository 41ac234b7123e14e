"""Celery only wakes workers; what is to be done and how it went stands in the database.

Messages are acknowledged early and carry nothing but an id: a lost one is published again by
the reconciler (`jobs.reconcile`), a repeated one finds its job already claimed.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery
from django.conf import settings
from kombu.entity import Queue

LANES = ("interactive", "bulk", "train")


def _broker_url(redis_url: str) -> str:
    """Kombu spells a unix socket `redis+socket://`."""
    return redis_url.replace("unix://", "redis+socket://", 1)


app = Celery("netloom")
app.conf.update(
    broker_url=_broker_url(settings.REDIS_URL) or "memory://",
    broker_connection_retry_on_startup=True,
    broker_transport_options={"global_keyprefix": f"netloom-{settings.INSTALLATION_ID}:"},
    task_serializer="json",
    accept_content=["json"],
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    task_queues=[Queue(lane) for lane in LANES],
    task_default_queue="bulk",
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    timezone="UTC",
)

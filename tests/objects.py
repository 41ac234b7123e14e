"""An S3 server for tests, in a thread of the test's own process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BUCKET = "netloom"
KEYS = {"s3_region": "us-east-1", "s3_access_key": "key", "s3_secret_key": "secret"}


def client(endpoint: str) -> Any:
    """boto3's client of a test server."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=KEYS["s3_region"],
        aws_access_key_id=KEYS["s3_access_key"],
        aws_secret_access_key=KEYS["s3_secret_key"],
    )


@contextmanager
def object_thread() -> Iterator[str]:
    """A running server with an empty bucket; yields its address."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells of every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        client(endpoint).create_bucket(Bucket=BUCKET)
        yield endpoint
    finally:
        server.stop()


def shared_environment(environment: Any, endpoint: str, **more: Any) -> Any:
    """The settings of an installation whose machines share the store at an address."""
    return environment.model_copy(
        update={"s3_bucket": BUCKET, "s3_endpoint": endpoint, **KEYS, **more}
    )

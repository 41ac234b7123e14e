"""An S3 server for tests, in a thread of the test's own process, that can be full."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

BUCKET = "netloom"
KEYS = {"s3_region": "us-east-1", "s3_access_key": "key", "s3_secret_key": "secret"}
FULL = b"<Error><Code>InsufficientStorage</Code><Message>No space is left.</Message></Error>"


class ObjectServer:
    """moto's server behind a door that refuses to take anything in while `is_full`."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells of every request
        self.is_full = False
        self._application = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def client(self) -> Any:
        """boto3's client of this server."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=KEYS["s3_region"],
            aws_access_key_id=KEYS["s3_access_key"],
            aws_secret_access_key=KEYS["s3_secret_key"],
        )

    @contextmanager
    def running(self) -> Iterator[ObjectServer]:
        """Serve, with an empty bucket, inside of this."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            self.client.create_bucket(Bucket=BUCKET)
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def settings(self, environment: Any, **more: Any) -> Any:
        """The settings of an installation whose machines share this store."""
        return environment.model_copy(
            update={"s3_bucket": BUCKET, "s3_endpoint": self.endpoint, **KEYS, **more}
        )

    def _answer(self, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self.is_full and request["REQUEST_METHOD"] in ("PUT", "POST"):
            request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
            start("507 Insufficient Storage", [("Content-Type", "application/xml")])
            return [FULL]
        return self._application(request, start)

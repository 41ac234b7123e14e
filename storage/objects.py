"""An S3-compatible store: what several machines share instead of a data folder.

django-storages knows how to reach it; batches, parts and prefixes go through the client it makes,
which all threads of the process share.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cached_property, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from common.errors import Code, Problem
from common.files import Readable
from storage.disk import MEGABYTE, disk_problems

NUM_THREADS = 16
CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 30
NUM_TRIES = 4
# Larger files travel in parts, several at a time.
TRANSFER = TransferConfig(multipart_threshold=32 * MEGABYTE, multipart_chunksize=32 * MEGABYTE)
NOT_THERE = ("NoSuchKey", "404", "NotFound")
FULL = ("InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "507")
REFUSED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "403")

T = TypeVar("T")


class ObjectStore:
    """Keeps what `storage.store.Store` describes as objects of one bucket."""

    def __init__(
        self, bucket: str, endpoint: str, region: str, access_key: str, secret_key: str
    ) -> None:
        self._bucket = bucket
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if endpoint else "auto"},
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": NUM_TRIES},
            max_pool_connections=2 * NUM_THREADS,
            # Not every compatible store knows the newer checksums; contents are named by theirs.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._storage = S3Storage(
            bucket_name=bucket,
            endpoint_url=endpoint or None,
            region_name=region or None,
            access_key=access_key or None,
            secret_key=secret_key or None,
            client_config=config,
        )

    @cached_property
    def _client(self) -> Any:
        """boto3's clients may be shared by threads; making one takes a tenth of a second."""
        return self._storage.bucket.meta.client

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(NUM_THREADS, thread_name_prefix="store")

    def prepare(self) -> bool:
        """Make the bucket when there is none; True when it was made now."""
        with _store_problems():
            try:
                self._client.head_bucket(Bucket=self._bucket)
                return False
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.NOT_FOUND:
                    raise
            region = self._client.meta.region_name
            elsewhere = region not in (None, "us-east-1", "aws-global")  # S3's own default place
            place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
            self._client.create_bucket(Bucket=self._bucket, **(place if elsewhere else {}))
        return True

    def write(self, contents: Mapping[str, bytes]) -> None:
        self._each(lambda item: self._put(*item), contents.items())

    def take(self, source: Path, key: str, *, is_movable: bool) -> None:
        del is_movable  # the bytes have to travel either way
        if self.size_bytes(key) == source.stat().st_size:
            return
        with _store_problems(), source.open("rb") as file:
            self._client.upload_fileobj(file, self._bucket, key, Config=TRANSFER)

    def size_bytes(self, key: str) -> int | None:
        try:
            with _store_problems():
                return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        except Problem as problem:
            if problem.code is Code.FILE_MISSING:
                return None
            raise

    def missing(self, keys: Iterable[str]) -> list[str]:
        asked = list(keys)
        sizes = self._each(self.size_bytes, asked)
        return [key for key, size in zip(asked, sizes, strict=True) if size is None]

    def open(self, key: str, start: int = 0, end: int | None = None) -> Readable:
        last = "" if end is None else end - 1
        wanted = {"Range": f"bytes={start}-{last}"} if start or end is not None else {}
        with _store_problems():
            return self._client.get_object(Bucket=self._bucket, Key=key, **wanted)["Body"]

    def fetch(self, key: str, target: Path) -> None:
        with _store_problems(), disk_problems():
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with closing(answer["Body"]) as body:
                if answer["ContentLength"] <= TRANSFER.multipart_threshold:
                    with target.open("wb") as file:
                        shutil.copyfileobj(body, file, MEGABYTE)
                    return
            self._client.download_file(self._bucket, key, str(target), Config=TRANSFER)

    def delete(self, keys: Iterable[str]) -> None:
        self._each(self._delete, keys)

    def delete_folder(self, folder: str) -> None:
        self.delete(list(self._keys_below(f"{folder}/")))

    def _put(self, key: str, data: bytes) -> None:
        with _store_problems():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data)

    def _delete(self, key: str) -> None:
        with _store_problems():
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def _keys_below(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        with _store_problems():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for found in page.get("Contents", ()):
                    yield found["Key"]

    def _each(self, do: Callable[[Any], T], things: Iterable[Any]) -> list[T]:
        """Do the same for many at once; the first failure is raised when all have been tried."""
        listed = list(things)
        if len(listed) < 2:
            return [do(thing) for thing in listed]
        waiting = [self._threads.submit(partial(do, thing)) for thing in listed]
        errors = [error for each in waiting if (error := each.exception()) is not None]
        if errors:
            raise errors[0]
        return [each.result() for each in waiting]


@contextmanager
def _store_problems() -> Iterator[None]:
    """Tell what a store answers, or that it does not, in one sentence."""
    try:
        yield
    except ClientError as error:
        raise _refusal(error) from error
    except (BotoCoreError, Boto3Error) as error:
        raise Problem(
            Code.UNAVAILABLE,
            "The studio's file store cannot be reached.",
            "Try again in a minute; if it stays, tell the operator.",
        ) from error


def _refusal(error: ClientError) -> Problem:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    if code in NOT_THERE:
        return Problem(
            Code.FILE_MISSING,
            "The file is no longer in the studio's file store.",
            "Bring it in again, or ask the operator to restore a backup.",
        )
    if code in FULL or status in FULL:
        return Problem(
            Code.DISK_FULL,
            "The studio's file store is full.",
            "Delete what is no longer needed, or ask the operator to make room in it.",
        )
    if code in REFUSED:
        return Problem(
            Code.UNAVAILABLE,
            f"The studio's file store refuses the studio ({code}).",
            "The operator can correct the NETLOOM_S3_ settings.",
        )
    return Problem(
        Code.UNAVAILABLE,
        f"The studio's file store does not work at present ({code or status}).",
        "Try again in a minute; if it stays, tell the operator.",
    )

"""Imports as background work: progress, cancel, a worker that dies, a decoder that crashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datasets.ingest import pool
from datasets.ingest.pictures import Candidate, Picture, Refusal
from tests.api.datasets.conftest import Studio, png, zip_of

pytestmark = pytest.mark.django_db(transaction=True)


def _start(studio: Studio, dataset: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    upload = studio.api.upload(studio.project, "images.zip", zip_of(files))
    answer = studio.api.post(
        f"/api/datasets/{dataset['id']}/imports",
        {"source": {"type": "upload", "upload_ids": [upload]}},
    )
    assert answer.status_code == 202
    return answer.json()


def test_an_import_waits_its_turn_and_can_be_cancelled(studio: Studio, run_jobs: Any) -> None:
    dataset = studio.dataset()
    job = _start(studio, dataset, {"a/1.png": png(1)})
    assert (job["state"], job["lane"]) == ("queued", "bulk")
    assert job["subject"] == {"type": "dataset", "id": dataset["id"]}
    assert studio.reports(dataset)[0]["state"] == "queued"
    studio.api.post(f"/api/jobs/{job['id']}/cancel")
    run_jobs("bulk")
    assert studio.reports(dataset)[0]["state"] == "cancelled"
    assert studio.refreshed(dataset)["num_items"] == 0


def test_cancelling_takes_out_what_was_brought(
    studio: Studio, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets.ingest import run, writer
    from jobs.models import Job

    monkeypatch.setattr(run, "WRITE_FILES", 32)
    dataset = studio.dataset()
    job = _start(studio, dataset, {f"a/{n:03d}.png": png(n) for n in range(160)})
    original = writer.Writer.write

    def write_then_cancel(self: Any, arrivals: Any) -> None:
        original(self, arrivals)
        Job.objects.filter(pk=job["id"]).update(is_cancel_requested=True)
        running.stopped.wait(10)

    from jobs.running import RunningJob

    first_init = RunningJob.__init__

    def remember(self: Any, job: Any) -> None:
        nonlocal running
        first_init(self, job)
        running = self

    running: Any = None
    monkeypatch.setattr(RunningJob, "__init__", remember)
    monkeypatch.setattr(writer.Writer, "write", write_then_cancel)
    run_jobs("bulk")
    monkeypatch.undo()
    report = studio.reports(dataset)[0]
    assert report["state"] == "cancelled"
    assert "taken out again" in report["notes"][0]
    after = studio.refreshed(dataset)
    assert after["num_items"] == after["num_labeled"] == 0
    assert studio.items(dataset) == []
    assert [each["count"] for each in after["classes"]] == [0]

    again = studio.bring_in_zip(dataset, {f"a/{n:03d}.png": png(n) for n in range(160)})
    assert again["num_added"] == 160
    assert studio.refreshed(dataset)["num_items"] == 160


def test_what_fails_half_way_leaves_nothing(
    studio: Studio, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from datasets.ingest import run

    monkeypatch.setattr(run, "DECODE_FILES", 2)
    monkeypatch.setattr(run, "WRITE_FILES", 2)
    dataset = studio.dataset()
    files = {f"a/{n:02d}.png": png(n, 256, 256) for n in range(12)}  # 2.3 MB
    job = _start(studio, dataset, files)
    monkeypatch.setattr(
        settings, "ENVIRONMENT", settings.ENVIRONMENT.model_copy(update={"quota_mb": 3})
    )
    run_jobs("bulk")
    ended = studio.api.get(f"/api/jobs/{job['id']}").json()
    assert ended["problem"]["code"] == "quota_exceeded"
    report = studio.reports(dataset)[0]
    assert report["state"] == "failed"
    assert "taken out again" in report["notes"][0]
    assert studio.refreshed(dataset)["num_items"] == 0
    assert studio.items(dataset) == []

    monkeypatch.undo()
    again = studio.bring_in_zip(dataset, files)
    assert (again["state"], again["num_added"]) == ("succeeded", 12)
    assert studio.refreshed(dataset)["num_labeled"] == 12


def test_a_running_import_shows_what_is_there(
    studio: Studio, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets.ingest import run, writer

    monkeypatch.setattr(run, "WRITE_FILES", 32)
    dataset = studio.dataset()
    _start(studio, dataset, {f"{'ab'[n % 2]}/{n:03d}.png": png(n) for n in range(128)})
    original = writer.Writer.write
    seen: list[dict[str, Any]] = []

    def write_then_look(self: Any, arrivals: Any) -> None:
        original(self, arrivals)
        [listed] = studio.api.get(f"/api/projects/{studio.project.id}/datasets").json()
        seen.append(listed)

    monkeypatch.setattr(writer.Writer, "write", write_then_look)
    run_jobs("bulk")
    counts = [each["num_items"] for each in seen]
    assert len(counts) >= 3
    assert counts == sorted(set(counts))
    assert counts[-1] == 128
    for listed in seen:
        assert len(listed["cover_item_ids"]) == 4
        assert sum(each["count"] for each in listed["classes"]) == listed["num_labeled"]
    covers = {
        studio.api.get(f"/api/items/{each}").json()["source"][0]
        for each in seen[-1]["cover_item_ids"]
    }
    assert covers == {"a", "b"}


def test_a_worker_that_ends_keeps_what_it_brought(
    studio: Studio, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets.ingest import run, writer
    from jobs.running import stop_all

    monkeypatch.setattr(run, "WRITE_FILES", 32)
    dataset = studio.dataset()
    job = _start(studio, dataset, {f"a/{n:03d}.png": png(n) for n in range(100)})
    original = writer.Writer.write
    num_written = 0

    def write_then_end(self: Any, arrivals: Any) -> None:
        nonlocal num_written
        original(self, arrivals)
        num_written += 1
        if num_written == 1:
            stop_all()
            at_end.append(studio.refreshed(dataset))

    at_end: list[dict[str, Any]] = []
    monkeypatch.setattr(writer.Writer, "write", write_then_end)
    run_jobs("bulk")
    [stopped] = at_end
    assert studio.api.get(f"/api/jobs/{job['id']}").json()["state"] == "succeeded"
    after = studio.refreshed(dataset)
    assert after["num_items"] == after["log_position"] == 100  # nothing went out and came back
    assert 0 < stopped["num_items"] < 100


def test_an_import_goes_on_where_a_dead_worker_left_it(
    studio: Studio, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets.ingest import run, writer
    from datasets.tasks import run_import
    from jobs.models import Job
    from jobs.running import RunningJob
    from jobs.services import claim_next, expire

    monkeypatch.setattr(run, "WRITE_FILES", 32)
    dataset = studio.dataset()
    files = {f"a/{n:03d}.png": png(n) for n in range(200)} | {"a/copy.png": png(0)}
    made = _start(studio, dataset, files)
    original = writer.Writer.write
    batches = 0

    def die_after_two(self: Any, arrivals: Any) -> None:
        nonlocal batches
        batches += 1
        if batches > 2:
            raise KeyboardInterrupt  # the worker is gone in the middle of its work
        original(self, arrivals)

    monkeypatch.setattr(writer.Writer, "write", die_after_two)
    job = claim_next("bulk", "doomed")
    assert job is not None
    with pytest.raises(KeyboardInterrupt):
        run_import(RunningJob(job))
    assert 0 < studio.refreshed(dataset)["num_items"] < 200
    monkeypatch.setattr(writer.Writer, "write", original)
    expire(Job.objects.get(pk=made["id"]))
    run_jobs("bulk")
    report = studio.reports(dataset)[0]
    assert report["state"] == "succeeded"
    assert (report["num_added"], report["num_duplicates"]) == (200, 1)
    assert studio.refreshed(dataset)["num_items"] == 200


def test_bringing_in_the_same_again_adds_nothing(studio: Studio) -> None:
    dataset = studio.dataset()
    files = {f"a/{n}.png": png(n) for n in range(20)}
    studio.bring_in_zip(dataset, files)
    position = studio.refreshed(dataset)["log_position"]
    report = studio.bring_in_zip(dataset, files)
    assert (report["state"], report["num_added"], report["num_duplicates"]) == ("succeeded", 0, 20)
    assert studio.refreshed(dataset)["log_position"] == position


def test_a_file_that_kills_the_decoder_is_found(tmp_path: Path) -> None:
    files = [Candidate(f"{n}.png", f"{n:064x}", png(n)) for n in range(4)]
    deadly = _Deadly("bad.png", "f" * 64, b"x")
    batch = [Arriving(each) for each in (*files[:2], deadly, *files[2:])]
    with pool.PicturePool(tmp_path, num_processes=1) as decoders:
        [outcomes] = decoders.map([batch])
    assert [isinstance(outcome, Picture) for _, outcome in outcomes] == [
        True,
        True,
        False,
        True,
        True,
    ]
    assert outcomes[2][1] == pool.CRASHED


@pytest.mark.parametrize("size_bytes", [1_000, 300_000, 3_000_000])
def test_bytes_that_wait_for_decoding_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size_bytes: int
) -> None:
    """A small zip of large files must not lie unpacked in memory; what is small flows on."""
    monkeypatch.setattr(pool, "BYTES_AHEAD", 1_000_000)
    waiting: list[int] = []
    most = [0]

    def batches() -> Iterator[list[Arriving]]:
        for number in range(12):
            waiting.append(number)
            most[0] = max(most[0], len(waiting))
            yield [Arriving(Candidate("a.png", f"{number:064x}", b"\0" * size_bytes))]

    order: list[str] = []
    with pool.PicturePool(tmp_path, num_processes=1) as decoders:
        for [(arriving, outcome)] in decoders.map(batches()):
            order.append(arriving.candidate.sha256)
            assert isinstance(outcome, Refusal)
            waiting.pop()
    assert order == [f"{number:064x}" for number in range(12)]
    assert most[0] == {1_000: pool.AHEAD + 1, 300_000: 4, 3_000_000: 1}[size_bytes]


class Arriving:
    """A file on its way, as the pool asks for it."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate


class _Deadly(Candidate):
    """Kills the process that receives it, as a bug in a decoder would."""

    def __reduce__(self) -> Any:
        return eval, ("__import__('os').kill(__import__('os').getpid(), 9)",)

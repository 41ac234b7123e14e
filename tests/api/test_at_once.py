"""Two at the same moment: the database decides, SQLite and PostgreSQL alike.

On SQLite whoever writes first keeps all others waiting. On PostgreSQL nobody waits unless a row is
locked or compared as it is set; what these tests hold apart is what needs it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts import services as accounts
from accounts.models import Membership, Person, Role
from common.errors import Code, Problem
from datasets.labels import set_labels
from datasets.models import Dataset, Item, ItemState, LabelClass, Split
from storage import uploads
from storage.models import Blob, Upload
from storage.services import store_bytes
from tests.api.studio import tiny_network
from training import checks
from training import services as training
from training.models import Checkpoint, Run
from training.schemas import RunCheck, RunStart
from training.supervision.checkpoints import forget_checkpoint

pytestmark = pytest.mark.django_db(transaction=True)
MEETING_S = 0.7


def at_once(*things: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment, each in a thread; returns results, Problems among them."""
    start = threading.Barrier(len(things))

    def do(thing: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return thing()
        except Problem as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(things)) as threads:
        return [future.result() for future in [threads.submit(do, thing) for thing in things]]


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], None]:
    """Have two calls of a function wait for each other after it, between a read and its write.

    Where they take turns the first waits in vain for a moment and goes on.
    """

    def arrange(module: Any, name: str) -> None:
        together = threading.Barrier(2)
        original = getattr(module, name)

        def call(*arguments: Any, **options: Any) -> Any:
            result = original(*arguments, **options)
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(MEETING_S)
            return result

        monkeypatch.setattr(module, name, call)

    return arrange


def problems(results: list[Any]) -> list[Code]:
    return [each.code for each in results if isinstance(each, Problem)]


def test_two_last_owners_do_not_remove_each_other(
    person: Person, project: Any, join: Callable[..., Person], meet: Callable[[Any, str], None]
) -> None:
    other = join(project, "owner")
    meet(accounts, "_keep_an_owner")
    results = at_once(
        lambda: accounts.change_role(project, other.id, "viewer"),
        lambda: accounts.remove_member(project, person.id),
    )
    assert problems(results) == [Code.LAST_OWNER]
    assert Membership.objects.filter(project=project, role=Role.OWNER).count() == 1


def test_an_address_gets_one_account(db: None) -> None:
    results = at_once(*[lambda: accounts.create_person("ada@example.org", "Ada") for _ in range(3)])
    assert problems(results) == [Code.NAME_TAKEN, Code.NAME_TAKEN]
    assert Person.objects.filter(email="ada@example.org").count() == 1


def test_a_link_signs_in_once(person: Person) -> None:
    token = accounts.make_signin_link(person)
    results = at_once(*[lambda: accounts.redeem_signin_link(token) for _ in range(4)])
    assert sorted(problems(results)) == [Code.LINK_EXPIRED] * 3


@pytest.fixture
def startable(project: Any, person: Person, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A network whose runs may start though its dataset is empty."""
    from designer.services import create_network

    allowed = RunCheck.model_construct(problems=[])
    monkeypatch.setattr(checks, "check", lambda *_: allowed)
    dataset = Dataset.objects.create(project=project, name="Digits")
    return create_network(project, person, "Tiny", document=tiny_network(), dataset=dataset)


def test_runs_that_start_at_once_have_different_numbers(
    startable: Any, person: Person, make_person: Callable[..., Person], meet: Any
) -> None:
    other = make_person("Bob")
    Membership.objects.create(person=other, project=startable.project, role=Role.EDITOR)
    meet(training, "pin_network")
    results = at_once(
        lambda: training.start_run(person, startable, RunStart()),
        lambda: training.start_run(other, startable, RunStart()),
    )
    assert sorted(run.number for run in results) == [1, 2]


def test_start_weights_are_kept_while_a_run_starts_from_them(
    startable: Any, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor drops an old checkpoint while somebody starts from it."""
    first = training.start_run(person, startable, RunStart())
    blob = store_bytes(startable.project, b"weights")
    checkpoint = Checkpoint.objects.create(run=first, blob=blob, step=1, epoch=0.1)
    start = RunStart.model_validate(
        {"start_from": {"type": "checkpoint", "checkpoint_id": checkpoint.id}}
    )
    is_half_started, is_forgotten = threading.Event(), threading.Event()
    pin = training.pin_network

    def pin_slowly(*arguments: Any) -> Any:
        is_half_started.set()
        is_forgotten.wait(MEETING_S)
        return pin(*arguments)

    def forget() -> None:
        assert is_half_started.wait(20)
        forget_checkpoint(first, Checkpoint.objects.get(pk=checkpoint.pk))
        is_forgotten.set()

    monkeypatch.setattr(training, "pin_network", pin_slowly)
    run, _ = at_once(lambda: training.start_run(person, startable, start), forget)
    assert isinstance(run, Run)
    assert Run.objects.get(pk=run.pk).start_checkpoint == checkpoint
    assert Blob.objects.filter(pk=blob.pk).exists()


def test_labels_given_at_once_are_all_counted(
    project: Any, person: Person, make_person: Callable[..., Person]
) -> None:
    dataset = Dataset.objects.create(project=project, name="Digits", num_items=40)
    first, second = [
        LabelClass.objects.create(dataset=dataset, name=name, order=order, color="#123456")
        for order, name in enumerate(("one", "two"))
    ]
    items = [
        Item.objects.create(
            dataset=dataset,
            position=place,
            file_name=f"{place}.png",
            source=f"{place}.png",
            sha256=f"{place:064x}",
            size_bytes=1,
            width=1,
            height=1,
            split=Split.UNASSIGNED,
            state=ItemState.UNLABELED,
        ).pk
        for place in range(1, 41)
    ]
    writers = [
        lambda part=part, chosen=chosen: set_labels(dataset, person, items[part::4], chosen.pk)
        for part, chosen in enumerate((first, second, first, second))
    ]
    numbers = [number for told in at_once(*writers) for number in told]
    assert sorted(numbers) == list(range(1, 41)), "no event lost, none twice"
    dataset.refresh_from_db()
    assert (dataset.log_position, dataset.num_labeled) == (40, 40)
    assert [each.num_items for each in LabelClass.objects.order_by("order")] == [20, 20]


def test_of_two_chunks_for_one_place_one_is_taken(
    project: Any, person: Person, clean_files: None
) -> None:
    made = uploads.create_upload(person, project, file_name="a.bin", size_bytes=8)
    chunks = (b"AAAAAAAA", b"BBBBBBBB")
    results = at_once(
        *[
            lambda chunk=chunk: uploads.append_chunk(Upload.objects.get(pk=made.pk), 0, chunk)
            for chunk in chunks
        ]
    )
    assert problems(results) in ([Code.UPLOAD_OFFSET], [Code.UPLOAD_TOO_LARGE])
    upload = Upload.objects.get(pk=made.pk)
    assert upload.is_complete
    assert uploads.upload_path(upload).read_bytes() in chunks

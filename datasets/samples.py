"""The sample project: real digits and a generated inspection set, each with a network to train.

Nothing is downloaded. Everything is idempotent: run again, it completes what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.utils import timezone

from accounts.models import Person, Project
from accounts.services import on_person_created
from datasets.colors import color_of
from datasets.ingest.layout import Parts
from datasets.ingest.run import ImportRun, Progress, mark_started, tell_nobody
from datasets.ingest.sources import MemorySource
from datasets.models import Dataset, Import, LabelClass, Split
from datasets.schemas import ImportOptions
from designer.services import create_network
from jobs.models import Lane
from jobs.registry import job_kind
from jobs.running import RunningJob
from jobs.services import enqueue
from netloom.samples import Sample, digits, inspection

JOB_KIND = "datasets.samples"
SAMPLES = (digits, inspection)
NETWORKS = {"digits": ("Digits CNN", "small_cnn"), "inspection": ("Inspection CNN", "small_cnn")}


def register() -> None:
    """Give every new person's project the samples."""
    on_person_created(queue_samples)


def queue_samples(person: Person, project: Project) -> None:
    """Make the datasets and networks at once; have a worker bring their images in."""
    prepare_samples(project, person)
    enqueue(
        JOB_KIND,
        {},
        person=person,
        project=project,
        subject=("project", project.pk),
        message="Making the sample project",
    )


@job_kind(JOB_KIND, lane=Lane.BULK, max_attempts=3)
def run_samples(job: RunningJob) -> dict[str, str]:
    """The job's function."""
    if job.project is not None:
        create_samples(job.project, job.person, job.progress)
    return {}


def prepare_samples(project: Project, person: Person | None) -> list[tuple[Sample, Dataset]]:
    """Make what a person sees first: each dataset, still empty, and the network fitted to it."""
    return [(sample, _prepare(project, person, sample)) for sample in SAMPLES]


def create_samples(
    project: Project,
    person: Person | None,
    progress: Progress = tell_nobody,
) -> None:
    """Make the datasets and networks at once, then bring the images in."""
    prepared = prepare_samples(project, person)
    for place, (sample, dataset) in enumerate(prepared):

        def tell(
            share: float | None, text: str, place: int = place, title: str = sample.title
        ) -> None:
            progress((place + (share or 0.0)) / len(prepared), f"{title}: {text}")

        _fill(dataset, person, sample, tell)


def _prepare(project: Project, person: Person | None, sample: Sample) -> Dataset:
    """The dataset with its classes and a network fitted to it, before any image is there."""
    dataset, is_new = Dataset.objects.get_or_create(
        project=project,
        name=sample.title,
        deleted_at=None,
        defaults={"created_by": person, "image_stats": _expected_stats(sample)},
    )
    if is_new:
        LabelClass.objects.bulk_create(
            LabelClass(dataset=dataset, name=name, order=order, color=color_of(order))
            for order, name in enumerate(sample.classes)
        )
    if not dataset.networks.exists():
        name, template = NETWORKS[sample.id]
        create_network(project, person, name, template=template, dataset=dataset)
    return dataset


def _fill(dataset: Dataset, person: Person | None, sample: Sample, tell: Progress) -> None:
    if Import.objects.filter(dataset=dataset, state="succeeded").exists():
        return
    splits: dict[str, Split] = {}

    def files() -> Iterator[tuple[str, bytes]]:
        for image in sample.images():
            splits[image.file_name] = Split(image.split)
            yield image.file_name, image.png

    report, _ = Import.objects.get_or_create(
        dataset=dataset,
        defaults={
            "source": {"type": "sample", "id": sample.id},
            "options": ImportOptions().model_dump(mode="json"),
            "title": sample.title,
            "created_by": person,
        },
    )
    _run(report, MemorySource(files), person, tell, lambda parts: splits["/".join(parts)])


def _run(
    report: Import,
    source: MemorySource,
    person: Person | None,
    tell: Progress,
    split_of: Callable[[Parts], Split],
) -> None:
    mark_started(report)
    run = ImportRun(report, source, person=person, progress=tell, fixed_splits=split_of)
    run.run().save(report, state="succeeded", finished_at=timezone.now())


def _expected_stats(sample: Sample) -> dict[str, object]:
    size = {
        "min": sample.image_size_px,
        "median": sample.image_size_px,
        "max": sample.image_size_px,
    }
    return {
        "modes": {},
        "width": size,
        "height": size,
        "channels_suggested": sample.channels,
    }

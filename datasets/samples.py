"""The sample project: real digits and a generated inspection set, each with a network to train.

Nothing is downloaded. The datasets and networks are there at once; their images come in by an
import as everybody's do.
"""

from __future__ import annotations

from collections.abc import Iterator

from accounts.models import Person, Project
from accounts.services import on_person_created
from datasets.colors import color_of
from datasets.ingest.layout import Parts
from datasets.ingest.sources import MemorySource
from datasets.ingest.start import queue_import
from datasets.models import Dataset, Import, LabelClass, Split
from datasets.schemas import ImportOptions
from designer.services import create_network
from netloom.samples import Sample, digits, inspection

SAMPLES = {sample.id: sample for sample in (digits, inspection)}
NETWORKS = {"digits": ("Digits CNN", "small_cnn"), "inspection": ("Inspection CNN", "small_cnn")}


def register() -> None:
    """Give every new person's project the samples."""
    on_person_created(create_samples)


def create_samples(person: Person | None, project: Project) -> None:
    """Make what a project lacks of the samples and queue the import of their images."""
    for sample in SAMPLES.values():
        dataset = _prepare(project, person, sample)
        if not Import.objects.filter(dataset=dataset).exists():
            source = {"type": "sample", "id": sample.id}
            queue_import(dataset, person, source, ImportOptions(), sample.title)


class SampleSource(MemorySource):
    """The images of a sample as an import reads them; each knows its split."""

    def __init__(self, sample_id: str) -> None:
        self._splits: dict[str, Split] = {}
        self._sample = SAMPLES[sample_id]
        super().__init__(self._files)

    def split_of(self, parts: Parts) -> Split:
        """Return the split of an image that was yielded."""
        return self._splits["/".join(parts)]

    def _files(self) -> Iterator[tuple[str, bytes]]:
        for image in self._sample.images():
            self._splits[image.file_name] = Split(image.split)
            yield image.file_name, image.png


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

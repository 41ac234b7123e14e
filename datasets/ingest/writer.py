"""From decoded files to items: originals stored, rows, events and counters in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Person
from datasets.colors import color_of
from datasets.ingest.layout import Parts
from datasets.ingest.pictures import Candidate, Picture
from datasets.ingest.report import Report
from datasets.log import BATCH, Tally, lock, record, tell_items_changed
from datasets.models import Dataset, EventKind, Import, Item, ItemState, LabelClass, Origin, Split
from datasets.originals import share_pictures
from datasets.services import splits_of_groups
from datasets.splits import SplitShares
from datasets.stats import refresh_covers
from storage.services import store_batch


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file on its way in. `split` is None where nothing but the shares decides it."""

    parts: Parts
    candidate: Candidate
    reference: str
    label: str | None
    split: Split | None
    group: str

    @property
    def path(self) -> str:
        return "/".join(self.parts)


class Writer:
    """Writes the arrivals of one import; each batch is there completely or not at all.

    Args:
        shares: Decide splits that no folder or column does; None leaves them open.
        train_shares: Carve a validation split out of what came as training data.
        class_order: Names in the order that new classes shall have, whichever comes first.
        pictures: Folder that the pictures of decoded files were written to.
    """

    def __init__(
        self,
        dataset: Dataset,
        report: Import,
        counts: Report,
        *,
        person: Person | None,
        shares: SplitShares | None,
        train_shares: SplitShares | None,
        class_order: Sequence[str],
        pictures: Path,
    ) -> None:
        self._dataset = dataset
        self._import = report
        self._counts = counts
        self._person = person
        self._shares = shares
        self._train_shares = train_shares
        self._pictures = pictures
        self._class_place = {name: place for place, name in enumerate(class_order)}
        self._unsaved: set[str] = set()

    @cached_property
    def _classes(self) -> dict[str, LabelClass]:
        return {each.name: each for each in self._dataset.classes.filter(deleted_at=None)}

    @cached_property
    def _first_order(self) -> int:
        """The place behind the classes that were there before this import."""
        return max((each.order for each in self._classes.values()), default=-1) + 1

    def known(self, digests: Sequence[str]) -> dict[str, Item]:
        """Items of the dataset with these contents, by digest; also those in the bin."""
        found = Item.objects.filter(dataset=self._dataset, sha256__in=digests)
        return {item.sha256: item for item in found.select_related("label_class")}

    def write(self, arrivals: Sequence[tuple[Arrival, Picture]]) -> None:
        """Store a batch of decoded files."""
        managed = [a.candidate.data for a, _ in arrivals if not a.reference]
        if managed:
            store_batch(self._dataset.project, managed)
        share_pictures(
            self._pictures,
            [(each.candidate.sha256, picture.width, picture.height) for each, picture in arrivals],
        )
        with transaction.atomic():
            self._dataset = lock(self._dataset)
            known = self.known([arrival.candidate.sha256 for arrival, _ in arrivals])
            groups = {arrival.group for arrival, _ in arrivals if arrival.group}
            group_splits = splits_of_groups(self._dataset, sorted(groups)) if groups else {}
            new: list[Item] = []
            for arrival, picture in arrivals:
                present = known.get(arrival.candidate.sha256)
                if present is not None and not present.is_removed:
                    self.meet(arrival, present)
                    continue
                split = self._split(arrival, group_splits)
                item = self._item(arrival, picture, split, present)
                known[item.sha256] = item
                if present is None:
                    self._unsaved.add(item.pk)
                    new.append(item)
                else:
                    self._revive(item)
                self._count_added(arrival)
            self._insert(new)
            self._unsaved.clear()
            self._counts.save(self._import)
            refresh_covers(self._dataset)
            tell_items_changed(self._dataset)

    def meet(self, arrival: Arrival, present: Item) -> None:
        """Account for a file whose content is in the dataset already."""
        counts = self._counts
        if present.brought_by_id == self._import.pk and present.source == arrival.path[:1024]:
            self._count_added(arrival)  # an earlier attempt of this very import brought it
            return
        label = present.label_class.name if present.label_class else None
        if label is not None and arrival.label is not None and label != arrival.label:
            counts.num_conflicts += 1
            reason = (
                f"The same picture as {present.source}, which is {label}; this one says"
                f" {arrival.label}. The first is kept."
            )
            counts.problem(arrival.path, "conflict", reason)
            return
        counts.num_duplicates += 1
        if label is None and arrival.label is not None and present.state == ItemState.UNLABELED:
            self._label_later(arrival, present)
        elif arrival.split not in (None, present.split):
            counts.problem(
                arrival.path,
                "duplicate_across_splits",
                f"The same picture as {present.source}, which is in {present.split}; it stays"
                " there alone.",
            )
        else:
            counts.problem(arrival.path, "duplicate", f"The same picture as {present.source}.")

    def _split(self, arrival: Arrival, group_splits: dict[str, Split]) -> Split:
        key = arrival.group or arrival.candidate.sha256
        split, known = arrival.split, group_splits.get(arrival.group)
        if split == Split.TRAIN and self._train_shares is not None:
            is_settled = known in (Split.TRAIN, Split.VALIDATION)
            split = known if is_settled else self._train_shares.split_of(self._dataset.seed, key)
        if split is None:
            split = known
        if split is None and self._shares is not None:
            split = self._shares.split_of(self._dataset.seed, key)
        split = split or Split.UNASSIGNED
        is_grouped = arrival.group and split != Split.UNASSIGNED
        if is_grouped and group_splits.setdefault(arrival.group, split) != split:
            reason = f"Group {arrival.group} is in {known}; this file of it was put in {split}."
            self._counts.problem(arrival.path, "group_across_splits", reason)
        return split

    def _item(self, arrival: Arrival, picture: Picture, split: Split, present: Item | None) -> Item:
        label_class = self._class(arrival.label) if arrival.label is not None else None
        item = present or Item(dataset_id=self._dataset.pk, sha256=arrival.candidate.sha256)
        item.file_name = arrival.parts[-1][:255]
        item.source = arrival.path[:1024]
        item.reference = arrival.reference
        item.size_bytes = len(arrival.candidate.data)
        item.format, item.mode = picture.format, picture.mode
        item.width, item.height = picture.width, picture.height
        item.group = arrival.group
        # Out of the bin an item comes back to the split it had: test data stays test data.
        if present is None or present.split == Split.UNASSIGNED or arrival.split is not None:
            item.split = split
        if label_class is not None or present is None:
            self._put_label(item, label_class)
        item.brought_by_id = self._import.pk
        return item

    def _put_label(self, item: Item, label_class: LabelClass | None) -> None:
        item.label_class = label_class
        item.state = ItemState.LABELED if label_class else ItemState.UNLABELED
        item.label_origin = Origin.IMPORT if label_class else ""
        item.label_author = self._person if label_class else None
        item.labeled_at = timezone.now() if label_class else None

    def _insert(self, items: Sequence[Item]) -> None:
        if not items:
            return
        tally = Tally()
        for offset, item in enumerate(items, start=1):
            item.position = self._dataset.log_position + offset
            tally.put(item)
        Item.objects.bulk_create(items, batch_size=BATCH)
        record(self._dataset, items, EventKind.ADDED, author=self._person, origin=Origin.IMPORT)
        stored_bytes = sum(item.size_bytes for item in items if not item.reference)
        Dataset.objects.filter(pk=self._dataset.pk).update(
            stored_bytes=F("stored_bytes") + stored_bytes
        )
        tally.apply(self._dataset)

    def _revive(self, item: Item) -> None:
        """Bring an item back out of the bin: its content came again."""
        item.is_removed = False
        item.save()
        self._say(item, EventKind.RESTORED, Tally())

    def _label_later(self, arrival: Arrival, item: Item) -> None:
        """Label an item that is there without one, as a table of labels may ask for."""
        self._counts.num_labeled_later += 1
        if item.pk in self._unsaved:
            self._put_label(item, self._class(arrival.label or ""))
            return
        with transaction.atomic():
            self._dataset = lock(self._dataset)
            tally = Tally()
            tally.take(item)
            self._put_label(item, self._class(arrival.label or ""))
            item.save()
            self._say(item, EventKind.LABEL, tally)

    def _say(self, item: Item, kind: EventKind, tally: Tally) -> None:
        tally.put(item)
        record(self._dataset, [item], kind, author=self._person, origin=Origin.IMPORT)
        tally.apply(self._dataset)

    def _class(self, name: str) -> LabelClass:
        """The class of that name, made when its first item is written."""
        found = self._classes.get(name)
        if found is None:
            order = self._first_order + self._class_place[name]
            found = LabelClass.objects.create(
                dataset=self._dataset, name=name, order=order, color=color_of(order)
            )
            self._classes[name] = found
        return found

    def _count_added(self, arrival: Arrival) -> None:
        self._counts.num_added += 1
        if arrival.label is not None:
            self._counts.classes[arrival.label] += 1

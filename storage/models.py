"""Files: content-addressed blobs that stay, and uploads on their way in."""

from __future__ import annotations

from django.db import models

from netloom.graph.document import new_id


class Blob(models.Model):
    """Immutable bytes, named by their SHA-256 and stored once."""

    sha256 = models.CharField(primary_key=True, max_length=64, editable=False)
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)


class BlobUse(models.Model):
    """A project that holds a blob; its quota counts each blob once."""

    project = models.ForeignKey(
        "accounts.Project", on_delete=models.CASCADE, related_name="blob_uses"
    )
    blob = models.ForeignKey(Blob, on_delete=models.CASCADE, related_name="uses")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "blob"], name="one_use_per_project")
        ]


class ProjectUsage(models.Model):
    """Bytes of the blobs a project holds; changed with its `BlobUse` rows, see `quotas`."""

    project = models.OneToOneField(
        "accounts.Project", primary_key=True, on_delete=models.CASCADE, related_name="usage"
    )
    stored_bytes = models.BigIntegerField(default=0)


class Upload(models.Model):
    """A file arriving in chunks; `offset` bytes of it are safely on disk."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey(
        "accounts.Project", on_delete=models.CASCADE, related_name="uploads"
    )
    person = models.ForeignKey("accounts.Person", on_delete=models.CASCADE, related_name="+")
    project_id: str
    person_id: str
    file_name = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    offset = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    @property
    def is_complete(self) -> bool:
        return self.offset == self.size_bytes


class UploadPart(models.Model):
    """A chunk of an upload in a shared store, where no machine has the file to append to."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    offset = models.PositiveBigIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    key = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "offset"], name="one_part_per_offset")
        ]

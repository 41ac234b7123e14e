"""Datasets made the way a person makes them: upload, import, wait."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.client import ApiClient


def png(seed: int, width: int = 24, height: int = 16, mode: str = "RGB") -> bytes:
    """A picture that is the same for a seed and different for each."""
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, format="PNG")
    return buffer.getvalue()


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """An archive of files by path."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def clean(clean_files: None) -> None:
    """Every test begins with no files."""


@pytest.fixture
def import_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the server that may be brought in."""
    from django.conf import settings

    root = tmp_path / "allowed"
    root.mkdir()
    monkeypatch.setattr(
        settings, "ENVIRONMENT", settings.ENVIRONMENT.model_copy(update={"import_roots": [root]})
    )
    return root


class Studio:
    """What the tests of data do, in the words of a person."""

    def __init__(self, api: ApiClient, project: Any, run_jobs: Callable[..., list[Any]]) -> None:
        self.api = api
        self.project = project
        self._run_jobs = run_jobs

    def dataset(self, name: str = "Things") -> dict[str, Any]:
        answer = self.api.post(f"/api/projects/{self.project.id}/datasets", {"name": name})
        assert answer.status_code == 201, answer.content
        return answer.json()

    def bring_in(
        self, dataset: dict[str, Any], files: Mapping[str, bytes], **options: Any
    ) -> dict[str, Any]:
        """Upload files as they are, import them, return the report."""
        uploads = [self.api.upload(self.project, name, data) for name, data in files.items()]
        return self.import_(dataset, {"type": "upload", "upload_ids": uploads}, **options)

    def bring_in_zip(
        self, dataset: dict[str, Any], files: Mapping[str, bytes], **options: Any
    ) -> dict[str, Any]:
        return self.bring_in(dataset, {"images.zip": zip_of(files)}, **options)

    def import_(
        self, dataset: dict[str, Any], source: dict[str, Any], **options: Any
    ) -> dict[str, Any]:
        answer = self.api.post(
            f"/api/datasets/{dataset['id']}/imports", {"source": source, "options": options}
        )
        assert answer.status_code == 202, answer.content
        self._run_jobs("bulk")
        self.job = self.api.get(f"/api/jobs/{answer.json()['id']}").json()
        assert self.job["state"] in ("succeeded", "failed"), self.job
        return self.reports(dataset)[0]

    def reports(self, dataset: dict[str, Any]) -> list[dict[str, Any]]:
        return self.api.get(f"/api/datasets/{dataset['id']}/imports").json()

    def refreshed(self, dataset: dict[str, Any]) -> dict[str, Any]:
        return self.api.get(f"/api/datasets/{dataset['id']}").json()

    def items(self, dataset: dict[str, Any], query: str = "limit=500") -> list[dict[str, Any]]:
        answer = self.api.get(f"/api/datasets/{dataset['id']}/items?{query}")
        assert answer.status_code == 200, answer.content
        return answer.json()["items"]

    def labels(self, dataset: dict[str, Any]) -> dict[str, str | None]:
        """Class name by file name."""
        names = {each["id"]: each["name"] for each in self.refreshed(dataset)["classes"]}
        return {
            item["file_name"]: names[item["label"]["class_id"]] if item["label"] else None
            for item in self.items(dataset)
        }


@pytest.fixture
def studio(api: ApiClient, project: Any, run_jobs: Callable[..., list[Any]]) -> Studio:
    return Studio(api, project, run_jobs)

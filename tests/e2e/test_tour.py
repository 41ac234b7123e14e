"""The whole tour as `make tour` drives it, on an address that is not localhost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.real_images import cifar_folders
from tour.__main__ import Plan, Result, walk
from tour.browser import WINDOW, chromium
from tour.images import ImageFolder, UnusableFolder
from tour.studio import private_studio

OTHER_HOST = "studio.test"


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_tour_on_a_plain_http_host(shared_data: Path, tmp_path: Path) -> None:
    """A browser gives such a page less than localhost: no secure context."""
    images = ImageFolder.read(cifar_folders(shared_data, tmp_path / "photos", per_class=80))
    plan = Plan(images, images.pack(tmp_path / "photos.zip"), out=tmp_path / "shots", epochs=4)
    result = Result()
    with (
        private_studio(
            tmp_path / "data", host=OTHER_HOST, extra_settings={"NETLOOM_ALLOWED_HOSTS": OTHER_HOST}
        ) as studio,
        chromium(arguments=(f"--host-resolver-rules=MAP {OTHER_HOST} 127.0.0.1",)) as browser,
    ):
        page = browser.new_page(viewport=WINDOW)
        page.set_default_timeout(30_000)
        walk(page, studio.signin_url, plan, result)
        assert page.url.startswith(f"http://{OTHER_HOST}:")
        assert page.evaluate("window.isSecureContext") is False
    assert result.is_good
    assert result.test_accuracy > 0.15  # ten classes: chance is 0.1
    assert len(list((tmp_path / "shots").glob("*.png"))) >= 10


def test_a_folder_without_classes_is_named(tmp_path: Path) -> None:
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "a.png").touch()
    with pytest.raises(UnusableFolder, match="1 class folder"):
        ImageFolder.read(tmp_path)

"""`make tour DATA=FOLDER`: does this installation work, from sign-in to Grad-CAM?

Prints one JSON object on standard output and ends non-zero when a step failed. Progress goes to
standard error.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tour import steps
from tour.browser import WINDOW, LivePoints, Screenshots, chromium
from tour.images import ImageFolder, UnusableFolder
from tour.studio import StudioFailed, private_studio

NETWORK = "Tour network"
DATASET = "Tour images"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(slots=True)
class Explained:
    """One explanation: whether the map shows anything, its picture, its highest value."""

    ok: bool = False
    path: str | None = None
    max: float | None = None


@dataclass(slots=True)
class Result:
    """What the tour measured; what it did not reach keeps its empty value."""

    test_accuracy: float | None = None
    live_points: int = 0
    gradcam: Explained = field(default_factory=Explained)
    lime: Explained = field(default_factory=Explained)
    seconds_to_first_gradcam: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether everything the tour asks of an installation happened."""
        return (
            self.test_accuracy is not None
            and self.live_points > 0
            and self.gradcam.ok
            and self.lime.ok
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tour is made of."""

    images: ImageFolder
    archive: Path  # the same images, packed for the upload
    out: Path  # where the pictures go
    epochs: int | None = None  # None takes what the studio proposes


def walk(page: Page, signin_url: str, plan: Plan, result: Result) -> None:
    """Do every step and note what was measured; raises at the first that fails."""
    points = LivePoints(page)
    screenshots = Screenshots(page, plan.out)
    started = time.monotonic()
    say("Signing in")
    steps.sign_in(page, signin_url)
    screenshots.take("signed-in")
    say(f"Bringing in {plan.images.num_images} images of {len(plan.images.classes)} classes")
    steps.bring_in(page, DATASET, plan.archive)
    screenshots.take("images")
    say("Drawing a network")
    steps.draw(page, NETWORK, DATASET)
    screenshots.take("network")
    epochs = steps.start_training(page, plan.epochs)
    say(f"Training for {epochs} epochs")
    steps.watch_first_epoch(page)
    screenshots.take("training")
    steps.wait_until_trained(page)
    result.live_points = points.count
    screenshots.take("trained")
    say("Explaining a prediction")
    steps.open_inspect(page)
    result.gradcam = explanation(page, "gradcam", plan.out)
    result.seconds_to_first_gradcam = round(time.monotonic() - started, 1)
    screenshots.take("gradcam")
    result.lime = explanation(page, "lime", plan.out)
    screenshots.take("lime")
    say("Testing")
    result.test_accuracy = steps.evaluate_on_test(page)
    screenshots.take("evaluation")


def explanation(page: Page, method: str, out: Path) -> Explained:
    """Read one method's map and keep its picture."""
    picture = out / f"{method}.png"
    highest = steps.explain(page, method, picture)
    return Explained(math.isfinite(highest) and highest > 0, str(picture), highest)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make tour", description=__doc__)
    parser.add_argument("data", type=Path, help="class folders, or train/test folders of them")
    parser.add_argument("--out", type=Path, help="folder of the screenshots")
    arguments = parser.parse_args()
    try:
        images = ImageFolder.read(arguments.data.resolve())
    except UnusableFolder as problem:
        say(str(problem))
        return 2
    out = (arguments.out or Path(tempfile.mkdtemp(prefix="netloom-tour-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    result = Result()
    reason = tour(images, out, result)
    if reason is not None:
        say(reason)
    say(f"Screenshots: {out}")
    print(json.dumps(asdict(result)))
    return 0 if reason is None and result.is_good else 1


def tour(images: ImageFolder, out: Path, result: Result) -> str | None:
    """Walk through a studio of its own; return why it ended early, or None."""
    with tempfile.TemporaryDirectory(prefix="netloom-studio-", ignore_cleanup_errors=True) as work:
        archive = images.pack(Path(work) / "images.zip")
        plan = Plan(images, archive, out)
        say("Starting a private studio")
        try:
            with private_studio(Path(work) / "data") as studio, chromium() as browser:
                page = browser.new_page(viewport=WINDOW)
                page.set_default_timeout(30 * steps.SECOND_MS)
                try:
                    walk(page, studio.signin_url, plan, result)
                except (AssertionError, PlaywrightError) as problem:
                    page.screenshot(path=out / "failed.png")
                    return f"A step failed, see {out / 'failed.png'}: {problem}"
        except (StudioFailed, PlaywrightError) as problem:
            return str(problem)
    return None


if __name__ == "__main__":
    sys.exit(main())

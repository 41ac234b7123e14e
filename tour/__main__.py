"""`make tour DATA=FOLDER`: does this installation work, from sign-in to Grad-CAM?

Prints one JSON object on standard output and ends non-zero when a step failed. Progress goes to
standard error.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from tour import steps
from tour.browser import WINDOW, LivePoints, Screenshots, chromium
from tour.images import ImageFolder, UnusableFolder
from tour.studio import StudioFailed, private_studio

NETWORK = "Tour network"
DATASET = "Tour images"
IMAGE_BUDGET = 60_000
"""Images seen while training: about this many in all, whatever the size of the folder."""
EPOCHS = (4, 30)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def epochs_for(num_images: int) -> int:
    """Return how often to pass over the images: more often where there are few."""
    fewest, most = EPOCHS
    return min(most, max(fewest, round(IMAGE_BUDGET / max(1, num_images))))


def walk(
    page: Page, signin_url: str, images: ImageFolder, archive: Path, out: Path
) -> dict[str, object]:
    """Do every step and return what was measured; raises at the first that fails."""
    points = LivePoints(page)
    screenshots = Screenshots(page, out)
    started = time.monotonic()
    say("Signing in")
    steps.sign_in(page, signin_url)
    screenshots.take("signed-in")
    say(f"Bringing in {images.num_images} images of {len(images.classes)} classes")
    count = steps.bring_in(page, DATASET, archive)
    screenshots.take("images")
    say("Drawing a network")
    steps.draw(page, NETWORK, DATASET)
    screenshots.take("network")
    epochs = epochs_for(count)
    say(f"Training for {epochs} epochs")
    steps.start_training(page, epochs)
    screenshots.take("training")
    steps.wait_until_trained(page)
    screenshots.take("trained")
    say("Explaining a prediction")
    steps.open_inspect(page)
    gradcam = explanation(page, "gradcam", out)
    seconds_to_first_gradcam = time.monotonic() - started
    screenshots.take("gradcam")
    lime = explanation(page, "lime", out)
    screenshots.take("lime")
    say("Testing")
    test_accuracy = steps.evaluate_on_test(page)
    screenshots.take("evaluation")
    return {
        "test_accuracy": test_accuracy,
        "live_points": points.count,
        "gradcam": gradcam,
        "lime": lime,
        "seconds_to_first_gradcam": round(seconds_to_first_gradcam, 1),
    }


def explanation(page: Page, method: str, out: Path) -> dict[str, object]:
    picture = out / f"{method}.png"
    highest = steps.explain(page, method, picture)
    return {"ok": math.isfinite(highest) and highest > 0, "path": str(picture), "max": highest}


def is_good(result: dict[str, object]) -> bool:
    """Whether everything the tour asks of an installation happened."""
    maps = [result["gradcam"], result["lime"]]
    return result["live_points"] != 0 and all(isinstance(m, dict) and m["ok"] for m in maps)


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
    work = Path(tempfile.mkdtemp(prefix="netloom-studio-"))
    try:
        archive = images.pack(work / "images.zip")
        say("Starting a private studio")
        with private_studio(work / "data") as studio, chromium() as browser:
            page = browser.new_page(viewport=WINDOW)
            page.set_default_timeout(30 * steps.SECOND_MS)
            try:
                result = walk(page, studio.signin_url, images, archive, out)
            except Exception:
                page.screenshot(path=out / "failed.png")
                say(f"A step failed; see {out / 'failed.png'}")
                raise
    except StudioFailed as problem:
        say(str(problem))
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say(f"Screenshots: {out}")
    print(json.dumps(result))
    return 0 if is_good(result) else 1


if __name__ == "__main__":
    sys.exit(main())

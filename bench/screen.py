"""What a person waits for in the browser: the first load, panning a large network, live curves."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bench.browser import signed_in_page
from bench.client import Client, open_studio
from bench.frames import drag
from bench.registry import Declaration, Figure, at_most, gives
from bench.timing import quantile

_NUM_NODES = 500
_NEAR_ZOOM = 90
_MOST_WHEEL_TURNS = 100
_NUM_POINTS = 200
_VIEWERS = 50
_RUN_TIMEOUT_MS = 300_000

LOADED_SCRIPTS = """() => performance.getEntriesByType('resource')
    .filter(({ name }) => new URL(name).pathname.endsWith('.js'))
    .map(({ name, encodedBodySize, decodedBodySize }) => ({
        name, encodedBodySize, decodedBodySize,
    }))"""

ZOOM = (
    "Math.round(100 * new DOMMatrix(getComputedStyle("
    "document.querySelector('.react-flow__viewport')).transform).a)"
)
# Every point's way: the trainer's clock when it was taken, then when a frame showed it. The chart
# states how many points it holds; the second frame after that number grew has been painted.
WATCH_POINTS = """() => {
    const arrived = [];
    const painted = [];
    window.benchPoints = { arrived, painted };
    const Native = window.WebSocket;
    window.WebSocket = class extends Native {
        constructor(...parts) {
            super(...parts);
            this.addEventListener('message', ({ data }) => {
                const parsed = JSON.parse(data);
                for (const { event } of Array.isArray(parsed) ? parsed : [parsed]) {
                    if (event?.event !== 'metrics') continue;
                    for (const { time_s, values } of event.points) {
                        if ('loss' in values) arrived.push({ time_s, at: Date.now() / 1000 });
                    }
                }
            });
        }
    };
    const look = () => {
        const chart = document.querySelector("[data-testid='run-curves-loss']");
        const shown = Number(chart?.dataset.points ?? 0);
        if (shown > painted.length) {
            const entry = { count: shown, at: null };
            while (painted.length < shown) painted.push(entry);
            requestAnimationFrame(() => requestAnimationFrame(() => {
                entry.at = Date.now() / 1000;
            }));
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""

OPEN_VIEWERS = """async ([count, topic]) => {
    const url = new URL('/ws/', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    window.benchViewers = Array.from({ length: count }, () => {
        const socket = new WebSocket(url);
        socket.counted = 0;
        socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', topic, since: 0 }));
        socket.onmessage = ({ data }) => {
            if (data.includes('"metrics"')) socket.counted += 1;
            if (data.includes('"ping"')) socket.send('{"type":"pong"}');
        };
        return socket;
    });
    const isOpen = ({ readyState }) => readyState === WebSocket.OPEN;
    while (!window.benchViewers.every(isOpen)) await new Promise((go) => setTimeout(go, 50));
}"""


@gives(
    Declaration(
        "first_load_js_kb", "kB", at_most(400), "Scripts of the first page, compressed as sent"
    )
)  # fmt: skip
def first_load() -> Iterator[tuple[str, Figure]]:
    with open_studio() as (studio, client), signed_in_page(studio, client) as page:
        page.goto("/networks")
        expect(page.get_by_test_id("network-card").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        scripts = page.evaluate(LOADED_SCRIPTS)
    sent, unpacked = (
        sum(script[name] for script in scripts) / 1000
        for name in ("encodedBodySize", "decodedBodySize")
    )
    largest = max(scripts, key=lambda script: script["encodedBodySize"])
    note = (
        f"{len(scripts)} scripts, {unpacked:.0f} kB unpacked; the largest is "
        f"{largest['name'].rpartition('/')[2]}, {largest['encodedBodySize'] / 1000:.0f} kB"
    )
    yield "first_load_js_kb", Figure(sent, model="the list of networks", note=note)


@gives(
    Declaration(
        "canvas_frame_ms_500", "ms", at_most(16), "A frame while panning a network of 500 nodes"
    )
)  # fmt: skip
def canvas_frames() -> Iterator[tuple[str, Figure]]:
    from bench.networks import chain

    document = chain(_NUM_NODES).model_dump(mode="json")
    with open_studio() as (studio, client), signed_in_page(studio, client) as page:
        path = f"/api/projects/{client.project_id}/networks"
        network = client.post(path, {"name": "Five hundred", "document": document})
        page.goto(f"/networks/{network['id']}")
        expect(page.get_by_test_id("designer-canvas")).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.get_by_test_id("designer-fit").click()
        page.wait_for_function(f"() => {ZOOM} < 40")
        far, far_zoom = _pan(page), _zoom(page)
        _zoom_in(page)
        near, near_zoom = _pan(page), _zoom(page)
        num_cards = page.locator("[data-testid^='node-'][data-type]").count()
    note = (
        f"the slower of two medians: {statistics.median(far):.1f} ms at {far_zoom} % with all "
        f"nodes in view (p95 {quantile(far, 0.95):.1f}), {statistics.median(near):.1f} ms at "
        f"{near_zoom} % with {num_cards} cards (p95 {quantile(near, 0.95):.1f}); no GPU"
    )
    value = max(statistics.median(far), statistics.median(near))
    yield "canvas_frame_ms_500", Figure(value, model=f"a chain of {_NUM_NODES} nodes", note=note)


def _pan(page: Page) -> list[float]:
    """Drag the canvas about and return the milliseconds of every frame."""
    return drag(page, ".react-flow__pane", moved=".react-flow__viewport", at=(0.5, 0.015))


def _zoom_in(page: Page) -> None:
    """Turn the wheel over the middle of the canvas until cards can be read."""
    page.get_by_test_id("designer-canvas").hover()
    for _ in range(_MOST_WHEEL_TURNS):
        if _zoom(page) >= _NEAR_ZOOM:
            return
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(30)
    raise RuntimeError(f"the wheel zooms no further than {_zoom(page)} %")


def _zoom(page: Page) -> int:
    return page.evaluate(f"() => {ZOOM}")


@gives(
    Declaration(
        "metric_to_screen_p95_ms", "ms", at_most(500),
        "From the end of a training step to the painted frame that shows its loss",
    )
)  # fmt: skip
def metric_to_screen() -> Iterator[tuple[str, Figure]]:
    yield "metric_to_screen_p95_ms", _followed_by(1)


@gives(
    Declaration(
        "metric_to_screen_p95_ms_50_viewers", "ms", at_most(500),
        "The same while 50 follow the run",
    )
)  # fmt: skip
def metric_to_many_screens() -> Iterator[tuple[str, Figure]]:
    yield "metric_to_screen_p95_ms_50_viewers", _followed_by(_VIEWERS)


def _followed_by(viewers: int) -> Figure:
    with open_studio() as (studio, client), signed_in_page(studio, client) as page:
        return _follow_run(page, client, viewers)


def _follow_run(page: Page, client: Client, viewers: int) -> Figure:
    """Train the inspection sample and watch its page until enough points were painted."""
    networks = client.get(f"/api/projects/{client.project_id}/networks")
    network = next(n for n in networks if "nspection" in n["name"])
    page.add_init_script(f"({WATCH_POINTS})()")
    page.goto("/networks")
    expect(page.get_by_test_id("network-card").first).to_be_visible()
    start = {"config": {"epochs": 60, "batch_size": 32}}
    run = client.post(f"/api/networks/{network['id']}/runs", start)
    page.goto(f"/runs/{run['id']}")
    if viewers > 1:
        others = page.context.new_page()
        others.goto("/networks")
        others.evaluate(OPEN_VIEWERS, [viewers - 1, f"run:{run['id']}"])
    page.bring_to_front()
    enough = f"() => window.benchPoints.painted.filter((one) => one.at).length > {_NUM_POINTS}"
    with suppress(PlaywrightTimeout):
        page.wait_for_function(enough, timeout=_RUN_TIMEOUT_MS)
    points: dict[str, list[dict[str, Any]]] = page.evaluate("() => window.benchPoints")
    if len(points["painted"]) < _NUM_POINTS:
        state = client.get(f"/api/runs/{run['id']}")["state"]
        counts = ", ".join(f"{len(found)} {name}" for name, found in points.items())
        raise RuntimeError(
            f"too few points within {_RUN_TIMEOUT_MS / 1000:.0f} s: {counts}; the run is {state}"
        )
    client.post(f"/api/runs/{run['id']}/stop", {})
    return _delays(points, viewers)


def _delays(points: dict[str, list[dict[str, Any]]], viewers: int) -> Figure:
    """Pair the points in the order of their arrival with the frames that showed them."""
    pairs = [
        (point, frame)
        for point, frame in zip(points["arrived"], points["painted"], strict=False)
        if frame["at"] is not None
    ][:_NUM_POINTS]
    if any(frame["at"] < point["at"] for point, frame in pairs):
        raise RuntimeError("the chart showed points that the socket had not brought")
    painted = [(frame["at"] - point["time_s"]) * 1000 for point, frame in pairs]
    arrived = [(point["at"] - point["time_s"]) * 1000 for point, _ in pairs]
    note = (
        f"{len(pairs)} points; median {statistics.median(painted):.0f} ms, slowest "
        f"{max(painted):.0f} ms; until the socket brings it: median "
        f"{statistics.median(arrived):.0f} ms, p95 {quantile(arrived, 0.95):.0f} ms"
        + (f"; {viewers - 1} more sockets in another page" if viewers > 1 else "")
    )
    return Figure(quantile(painted, 0.95), model="small CNN, 96 px images", batch=32, note=note)

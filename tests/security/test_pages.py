"""Hostile names and files in a real browser: nothing runs, nothing breaks, no rule is bent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.faults.live import LiveApi
from tests.house.studio_process import REPOSITORY, manage
from tests.security.hostile_images import FORMATS, claims, disguised, picture
from tests.security.hostile_studio import MARKUP, Filled, fill, upload_file
from tour.browser import WINDOW, chromium
from tour.studio import Studio, private_studio

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]
# Pages that show nothing anyone has named.
BARE = {"/", "/signin", "/invitation", "/networks/zoo", "$"}
WITHOUT_RAIL = {"/networks/$networkId/report"}
INSPECT_TABS = ("evaluation", "predictions", "baselines")
WATCH = """
    window.pwned = (what) => tell(`a script ran: ${what}`);
    document.addEventListener('securitypolicyviolation', (event) =>
        tell(`${event.effectiveDirective} was violated by ${event.blockedURI} ${event.sample}`));
"""


@dataclass
class Watched:
    """A signed-in browser window, and what happened in it that must not."""

    context: BrowserContext
    studio: Studio
    api: LiveApi
    made: Filled
    told: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.on("dialog", lambda dialog: (self.told.append("a dialog"), dialog.dismiss()))
        page.on("pageerror", lambda error: self.told.append(f"an error: {error}"))
        page.on("request", self._look)
        page.goto(self.studio.url + path)
        return page

    def _look(self, request: Any) -> None:
        if not request.url.startswith((self.studio.url, "data:", "blob:")):
            self.told.append(f"asked {request.url}")
        if request.url.split("?")[0].endswith("/x"):
            self.told.append(f"markup asked for {request.url}")

    def take(self) -> list[str]:
        told, self.told = self.told, []
        return told


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    data: Path = tmp_path_factory.mktemp("studio")
    with private_studio(data, extra_settings={"NETLOOM_RESERVE_MB": "0"}) as studio:
        api = LiveApi(studio.url, studio.signin_url)
        made = fill(api)
        link = manage(data, "signin").stdout.split()[-1]
        with chromium() as browser, browser.new_context(viewport=WINDOW) as context:
            context.set_default_timeout(30_000)
            watched = Watched(context, studio, api, made)
            context.expose_binding("tell", lambda _source, what: watched.told.append(what))
            context.add_init_script(WATCH)
            page = watched.open(link.removeprefix(studio.url))
            expect(page.get_by_test_id("rail-networks")).to_be_visible()
            page.evaluate(MAKE_TOKEN, MARKUP)
            page.close()
            yield watched


MAKE_TOKEN = """async (name) => {
    const { csrf_token } = await (await fetch('/api/session')).json();
    const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': csrf_token };
    const answer = await fetch('/api/tokens',
        { method: 'POST', headers, body: JSON.stringify({ name }) });
    if (!answer.ok) throw new Error(await answer.text());
}"""


def _addresses(made: Filled) -> dict[str, list[str]]:
    """What to open of each route of the pages; a route that is not here fails the test."""
    inspect = f"/inspect?run={made.run}&checkpoint={made.checkpoint}&item={made.item}"
    return {
        "/": ["/"],
        "/signin": ["/signin?next=//evil.example"],
        "/invitation": ["/invitation#token=nothing"],
        "/networks": ["/networks"],
        "/networks/zoo": ["/networks/zoo"],
        "/networks/$networkId": [f"/networks/{made.network}", f"/networks/{made.draft}"],
        "/networks/$networkId/report": [f"/networks/{made.network}/report"],
        "/data": ["/data"],
        "/data/$datasetId": [
            f"/data/{made.dataset}",
            f"/data/{made.pictures}",
            f"/data/{made.dataset}?item={made.item}",
        ],
        "/runs": ["/runs"],
        "/runs/$runId": [f"/runs/{made.run}"],
        "/runs/compare": [f"/runs/compare?a={made.run}&b={made.run}"],
        "/inspect": [inspect, *(f"{inspect}&tab={tab}" for tab in INSPECT_TABS)],
        "/projects": ["/projects"],
        "/account": ["/account"],
        "/bin": ["/bin"],
        "/storage": ["/storage"],
        "$": [f"/{MARKUP}", "/nothing"],
    }


def _routes() -> set[str]:
    source = (REPOSITORY / "frontend" / "src" / "app" / "router.tsx").read_text()
    return set(re.findall(r"path: '([^']+)'", source))


def test_every_page_is_walked(watched: Watched) -> None:
    assert set(_addresses(watched.made)) == _routes()


@pytest.mark.parametrize("route", sorted(_routes()))
def test_names_stay_text(watched: Watched, route: str) -> None:
    watched.take()
    is_shown = False
    for path in _addresses(watched.made)[route]:
        page = watched.open(path)
        if route not in ("/signin", "/invitation"):
            frame = "network-report" if route in WITHOUT_RAIL else "rail-networks"
            expect(page.get_by_test_id(frame)).to_be_visible()
        page.wait_for_load_state("networkidle")
        is_shown |= _is_shown(page)
        for tab in page.get_by_role("tab").all():
            if tab.is_enabled() and not page.get_by_role("dialog").count():
                tab.click()
                page.wait_for_load_state("networkidle")
                is_shown |= _is_shown(page)
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), f"{path} is wider than the window"
        page.close()
    assert watched.take() == []
    assert is_shown or route in BARE


def _is_shown(page: Page) -> bool:
    return "pwned(" in page.locator("body").inner_text()


def test_the_policy_stops_what_slips_through(watched: Watched) -> None:
    """So that the silence above says something: the same markup, put in as markup."""
    watched.take()
    page = watched.open("/networks")
    expect(page.get_by_test_id("rail-networks")).to_be_visible()
    page.evaluate(
        """(markup) => {
            document.body.insertAdjacentHTML('beforeend', markup);
            const script = document.createElement('script');
            script.textContent = 'pwned(7)';
            document.body.append(script);
        }""",
        MARKUP,
    )
    expect(page.locator("img[src=x]")).to_have_count(1)
    page.wait_for_function("() => document.querySelector('img[src=x]').complete")
    page.close()
    told = watched.take()
    assert not [what for what in told if what.startswith("a script ran")]
    assert [what for what in told if what.startswith("script-src-attr was violated")]
    assert [what for what in told if what.startswith("script-src-elem was violated")]


def test_images_that_are_none_are_refused_and_the_next_one_is_looked_at(watched: Watched) -> None:
    """A prediction decodes in the process that holds the networks: it must survive all of them."""
    files = {f"huge{suffix}": claims(kind) for kind, suffix in FORMATS.items()} | disguised()
    for name, content in files.items():
        if content:  # an empty upload is refused before
            told = _predict(watched, name, content)
            assert told["state"] == "failed", name
            assert told["problem"]["code"] in ("not_an_image", "too_large"), told["problem"]
    assert _predict(watched, "good.png", picture())["state"] == "succeeded"


def _predict(watched: Watched, name: str, content: bytes) -> dict[str, Any]:
    api = watched.api
    upload = upload_file(api, watched.made.project, name, content)
    asked = {"checkpoint_id": watched.made.checkpoint, "upload_id": upload}
    job = api.call("POST", "/api/predictions", asked)
    return api.wait_for(
        f"/api/jobs/{job['id']}", lambda one: one["state"] not in ("queued", "running"), 120
    )


def _files(watched: Watched) -> list[str]:
    made = watched.made
    items = watched.api.get(f"/api/datasets/{made.pictures}/items?limit=100")["items"]
    assert len(items) > 10
    found = [item[url] for item in items for url in ("thumbnail_url", "image_url")]
    found += [value for key, value in made.explanation.items() if key.endswith("_url")]
    answers = [f"/api/runs/{made.run}", f"/api/runs/{made.run}/spec",
               f"/api/datasets/{made.dataset}", f"/api/networks/{made.draft}",
               "/api/session", f"/api/projects/{made.project}/members"]  # fmt: skip
    return [*found, f"/api/checkpoints/{made.checkpoint}/bundle", *answers]


def test_no_file_acts_as_a_page(watched: Watched) -> None:
    """Opened in a tab, framed, embedded, included: a file is an image or a download."""
    page = watched.open("/nothing")
    expect(page.get_by_test_id("rail-networks")).to_be_visible()
    urls = _files(watched)
    for url in urls:
        tab = watched.context.new_page()
        try:
            tab.goto(watched.studio.url + url)
        except Error as error:
            assert "Download is starting" in str(error)  # noqa: PT017
        tab.close()
    page.evaluate(EMBED, urls)
    assert [what for what in watched.take() if "ran" in what or "dialog" in what] == []


# A frame that turns into a download never loads; nothing of it runs later either.
EMBED = """(urls) => Promise.all(urls.flatMap((url) =>
    [['img', 'src'], ['iframe', 'src'], ['object', 'data'], ['embed', 'src'], ['script', 'src']]
    .map(([name, attribute]) => new Promise((resolve) => {
        const element = document.createElement(name);
        element.onload = element.onerror = resolve;
        element[attribute] = url;
        document.body.append(element);
        setTimeout(resolve, 3000);
    }))
))"""

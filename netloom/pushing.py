"""Bringing a network into a studio that runs elsewhere, with a token of one's account.

>>> network = netloom.from_module(model, torch.randn(1, 3, 224, 224))
>>> netloom.push(network, "https://netloom.example.org", token=os.environ["NETLOOM_TOKEN"])
"""

from __future__ import annotations

import json
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from netloom.formats.bundle import write_bundle
from netloom.formats.imported import ImportedNetwork

Tell = Callable[[str], None]
_POLL_S = 1.0
_TIMEOUT_S = 120
_ENDED = {"succeeded", "failed", "cancelled"}


class PushError(ValueError):
    """The studio did not take the network; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A network in the studio.

    Attributes:
        url: Where people open it.
    """

    network_id: str
    url: str


def push(
    network: ImportedNetwork | Path,
    to: str,
    *,
    token: str,
    project: str = "",
    name: str = "",
    tell: Tell = lambda _text: None,
) -> Pushed:
    """Bring a network, or a file of any kind that the studio can import, into a project.

    Args:
        to: Address of the studio, `https://...`; plain http only on this machine.
        token: Of an account that may edit the project; made on its account page.
        project: Name or id; may be left out where the account has one project.
        name: Of the network; that of the document, or of the file, without it.
        tell: Told what is being done.

    Raises:
        PushError: The address, token, project or file is not accepted.
    """
    studio = _Studio(_checked(to), token)
    project_id = studio.project_id(project)
    if isinstance(network, Path):
        return studio.bring(network, project_id, name or network.name, tell)
    title = name or network.document.graph.name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.netloom"
        write_bundle(path, network.document, network.weights, network.meta)
        return studio.bring(path, project_id, title, tell)


def _checked(to: str) -> str:
    """A token is sent over encrypted connections alone, or within this machine."""
    parts = urlsplit(to)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise PushError(f"{to!r} is no address of a studio that a token is sent to: use https://.")
    return to.rstrip("/")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is not taken elsewhere."""

    def redirect_request(self, *_arguments: object, **_named: object) -> None:
        return None


class _Studio:
    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirect)

    def project_id(self, wanted: str) -> str:
        answer = self._call("GET", "/api/projects")
        projects = cast("list[dict[str, str]]", answer.get("items") or [])
        found = [each for each in projects if wanted in ("", each["id"], each["name"])]
        if len(found) == 1:
            return found[0]["id"]
        names = ", ".join(each["name"] for each in projects) or "none"
        which = f"There is no single project {wanted!r}" if wanted else "Say which project"
        raise PushError(f"{which}. The account has: {names}.")

    def bring(self, path: Path, project_id: str, name: str, tell: Tell) -> Pushed:
        size = path.stat().st_size
        about = {"project_id": project_id, "file_name": name, "size_bytes": size}
        upload = self._call("POST", "/api/uploads", about)
        for offset, chunk in _chunks(path, int(upload["chunk_bytes"])):
            tell(f"Sent {offset / 1e6:,.0f} of {size / 1e6:,.0f} MB")
            self._send(f"/api/uploads/{upload['id']}?offset={offset}", chunk)
        asked = {"project_id": project_id, "upload_id": upload["id"], "name": name[:120]}
        job = self._call("POST", "/api/imports", asked)
        while job["state"] not in _ENDED:
            tell(str(job["message"]))
            time.sleep(_POLL_S)
            job = self._call("GET", f"/api/jobs/{job['id']}")
        if job["state"] != "succeeded":
            raise PushError(_words(job.get("problem")) or "The import was cancelled.")
        network_id = str(job["result"]["network_id"])
        return Pushed(network_id, f"{self._address}/networks/{network_id}")

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        return self._request(method, path, content, "application/json")

    def _send(self, path: str, chunk: bytes) -> None:
        self._request("PUT", path, chunk, "application/octet-stream")

    def _request(self, method: str, path: str, body: bytes | None, kind: str) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            f"{self._address}{path}", data=body, method=method
        )
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Content-Type", kind)
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return cast("dict[str, Any]", json.loads(answer.read() or b"{}"))
        except urllib.error.HTTPError as error:
            raise PushError(_refusal(error)) from error
        except (urllib.error.URLError, TimeoutError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise PushError(f"{self._address} cannot be reached: {reason}.") from error


def _chunks(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        offset = 0
        while chunk := file.read(size):
            yield offset, chunk
            offset += len(chunk)


def _refusal(error: urllib.error.HTTPError) -> str:
    if error.code == 401:
        return "The studio does not know this token. Make a new one on your account page."
    try:
        told = json.loads(error.read(100_000))
    except (ValueError, OSError):
        told = None
    return _words(told) or f"The studio answered {error.code} {error.reason}."


def _words(problem: object) -> str:
    if not isinstance(problem, Mapping):
        return ""
    fields = cast("Mapping[str, object]", problem)
    said = (str(fields[key]) for key in ("detail", "next_step") if fields.get(key))
    return " ".join(said)

"""`check --deploy`, check by check; and secrets that are refused or made private."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from config import deployment
from config.environment import MIN_KEY_CHARS, Environment, SettingProblem, environment
from config.secrets import FILE_NAME, installation_secrets
from tests.house.studio_process import manage

STRONG = "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP"
GUARDS = deployment.GUARDS


@pytest.fixture(autouse=True)
def sound(settings: Any) -> None:
    """The tests' own settings hash passwords fast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]


def _found() -> set[str]:
    told = run_checks(include_deployment_checks=True)
    return {str(message.id) for message in told if str(message.id).startswith("netloom.")}


def _environment(settings: Any, **changes: Any) -> None:
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)


def test_an_installation_as_it_is_made_passes() -> None:
    assert _found() == set()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "short", "netloom.E001"),
        ("SECRET_KEY", "ab" * 50, "netloom.E001"),
        ("ALLOWED_HOSTS", ["*"], "netloom.E004"),
        ("ALLOWED_HOSTS", ["127.0.0.1", ".example.org"], "netloom.E004"),
        ("MIDDLEWARE", list(GUARDS[:-1]), "netloom.E005"),
        ("MIDDLEWARE", list(reversed(GUARDS)), "netloom.E005"),
        ("REDIS_URL", "redis://redis.example.org:6379/0", "netloom.E009"),
        ("PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"], "netloom.E014"),
        ("SESSION_COOKIE_HTTPONLY", False, "netloom.E015"),
        ("SESSION_COOKIE_SAMESITE", "None", "netloom.E015"),
        ("CSRF_COOKIE_SAMESITE", None, "netloom.E015"),
    ],
)
def test_settings(settings: Any, name: str, value: Any, expected: str) -> None:
    setattr(settings, name, value)
    assert _found() == {expected}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"database_url": "postgresql://netloom@db.example.org/netloom"}, {"netloom.E010"}),
        ({"host": "0.0.0.0"}, {"netloom.W011"}),
        ({"public_url": "http://studio.example.org"}, {"netloom.W011"}),
        ({"behind_proxy": True}, {"netloom.E012"}),
        ({"host": "0.0.0.0", "public_url": "https://studio.example.org"}, set()),
        ({"behind_proxy": True, "public_url": "https://studio.example.org"}, set()),
        ({"database_url": "postgresql://netloom:secret@db.example.org/netloom"}, set()),
        ({"import_roots": [Path("/")]}, {"netloom.E013"}),
    ],
)
def test_environment(settings: Any, changes: dict[str, Any], expected: set[str]) -> None:
    _environment(settings, **changes)
    assert _found() == expected


def test_import_roots_beside_the_data_pass(settings: Any, tmp_path: Path) -> None:
    inside = settings.ENVIRONMENT.data / "blobs"
    inside.mkdir(parents=True, exist_ok=True)
    (tmp_path / "link").symlink_to(settings.ENVIRONMENT.data)
    for roots, expected in (
        ([tmp_path], set()),
        ([inside], {"netloom.E013"}),
        ([tmp_path / "link"], {"netloom.E013"}),
        ([tmp_path / "missing"], {"netloom.W018"}),
    ):
        _environment(settings, import_roots=roots)
        assert _found() == expected


@pytest.fixture
def data_folder(settings: Any) -> Iterator[Path]:
    folder: Path = settings.ENVIRONMENT.data
    yield folder
    folder.chmod(0o700)
    (folder / FILE_NAME).chmod(0o600)


def test_files_that_others_can_read(data_folder: Path, settings: Any, tmp_path: Path) -> None:
    (data_folder / FILE_NAME).chmod(0o640)
    assert _found() == {"netloom.E002"}
    (data_folder / FILE_NAME).chmod(0o600)
    data_folder.chmod(0o755)
    assert _found() == {"netloom.E003"}
    data_folder.chmod(0o700)
    tmp_path.chmod(0o755)
    settings.REDIS_URL = f"unix://{tmp_path}/redis.sock"
    assert _found() == {"netloom.E008"}
    tmp_path.chmod(0o700)
    assert _found() == set()


@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'self' 'unsafe-inline'; object-src 'none'",
        "script-src 'self' 'unsafe-eval'; object-src 'none'",
        "script-src 'self' https:; object-src 'none'",
        "script-src 'self'",
        "default-src 'self'; object-src 'none'",
    ],
)
def test_scripts(monkeypatch: pytest.MonkeyPatch, policy: str) -> None:
    monkeypatch.setattr(deployment, "PAGE_POLICY", policy)
    assert _found() == {"netloom.E006"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("accept_content", ["json", "pickle"]), ("result_backend", "redis://127.0.0.1")],
)
def test_messages(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    from config.celery import app

    monkeypatch.setitem(app.conf, name, value)
    assert _found() == {"netloom.E007"}


def test_the_command_runs_them(tmp_path: Path) -> None:
    asked = ("check", "--deploy", "--fail-level", "WARNING")
    sound = manage(tmp_path / "data", *asked)
    assert sound.returncode == 0, sound.stderr
    open_ = manage(tmp_path / "data", *asked, NETLOOM_HOST="0.0.0.0")
    assert open_.returncode != 0
    assert "netloom.W011" in open_.stderr


def test_secrets_are_random_and_private(tmp_path: Path) -> None:
    made = [installation_secrets(tmp_path / name) for name in ("one", "other")]
    assert made[0].secret_key != made[1].secret_key
    assert made[0].installation_id != made[1].installation_id
    assert installation_secrets(tmp_path / "one") == made[0]
    path = tmp_path / "one" / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [found.name for found in path.parent.iterdir()] == [FILE_NAME]


def test_a_copy_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    installation_secrets(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)
    installation_secrets(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"secret_key": "changeme", "installation_id": "abcd1234"}),
        json.dumps({"secret_key": "x" * 100, "installation_id": "abcd1234"}),
        json.dumps({"secret_key": STRONG}),
        json.dumps([STRONG]),
        "",
        "{",
    ],
)
def test_weak_or_broken_secrets_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(SettingProblem, match="cannot be used"):
        installation_secrets(tmp_path)


@pytest.mark.parametrize("key", ["secret", "x" * 100, STRONG[: MIN_KEY_CHARS - 1]])
def test_a_weak_key_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("NETLOOM_SECRET_KEY", key)
    environment.cache_clear()
    try:
        with pytest.raises(SettingProblem) as refusal:
            environment()
    finally:
        environment.cache_clear()
    assert "NETLOOM_SECRET_KEY does not fit" in str(refusal.value)
    assert key not in str(refusal.value)


def test_a_strong_key_is_taken() -> None:
    assert Environment(secret_key=STRONG).secret_key == STRONG


def test_machines_that_share_files_share_the_rest(settings: Any) -> None:
    _environment(settings, s3_bucket="netloom", database_url="")
    assert _found() == {"netloom.W016", "netloom.W017"}
    _environment(
        settings,
        secret_key=STRONG,
        installation_id="abcd1234",
        database_url="postgresql://netloom:secret@database/netloom",
    )
    assert _found() == set()

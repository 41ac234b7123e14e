"""`manage.py prepare`: bucket and database before the machines that share them start."""

from __future__ import annotations

from pathlib import Path

from tests.house.studio_process import manage
from tests.objects import KEYS, ObjectServer


def _settings(endpoint: str, bucket: str) -> dict[str, str]:
    given = {"s3_endpoint": endpoint, "s3_bucket": bucket, **KEYS}
    return {f"NETLOOM_{name.upper()}": value for name, value in given.items()}


def test_it_makes_bucket_and_database_once(tmp_path: Path):
    with ObjectServer().running() as server:
        settings = _settings(server.endpoint, "made-by-prepare")
        first = manage(tmp_path, "prepare", **settings)
        assert first.returncode == 0, first.stderr
        assert "Made the bucket." in first.stdout
        again = manage(tmp_path, "prepare", **settings)
        assert again.returncode == 0, again.stderr
        assert "Made the bucket." not in again.stdout
        names = [bucket["Name"] for bucket in server.client.list_buckets()["Buckets"]]
        assert "made-by-prepare" in names
    assert manage(tmp_path, "migrate", "--check", "--verbosity", "0").returncode == 0


def test_a_store_that_is_not_there_is_told_in_a_sentence(tmp_path: Path):
    told = manage(tmp_path, "prepare", **_settings("http://127.0.0.1:9", "netloom"))
    assert told.returncode == 1
    assert "file store cannot be reached" in told.stderr
    assert "Traceback" not in told.stderr


def test_what_is_written_is_nobody_elses(tmp_path: Path):
    """Also in a folder that was there before and that everybody may look into."""
    tmp_path.chmod(0o755)
    done = manage(tmp_path, "migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.rglob("*")}
    assert "netloom.sqlite3" in modes
    assert set(modes.values()) == {0}, modes

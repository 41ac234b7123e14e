"""A PostgreSQL database into a file and back, by PostgreSQL's own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from django.db import connection

from config.launcher.problem import LaunchProblem


def dump_postgres(target: Path) -> None:
    """Write a consistent copy of the database; the studio may run meanwhile."""
    _run("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={target}")


def restore_postgres(source: Path) -> None:
    """Put a dump in the place of what the database holds: all of it, or nothing."""
    connection.close()
    _run(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-acl",
        "--single-transaction",
        str(source),
    )


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise LaunchProblem(
            f"{program} is not on PATH. Install PostgreSQL's client programs, as new as the server"
            " (Debian: apt-get install postgresql-client), or use the server's own backups."
        )
    settings = connection.settings_dict
    place = {
        "--host": settings["HOST"],
        "--port": settings["PORT"],
        "--username": settings["USER"],
        "--dbname": settings["NAME"],
    }
    named = [f"{option}={value}" for option, value in place.items() if value]
    environment = {**os.environ, "PGPASSWORD": settings["PASSWORD"]}
    done = subprocess.run(
        [found, "--no-password", *named, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise LaunchProblem(f"{program} failed: {said[-1]}")

"""The database before the studio starts: not newer than we are, backed up, up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from config.launcher.problem import LaunchProblem

NUM_KEPT = 5


def prepare_database(data_folder: Path) -> None:
    """Migrate, after a consistent backup when there is something to lose."""
    try:
        executor = MigrationExecutor(connection)
        unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
        if unknown:
            app, name = sorted(unknown)[-1]
            raise LaunchProblem(
                f"The data in {data_folder} was written by a newer version of Netloom"
                f" ({app}.{name}). Start that version, or restore a backup made before it."
            )
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not pending:
            return
        if executor.loader.applied_migrations and connection.vendor == "sqlite":
            backup_database(data_folder / "backups", "before-update")
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise LaunchProblem(
            f"The database in {data_folder} cannot be used ({error}). Restore a backup with"
            " `manage.py restore`, or choose another folder with NETLOOM_DATA."
        ) from None
    finally:
        connection.close()


def backup_database(folder: Path, label: str) -> Path:
    """Copy the SQLite database while it may be in use; keeps the newest few with the label."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = folder / f"netloom-{stamp}-{label}.sqlite3"
    copy_database(Path(str(connection.settings_dict["NAME"])), target)
    kept = sorted(folder.glob(f"netloom-*-{label}.sqlite3"))
    for old in kept[:-NUM_KEPT]:
        old.unlink()
    return target


def copy_database(source: Path, target: Path) -> None:
    """SQLite's own online backup: consistent whatever is being written."""
    draft = target.with_suffix(".part")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(draft)) as writing:
        reading.backup(writing)
    draft.replace(target)

#!/usr/bin/env python
"""Django's command line for the studio: `python manage.py help`."""

import os
import sys


def main() -> None:
    os.umask(0o077)  # what the studio writes is nobody else's on this machine
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.environment import SettingProblem

    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except SettingProblem as problem:
        sys.exit(str(problem))
    except Exception as error:
        from config.databases import missing_database

        sentence = missing_database(error)
        if sentence is None:
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    main()

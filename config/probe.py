"""`python -m config.probe web|LANE`: is this machine's process of that kind well?

For health checks of containers: the web process is asked over HTTP, a worker by the file it
touches every round. Ends with status 0, or with 1 and a sentence.
"""

from __future__ import annotations

import http.client
import sys
import time
from urllib.parse import urlsplit

from config.environment import Environment, SettingProblem, environment
from config.origins import ANY_ADDRESS
from jobs.beats import beat_file

TIMEOUT_S = 5.0
MISSED_ROUNDS = 6


def main(arguments: list[str]) -> int:
    """Ask; print what is wrong."""
    if len(arguments) != 1:
        return _tell("usage: python -m config.probe web|LANE")
    try:
        env = environment()
    except SettingProblem as problem:
        return _tell(str(problem))
    if arguments == ["web"]:
        return _tell(_web_problem(env))
    return _tell(_worker_problem(env, arguments[0]))


def _web_problem(env: Environment) -> str:
    host = "127.0.0.1" if env.host in ANY_ADDRESS else env.host
    connection = http.client.HTTPConnection(host, env.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", f"{urlsplit(env.public_url).path}/api/health")
        answer = connection.getresponse()
        told = answer.read(2000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"The web process does not answer on {host}:{env.port} ({error})."
    finally:
        connection.close()
    return "" if answer.status == 200 else f"The web process answers {answer.status}: {told}"


def _worker_problem(env: Environment, lane: str) -> str:
    try:
        age_s = time.time() - beat_file(env.data, lane).stat().st_mtime
    except FileNotFoundError:
        return f"No worker of the lane {lane} has shown itself here."
    if age_s > MISSED_ROUNDS * env.reconcile_s + TIMEOUT_S:
        return f"The worker of the lane {lane} was last seen {age_s:.0f} s ago."
    return ""


def _tell(problem: str) -> int:
    if problem:
        print(problem, file=sys.stderr)  # noqa: T201 - the container's log shows it
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

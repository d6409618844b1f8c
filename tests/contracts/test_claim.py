"""One run for each occurrence, however many processes start it and however they end."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from zoomauto.domain.job import Job, JobSpec
from zoomauto.domain.run import Run, RunStatus
from zoomauto.domain.schedule import CronSchedule
from zoomauto.storage.store import SqlStore

MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
OCCURRENCE = datetime(2026, 3, 2, 6, tzinfo=UTC)
#: Claims at a fixed instant when told to, says what it got, then waits to be ended.
CLAIM = """
import json, sys
from datetime import datetime
from zoomauto.host import is_alive, this_process
from zoomauto.storage.store import open_store
from zoomauto.testing.clock import FrozenClock
from zoomauto.usecases.claim_run import ClaimRun
store = open_store(sys.argv[1])
clock = FrozenClock(datetime.fromisoformat(sys.argv[2]))
claim = ClaimRun(store=store, clock=clock, holder=this_process(), is_alive=is_alive)
print("ready", flush=True)
sys.stdin.readline()
got = claim.scheduled("anna", "daily")
print(json.dumps(got and [got.run.id, got.run.attempt]), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def job(store: SqlStore) -> Job:
    """A daily job, made the day before."""
    with store.writing() as tx:
        schedule = CronSchedule(expression="0 6 * * *", timezone="UTC")
        return tx.jobs.add("anna", JobSpec(name="daily", schedule=schedule), slug="daily", now=MADE)


def start(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLAIM, url, OCCURRENCE.isoformat()]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert line(process) == "ready\n"
    return process


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("go\n")


def answer(process: subprocess.Popen[str]) -> Any:
    return json.loads(line(process))


def rows(store: SqlStore) -> list[Run]:
    with store.reading() as tx:
        return list(tx.runs.list("anna"))


@pytest.mark.usefixtures("job")
def test_of_two_processes_that_start_an_occurrence_at_once_one_runs_it(
    store: SqlStore, database_url: str
):
    processes = [start(database_url), start(database_url)]
    for process in processes:
        tell(process)
    answers = [answer(process) for process in processes]
    for process in processes:
        end(process)

    (run,) = rows(store)
    assert sorted(answers, key=bool) == [None, [run.id, 1]]
    assert (run.status, run.scheduled_for) == (RunStatus.RUNNING, OCCURRENCE)


@pytest.mark.usefixtures("job")
def test_the_row_of_a_killed_process_is_taken_up_again_by_the_next_start(
    store: SqlStore, database_url: str
):
    killed, following = start(database_url), start(database_url)
    tell(killed)
    first = answer(killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    tell(following)
    second = answer(following)
    end(following)

    (run,) = rows(store)
    assert (first, second, run.attempt) == ([run.id, 1], [run.id, 2], 2)

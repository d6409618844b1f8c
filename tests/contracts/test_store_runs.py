"""What every store promises about history and the claims of occurrences."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from zoomauto.domain.job import Job, JobSpec
from zoomauto.domain.run import Run, RunStatus, SkipReason, Trigger
from zoomauto.domain.schedule import EveryHours
from zoomauto.errors import LeaseLost
from zoomauto.ports.store import Transaction
from zoomauto.storage.store import SqlStore

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def a_job(tx: Transaction, name: str = "daily") -> Job:
    spec = JobSpec(name=name, schedule=EveryHours(hours=3, timezone="UTC"))
    return tx.jobs.add("anna", spec, slug=name, now=NOW)


def claim(tx: Transaction, job: Job, occurrence: datetime | None = NOW) -> Run | None:
    return tx.runs.add(
        owner="anna",
        job=job,
        trigger=Trigger.MANUAL if occurrence is None else Trigger.SCHEDULE,
        scheduled_for=occurrence,
        started_at=occurrence or NOW,
        host="laptop",
    )


def a_run(tx: Transaction, job: Job, occurrence: datetime | None = NOW) -> Run:
    run = claim(tx, job, occurrence)
    assert run is not None
    return run


def test_a_run_begins_as_a_running_row(store: SqlStore):
    with store.writing() as tx:
        job = a_job(tx)
        run = a_run(tx, job)

    assert run == Run(
        id=run.id,
        owner="anna",
        job_id=job.id,
        job_name="daily",
        trigger=Trigger.SCHEDULE,
        scheduled_for=NOW,
        status=RunStatus.RUNNING,
        started_at=NOW,
        host="laptop",
    )
    with store.reading() as tx:
        assert (tx.runs.get(run.id), tx.runs.get(99)) == (run, None)
        assert tx.runs.claimed(job.id, NOW) == run
        assert tx.runs.claimed(job.id, LATER) is None


def test_an_occurrence_is_claimed_once_per_job(store: SqlStore):
    with store.writing() as tx:
        job, other = a_job(tx), a_job(tx, "other")
        claims = [claim(tx, job), claim(tx, job), claim(tx, other), claim(tx, job, LATER)]

    assert [run is not None for run in claims] == [True, False, True, True]


def test_manual_runs_claim_nothing(store: SqlStore):
    with store.writing() as tx:
        job = a_job(tx)

        assert a_run(tx, job, None).id != a_run(tx, job, None).id


def test_of_many_starts_at_once_one_has_the_claim(open_again: Callable[[], SqlStore]):
    with open_again().writing() as tx:
        job = a_job(tx)
    ready = threading.Barrier(4)
    claims: list[Run | None] = []

    def start() -> None:
        store = open_again()
        ready.wait()
        with store.writing() as tx:
            claims.append(claim(tx, job))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(claims), claims.count(None)) == (4, 3)


def test_a_row_that_is_taken_up_again_forgets_how_it_ended(store: SqlStore):
    with store.writing() as tx:
        run = a_run(tx, a_job(tx))
        failed = replace(
            run, status=RunStatus.FAILED, finished_at=LATER, exit_code=75, error="no network"
        )
        tx.runs.finish(failed)
        again = tx.runs.retake(run.id, started_at=LATER, host="server")

    assert again == replace(run, attempt=2, started_at=LATER, host="server")


@pytest.mark.parametrize(
    "end",
    [
        {"status": RunStatus.SKIPPED, "skip_reason": SkipReason.OVERLAP, "exit_code": 0},
        {
            "status": RunStatus.PARTIAL,
            "finished_at": LATER,
            "exit_code": 3,
            "error": "one failed",
            "report": {"items": [{"name": "🎓"}]},
        },
    ],
)
def test_the_final_state_is_written(store: SqlStore, end: dict[str, object]):
    with store.writing() as tx:
        run = a_run(tx, a_job(tx))
        finished = replace(run, **end)  # type: ignore[arg-type]  # fields of several types
        tx.runs.finish(finished)

        assert tx.runs.get(run.id) == finished


def test_a_run_that_lost_its_row_cannot_write_over_its_successor(store: SqlStore):
    with store.writing() as tx:
        first = a_run(tx, a_job(tx))
        second = tx.runs.retake(first.id, started_at=LATER, host="server")
        with pytest.raises(LeaseLost):
            tx.runs.finish(replace(first, status=RunStatus.FAILED))

        assert tx.runs.get(first.id) == second


def test_unfinished_are_the_running_rows_of_that_job(store: SqlStore):
    with store.writing() as tx:
        job = a_job(tx)
        running, ended = a_run(tx, job), a_run(tx, job, LATER)
        a_run(tx, a_job(tx, "other"))
        tx.runs.finish(replace(ended, status=RunStatus.SUCCESS))

        assert tx.runs.unfinished(job.id) == [running]


def test_history_is_newest_first_by_owner_job_and_limit(store: SqlStore):
    with store.writing() as tx:
        job, other = a_job(tx), a_job(tx, "other")
        newest, oldest = a_run(tx, job, LATER), a_run(tx, job)
        beside = a_run(tx, other)

        assert tx.runs.list("anna") == [newest, beside, oldest]
        assert tx.runs.list("anna", limit=1) == [newest]
        assert tx.runs.list("anna", job_id=other.id) == [beside]
        assert tx.runs.list("boris") == []

"""What every store promises about transactions, quotas and leases."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from zoomauto.domain.job import JobSpec
from zoomauto.domain.lease import Holder, Lease
from zoomauto.domain.quota import Quota
from zoomauto.domain.schedule import EveryHours
from zoomauto.errors import StoreBusy, UsageError
from zoomauto.storage.store import SqlStore, open_store

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
HOLDER = Holder(host="laptop", realm="boot-1", pid=4242, pid_started="1001")


def job_named(name: str) -> JobSpec:
    return JobSpec(name=name, schedule=EveryHours(hours=3, timezone="UTC"))


def lease_of(name: str, holder: Holder = HOLDER) -> Lease:
    return Lease(name=name, holder=holder, acquired_at=NOW, expires_at=LATER)


def test_what_one_transaction_wrote_the_next_one_reads(
    store: SqlStore, open_again: Callable[[], SqlStore]
):
    with store.writing() as tx:
        tx.leases.put(lease_of("job:1"))

    with open_again().reading() as tx:
        assert tx.leases.get("job:1") == lease_of("job:1")


def test_an_exception_undoes_the_whole_transaction(store: SqlStore):
    def fail_half_way() -> None:
        with store.writing() as tx:
            tx.leases.put(lease_of("job:1"))
            tx.quotas.set("anna", Quota(max_jobs=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()

    with store.reading() as tx:
        assert tx.leases.get("job:1") is None
        assert tx.quotas.get("anna") == Quota()


def test_a_reading_transaction_sees_one_moment(store: SqlStore, open_again: Callable[[], SqlStore]):
    with store.reading() as before:
        assert before.leases.get("job:1") is None
        with open_again().writing() as tx:
            tx.leases.put(lease_of("job:1"))
        assert before.leases.get("job:1") is None

    with store.reading() as after:
        assert after.leases.get("job:1") == lease_of("job:1")


def test_a_reading_transaction_refuses_to_write(store: SqlStore):
    with pytest.raises(Exception, match=r"read-?only"), store.reading() as tx:
        tx.leases.put(lease_of("job:1"))


def test_instants_come_back_in_utc_to_the_microsecond(store: SqlStore):
    moscow = timezone(timedelta(hours=3))
    acquired = datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=moscow)

    with store.writing() as tx:
        tx.leases.put(replace(lease_of("job:1"), acquired_at=acquired))
        found = tx.leases.get("job:1")

    assert found is not None
    assert found.acquired_at.isoformat() == "2026-03-01T06:00:00.123456+00:00"


def test_a_naive_instant_is_refused(store: SqlStore):
    naive = NOW.replace(tzinfo=None)

    with pytest.raises(Exception, match="has no time zone"), store.writing() as tx:
        tx.leases.put(replace(lease_of("job:1"), expires_at=naive))


@pytest.mark.parametrize("text", ["🎬 Встреча\n二月", "'; DROP TABLE leases; --", "%s {} ?"])
def test_any_text_survives(store: SqlStore, text: str):
    with store.writing() as tx:
        saved = tx.jobs.add(text, job_named(text), slug="x", now=NOW)

    with store.reading() as tx:
        assert tx.jobs.list(text) == [saved]
    assert saved.name == text


def test_half_a_surrogate_pair_is_refused_as_unusable_text(store: SqlStore):
    with pytest.raises(UsageError, match="surrogate"), store.writing() as tx:
        tx.jobs.add("anna", job_named("broken \ud83c"), slug="x", now=NOW)


def test_two_creates_at_once_cannot_both_take_the_last_place(
    open_again: Callable[[], SqlStore],
):
    # Would open if both had counted before either committed; its timeout is the normal case.
    both_counted = threading.Barrier(2, timeout=0.3)

    def add_if_there_is_room(name: str) -> None:
        with open_again().writing(owner="anna") as tx:
            is_room = not tx.jobs.list("anna")
            with suppress(threading.BrokenBarrierError):
                both_counted.wait()
            if is_room:
                tx.jobs.add("anna", job_named(name), slug=name, now=NOW)

    threads = [threading.Thread(target=add_if_there_is_room, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with open_again().reading() as tx:
        assert len(tx.jobs.list("anna")) == 1


def test_threads_share_one_store_and_lose_nothing(store: SqlStore):
    with store.writing() as tx:
        tx.quotas.set("anna", Quota(max_jobs=0))

    def count_on() -> None:
        for _ in range(10):
            with store.writing(owner="anna") as tx:
                counted = tx.quotas.get("anna").max_jobs
                assert counted is not None
                tx.quotas.set("anna", Quota(max_jobs=counted + 1))
            with store.reading() as tx:
                tx.quotas.get("anna")

    threads = [threading.Thread(target=count_on) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.reading() as tx:
        assert tx.quotas.get("anna").max_jobs == 60


def test_a_database_that_stays_locked_is_busy(store: SqlStore, database_url: str):
    impatient = open_store(database_url, patience=timedelta(milliseconds=10))

    with store.writing(owner="anna"), pytest.raises(StoreBusy), impatient.writing(owner="anna"):
        pass

    impatient.close()


def test_an_owner_without_a_quota_has_the_default_one(store: SqlStore):
    with store.reading() as tx:
        assert tx.quotas.get("anna") == Quota(max_jobs=5, min_interval=timedelta(hours=1))


@pytest.mark.parametrize(
    "quota",
    [
        Quota(max_jobs=None, min_interval=None),
        Quota(max_jobs=0, min_interval=timedelta(minutes=20)),
    ],
)
def test_a_quota_is_kept_per_owner_and_can_be_set_again(store: SqlStore, quota: Quota):
    with store.writing() as tx:
        tx.quotas.set("anna", Quota(max_jobs=7))
        tx.quotas.set("anna", quota)

    with store.reading() as tx:
        assert (tx.quotas.get("anna"), tx.quotas.get("boris")) == (quota, Quota())


def test_a_lease_replaces_any_lease_of_its_name(store: SqlStore):
    taken_over = lease_of("job:1", replace(HOLDER, pid=7))

    with store.writing() as tx:
        tx.leases.put(lease_of("job:1"))
        tx.leases.put(taken_over)

        assert tx.leases.get("job:1") == taken_over


@pytest.mark.parametrize(
    "other",
    [
        replace(HOLDER, host="server"),
        replace(HOLDER, realm="boot-2"),
        replace(HOLDER, pid=4243),
        replace(HOLDER, pid_started="2002"),
    ],
    ids=["host", "realm", "pid", "start time"],
)
def test_renewing_extends_the_leases_of_this_very_process(store: SqlStore, other: Holder):
    until = LATER + timedelta(minutes=1)
    with store.writing() as tx:
        for lease in (lease_of("job:1"), lease_of("recording:2"), lease_of("job:3", other)):
            tx.leases.put(lease)

        assert set(tx.leases.renew(HOLDER, until=until)) == {"job:1", "recording:2"}
        assert tx.leases.get("job:1") == replace(lease_of("job:1"), expires_at=until)
        assert tx.leases.get("job:3") == lease_of("job:3", other)


def test_a_lease_is_given_back_by_its_holder_alone(store: SqlStore):
    with store.writing() as tx:
        tx.leases.put(lease_of("job:1"))
        tx.leases.put(lease_of("job:2"))
        tx.leases.release("job:1", HOLDER)
        tx.leases.release("job:2", replace(HOLDER, pid=7))

        assert tx.leases.get("job:1") is None
        assert tx.leases.get("job:2") == lease_of("job:2")

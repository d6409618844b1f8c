"""When a lease may be taken from its holder."""

from datetime import UTC, datetime, timedelta

import pytest

from zoomauto.domain.lease import HEARTBEAT, LEASE_TIME, Holder, Lease, is_stale, lease

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
HOLDER = Holder(host="laptop", realm="boot-1", pid=4242, pid_started="1001")


def test_a_fresh_lease_outlives_two_missed_heartbeats_and_not_a_third():
    assert lease("job:1", HOLDER, now=NOW) == Lease(
        name="job:1",
        holder=HOLDER,
        acquired_at=NOW,
        expires_at=NOW + 3 * HEARTBEAT,
    )


@pytest.mark.parametrize(
    ("age", "alive", "stale"),
    [
        pytest.param(timedelta(0), False, True, id="a dead holder loses it at once"),
        pytest.param(timedelta(days=2), True, False, id="a living holder keeps it however late"),
        pytest.param(LEASE_TIME - timedelta(seconds=1), None, False, id="unknown, not expired"),
        pytest.param(LEASE_TIME, None, True, id="unknown, expired to the second"),
    ],
)
def test_who_is_alive_decides_and_otherwise_the_expiry(
    *, age: timedelta, alive: bool | None, stale: bool
):
    held = lease("job:1", HOLDER, now=NOW)

    assert is_stale(held, now=NOW + age, alive=alive) is stale

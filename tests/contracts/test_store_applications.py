"""What every store promises about what was applied to scheduler backends."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from zoomauto.domain.application import Application
from zoomauto.storage.store import SqlStore

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
CRONTAB = Application(
    host="h1",
    owner="ann",
    backend="crontab",
    scope="user",
    applied_at=NOW,
    start_at=NOW - timedelta(hours=6),
    until=NOW + timedelta(days=1830),
    zone_rules={"Europe/Berlin": "0123456789ab"},
)
SYSTEMD = replace(CRONTAB, backend="systemd", applied_at=NOW + timedelta(days=1))


def test_an_installation_has_one_name_for_ever(store: SqlStore, open_again: Callable[[], SqlStore]):
    with store.reading() as tx, open_again().reading() as other:
        name = tx.applications.installation()
        assert other.applications.installation() == name
    assert re.fullmatch("[a-z0-9]{8}", name)


def test_what_stands_applied_is_listed_by_owner_and_host_the_newest_first(store: SqlStore):
    others = (replace(CRONTAB, host="h2"), replace(CRONTAB, owner="bob"))
    with store.writing() as tx:
        for application in (CRONTAB, *others, SYSTEMD):
            tx.applications.save(application)
    with store.reading() as tx:
        assert list(tx.applications.list("ann", host="h1")) == [SYSTEMD, CRONTAB]
        assert list(tx.applications.list("bob", host="h1")) == [others[1]]


def test_a_later_application_takes_the_place_of_the_earlier_one(store: SqlStore):
    again = replace(CRONTAB, applied_at=NOW + timedelta(days=2), zone_rules={})
    with store.writing() as tx:
        tx.applications.save(CRONTAB)
        tx.applications.save(replace(CRONTAB, scope="system"))
        tx.applications.save(again)
        assert list(tx.applications.list("ann", host="h1")) == [
            again,
            replace(CRONTAB, scope="system"),
        ]


def test_what_was_removed_is_forgotten_alone(store: SqlStore):
    with store.writing() as tx:
        tx.applications.save(CRONTAB)
        tx.applications.save(SYSTEMD)
        tx.applications.remove(CRONTAB)
        assert list(tx.applications.list("ann", host="h1")) == [SYSTEMD]

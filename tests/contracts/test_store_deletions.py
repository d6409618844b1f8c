"""What every store promises about the audit of deletions."""

from dataclasses import replace
from datetime import UTC, datetime

from zoomauto.domain.deletion import Deletion, DeletionAction
from zoomauto.storage.store import SqlStore

DRAFT = Deletion(
    recording_id=3,
    source_id=2,
    key="\N{ROCKET} uuid==",
    action=DeletionAction.TRASH,
    at=datetime(2026, 3, 10, 12, tzinfo=UTC),
    run_id=5,
)


def begin(store: SqlStore, draft: Deletion) -> Deletion:
    with store.writing() as tx:
        return tx.deletions.begin(draft)


def test_what_is_begun_is_kept_with_its_outcome_in_order(store: SqlStore):
    first = begin(store, DRAFT)
    second = begin(store, replace(DRAFT, action=DeletionAction.RECOVER, run_id=None))
    begin(store, replace(DRAFT, recording_id=4))
    with store.writing() as tx:
        tx.deletions.finish(first.id, "done")

    with store.reading() as tx:
        assert tx.deletions.of(3) == [replace(first, outcome="done"), second]


def test_settled_is_what_is_known_for_sure_of_one_source(store: SqlStore):
    outcomes = {1: "done", 2: "gone", 3: "failed: no scope", 4: "unknown: reset", 5: None}
    for recording_id, outcome in outcomes.items():
        begun = begin(store, replace(DRAFT, recording_id=recording_id))
        with store.writing() as tx:
            if outcome:
                tx.deletions.finish(begun.id, outcome)
    begin(store, replace(DRAFT, recording_id=6, source_id=9, outcome="done"))

    with store.reading() as tx:
        assert set(tx.deletions.settled(2)) == {1, 2}

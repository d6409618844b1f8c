"""The audit of what was asked of sources about deleting."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from zoomauto.domain.deletion import DONE, GONE, Deletion, DeletionAction
from zoomauto.storage.row import table_of
from zoomauto.storage.tables import DeletionRow

_DELETIONS = table_of(DeletionRow)


@dataclass(frozen=True, slots=True)
class SqlDeletions:
    """Implements :class:`zoomauto.ports.store.Deletions`."""

    connection: Connection

    def begin(self, draft: Deletion) -> Deletion:
        """Write down what is about to be asked (its ``id`` is ignored); give it with its id."""
        values = asdict(draft) | {"action": draft.action.value}
        del values["id"]
        query = insert(_DELETIONS).values(values).returning(_DELETIONS.c.id)
        return replace(draft, id=self.connection.execute(query).scalar_one())

    def finish(self, deletion_id: int, outcome: str) -> None:
        """Write down what came of it."""
        query = update(_DELETIONS).where(_DELETIONS.c.id == deletion_id)
        self.connection.execute(query.values(outcome=outcome))

    def of(self, recording_id: int) -> Sequence[Deletion]:
        """Give what was asked about a recording, oldest first."""
        query = select(_DELETIONS).where(_DELETIONS.c.recording_id == recording_id)
        return [_deletion(row) for row in self.connection.execute(query.order_by(_DELETIONS.c.id))]

    def settled(self, source_id: int) -> Collection[int]:
        """Give the ids of a source's recordings of which it is known what became of them."""
        query = select(_DELETIONS.c.recording_id).where(
            _DELETIONS.c.source_id == source_id, _DELETIONS.c.outcome.in_((DONE, GONE))
        )
        return set(self.connection.execute(query).scalars())


def _deletion(row: Row[Any]) -> Deletion:
    values = dict(row._mapping)  # noqa: SLF001 - public, by SQLAlchemy's naming
    return Deletion(**values | {"action": DeletionAction(row.action)})

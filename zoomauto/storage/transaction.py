"""One transaction: a collection for each kind of thing, made when it is first used.

A collection costs its tables, two milliseconds each; nearly every start of the program looks into
three of them, finds nothing due and ends.
"""

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from zoomauto.ports.store import (
    Applications,
    Deletions,
    Destinations,
    Jobs,
    Leases,
    Quotas,
    Recordings,
    Runs,
    Sources,
    Templates,
)


@dataclass
class SqlTransaction:
    """Implements :class:`zoomauto.ports.store.Transaction` on one connection."""

    connection: Connection

    @cached_property
    def jobs(self) -> Jobs:
        from zoomauto.storage.jobs import SqlJobs

        return SqlJobs(self.connection)

    @cached_property
    def templates(self) -> Templates:
        from zoomauto.storage.templates import SqlTemplates

        return SqlTemplates(self.connection)

    @cached_property
    def sources(self) -> Sources:
        from zoomauto.storage.places import SqlSources

        return SqlSources(self.connection)

    @cached_property
    def destinations(self) -> Destinations:
        from zoomauto.storage.places import SqlDestinations

        return SqlDestinations(self.connection)

    @cached_property
    def recordings(self) -> Recordings:
        from zoomauto.storage.recordings import SqlRecordings

        return SqlRecordings(self.connection)

    @cached_property
    def runs(self) -> Runs:
        from zoomauto.storage.runs import SqlRuns

        return SqlRuns(self.connection)

    @cached_property
    def quotas(self) -> Quotas:
        from zoomauto.storage.quotas import SqlQuotas

        return SqlQuotas(self.connection)

    @cached_property
    def leases(self) -> Leases:
        from zoomauto.storage.leases import SqlLeases

        return SqlLeases(self.connection)

    @cached_property
    def deletions(self) -> Deletions:
        from zoomauto.storage.deletions import SqlDeletions

        return SqlDeletions(self.connection)

    @cached_property
    def applications(self) -> Applications:
        from zoomauto.storage.applications import SqlApplications

        return SqlApplications(self.connection)

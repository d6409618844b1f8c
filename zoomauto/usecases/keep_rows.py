"""The rows of a job's history: begun, taken up again, closed, and kept for what did not run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from zoomauto.domain.due import Missed
from zoomauto.domain.job import Job
from zoomauto.domain.run import Run, RunStatus, SkipReason, Trigger
from zoomauto.errors import TemporaryError
from zoomauto.ports.store import Transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRows:
    """One job's rows, in one transaction, at one moment."""

    tx: Transaction
    job: Job
    now: datetime
    #: This machine's name.
    host: str

    def begin(self, trigger: Trigger, occurrence: datetime | None) -> Run:
        """Begin a run. Raise TemporaryError for an occurrence that has a row."""
        run = self._added(trigger, occurrence)
        if run is None:
            name = self.job.name
            raise TemporaryError(f"the occurrence {occurrence} of {name!r} was claimed meanwhile")
        return run

    def take_up(self, rows: Sequence[Run]) -> Run | None:
        """Take the newest unfinished occurrence up again in its row; close the other rows."""
        ordered = sorted(rows, key=lambda run: (run.scheduled_for is not None, run.started_at))
        taken = None
        if ordered and ordered[-1].scheduled_for is not None:
            row = ordered.pop()
            taken = self.tx.runs.retake(row.id, started_at=self.now, host=self.host)
        self.close(ordered)
        return taken

    def close(self, rows: Sequence[Run]) -> None:
        """End rows that are not taken up again; one that waited for a retry keeps its error."""
        for row in rows:
            left = f"interrupted: the process on {row.host} ended without finishing it"
            closed = replace(
                row,
                status=RunStatus.FAILED,
                finished_at=self.now,
                exit_code=TemporaryError.exit_code,
                error=row.error or left,
                next_attempt_at=None,
            )
            self.tx.runs.finish(closed)
            started_at = row.started_at
            self.tx.jobs.record_run(self.job.id, started_at=started_at, status=RunStatus.FAILED)

    def overlap(self, occurrence: datetime) -> None:
        """Record an occurrence that found the job running."""
        self._skip(occurrence, skip_reason=SkipReason.OVERLAP)

    def missed(self, missed: Missed) -> Run | None:
        """Record occurrences at which nothing started; None when another row has done so.

        The row stands at the last of them: written by a clock that is far ahead, it then takes
        the place of nothing that is still to come.
        """
        return self._skip(missed.last, skip_reason=SkipReason.MISSED, **_span(missed))

    def cover(self, skipped: Run, run: Run) -> None:
        """Record that ``run`` makes up for what was missed."""
        self.tx.runs.finish(replace(skipped, covered_by=run.id))

    def paused(self, missed: Missed) -> None:
        """Record what a paused job does not run: one row, which grows while the pause lasts."""
        row = self.tx.runs.newest_claim(self.job.id, until=self.now)
        if row is not None and self._is_this_pause(row):
            count = (row.missed_count or 0) + missed.count
            grown = replace(row, missed_to=missed.last, missed_count=count, finished_at=self.now)
            self.tx.runs.finish(grown)
            return
        self._skip(missed.last, skip_reason=SkipReason.PAUSED, **_span(missed))

    def _is_this_pause(self, row: Run) -> bool:
        # Switching the job on again moves effective_from past the occurrences of an older pause.
        if row.skip_reason is not SkipReason.PAUSED or row.missed_to is None:
            return False
        return row.missed_to > self.job.effective_from

    def _skip(self, occurrence: datetime, **facts: Any) -> Run | None:
        run = self._added(Trigger.SCHEDULE, occurrence)
        if run is None:
            return None
        skipped = replace(run, status=RunStatus.SKIPPED, finished_at=self.now, exit_code=0)
        skipped = replace(skipped, **facts)
        self.tx.runs.finish(skipped)
        return skipped

    def _added(self, trigger: Trigger, occurrence: datetime | None) -> Run | None:
        return self.tx.runs.add(
            owner=self.job.owner,
            job=self.job,
            trigger=trigger,
            scheduled_for=occurrence,
            started_at=self.now,
            host=self.host,
        )


def _span(missed: Missed) -> dict[str, Any]:
    return {
        "missed_from": missed.first,
        "missed_to": missed.last,
        "missed_count": missed.count,
    }

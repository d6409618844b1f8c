"""Compare, job by job, what is wanted of a scheduler backend with what it does."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from zoomauto.domain.entry import InstalledPiece, Piece
from zoomauto.domain.job import Job
from zoomauto.domain.occurrence import next_occurrence
from zoomauto.ports.clock import Clock
from zoomauto.ports.scheduler import Availability
from zoomauto.usecases.choose_backend import Choice
from zoomauto.usecases.plan_entries import EntryPlan, PlanEntries


class EntryState(StrEnum):
    """How the entries of one job stand."""

    #: Installed as wanted; for a job that is switched off, not installed.
    IN_SYNC = "in_sync"
    #: At least one of them is not there.
    MISSING = "missing"
    #: Someone else has changed them.
    EDITED = "edited"
    #: Installed for a job that is gone or switched off.
    ORPHANED = "orphaned"
    #: Zone rules have changed since, or they reach less than a year ahead.
    STALE = "stale"
    #: The job has changed since.
    OUTDATED = "outdated"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobEntries:
    """How one job's entries stand."""

    #: None for the safety net.
    slug: str | None
    #: None for a job that is gone.
    job: Job | None
    is_wanted: bool
    is_installed: bool
    state: EntryState
    #: By the backend's own word; it may start more often than the job occurs.
    next_start_at: datetime | None
    #: The next occurrence; None for a job that is switched off.
    next_run_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleStatus:
    """How a backend stands."""

    plan: EntryPlan
    availability: Availability
    jobs: tuple[JobEntries, ...]
    safety_net: JobEntries


@dataclass(frozen=True, kw_only=True)
class ShowSchedules:
    """Say what a backend of this host holds for an owner, and whether it is what is wanted."""

    clock: Clock
    plan: PlanEntries

    def __call__(self, owner: str, choice: Choice) -> ScheduleStatus:
        """Look at everything; change nothing. Raise as PlanEntries does."""
        plan = self.plan(owner, choice)
        scheduler = plan.backend.scheduler
        starts = scheduler.next_starts() if plan.installed else {}
        by_slug = {job.slug: job for job in plan.jobs}
        slugs = dict.fromkeys(
            (*by_slug, *(i.piece.job for i in plan.installed if i.piece.job is not None))
        )
        pieces = _PiecesByJob(plan)
        return ScheduleStatus(
            plan=plan,
            availability=scheduler.availability(),
            jobs=tuple(self._entries(pieces, slug, by_slug.get(slug), starts) for slug in slugs),
            safety_net=self._entries(pieces, None, None, {}),
        )

    def _entries(
        self,
        pieces: "_PiecesByJob",
        slug: str | None,
        job: Job | None,
        starts: Mapping[str, datetime],
    ) -> JobEntries:
        installed = pieces.installed[slug]
        is_active = job is not None and job.spec.is_active
        occurrence = (
            next_occurrence(job.spec.schedule, self.clock.now()) if job and is_active else None
        )
        state = _state(
            pieces.wanted[slug], pieces.earlier[slug], installed, is_renewed=pieces.is_renewed
        )
        return JobEntries(
            slug=slug,
            job=job,
            is_wanted=bool(pieces.wanted[slug]),
            is_installed=bool(installed) and state is not EntryState.MISSING,
            state=state,
            next_start_at=starts.get(slug) if slug else None,
            next_run_at=occurrence,
        )


class _PiecesByJob:
    """All pieces of a plan, sorted once by the slug of their job; None for the safety net's."""

    def __init__(self, plan: EntryPlan) -> None:
        self.wanted = _by_job(plan.pieces)
        self.earlier = _by_job(plan.earlier)
        self.installed: dict[str | None, list[InstalledPiece]] = defaultdict(list)
        for item in plan.installed:
            self.installed[item.piece.job].append(item)
        self.is_renewed = plan.renewal is not None


def _by_job(pieces: Iterable[Piece]) -> Mapping[str | None, list[Piece]]:
    found: dict[str | None, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.job].append(piece)
    return found


def _state(
    wanted: list[Piece],
    earlier: list[Piece],
    installed: list[InstalledPiece],
    *,
    is_renewed: bool,
) -> EntryState:
    there = sorted((item.piece for item in installed), key=_name)
    if any(item.is_edited for item in installed):
        return EntryState.EDITED
    # Nothing was computed earlier where nothing was ever applied: that says nothing.
    if there == sorted(wanted, key=_name) or (earlier and there == sorted(earlier, key=_name)):
        return EntryState.IN_SYNC
    if not wanted:
        return EntryState.ORPHANED
    if {piece.name for piece in wanted}.difference(piece.name for piece in there):
        return EntryState.MISSING
    return EntryState.STALE if is_renewed else EntryState.OUTDATED


def _name(piece: Piece) -> str:
    return piece.name

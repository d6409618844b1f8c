"""Show the exact text that a scheduler backend would get."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from zoomauto.domain.entry import Piece, Wanted, WantedJob
from zoomauto.domain.instant import as_utc
from zoomauto.domain.invocation import Invocation, Obstacle
from zoomauto.domain.schedule import Schedule
from zoomauto.domain.zone import zone_named
from zoomauto.ports.clock import Clock
from zoomauto.ports.scheduler import Schedulers
from zoomauto.ports.store import Store
from zoomauto.usecases.find_job import find_job
from zoomauto.usecases.plan_entries import start_of_day, wanted_job

#: Stands for slug and name of a schedule that no job has yet.
NAMELESS = "job"
#: Stands for an installation where there is no database to ask.
_NO_INSTALLATION = "00000000"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderRequest:
    """What is to be rendered, for which host."""

    owner: str
    backend: str
    scope: str = "user"
    #: IANA name; None for this host's.
    host_timezone: str | None = None
    #: The first day of the horizon; None for today.
    since: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """Exact text, piece by piece."""

    backend: str
    pieces: tuple[Piece, ...]
    #: The end of the horizon.
    until: datetime
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True, kw_only=True)
class RenderSchedules:
    """Render jobs, or a schedule alone. Nothing is installed."""

    clock: Clock
    schedulers: Schedulers
    invocation: Callable[[str], Invocation]
    host_timezone: str

    def schedule(self, request: RenderRequest, schedule: Schedule) -> Rendered:
        """Render a schedule as a job that has it would be; no database is needed."""
        job = WantedJob(slug=NAMELESS, name=NAMELESS, schedule=schedule)
        rendered = self._rendered(request, (job,), _NO_INSTALLATION)
        return _narrowed(rendered, {NAMELESS})

    def jobs(self, request: RenderRequest, references: Sequence[str], store: Store) -> Rendered:
        """Render these jobs' entries alone, or without any all active jobs and the safety net.

        Raise NotFound or Ambiguous.
        """
        with store.reading() as tx:
            installation = tx.applications.installation()
            if references:
                jobs = [find_job(tx, request.owner, reference) for reference in references]
            else:
                jobs = [job for job in tx.jobs.list(request.owner) if job.spec.is_active]
        # A job that is named twice is rendered once.
        wanted = tuple(wanted_job(job) for job in {job.id: job for job in jobs}.values())
        rendered = self._rendered(request, wanted, installation)
        return _narrowed(rendered, {job.slug for job in jobs}) if references else rendered

    def _rendered(
        self, request: RenderRequest, jobs: tuple[WantedJob, ...], installation: str
    ) -> Rendered:
        timezone = request.host_timezone or self.host_timezone
        zone = zone_named(timezone)
        invocation = self.invocation(request.scope)
        wanted = Wanted(
            owner=request.owner,
            installation=installation,
            program=invocation.words,
            host_timezone=timezone,
            start_at=self._start(request.since, zone),
            jobs=jobs,
            on_failure=invocation.on_failure,
        )
        scheduler = self.schedulers.open(
            request.backend,
            owner=request.owner,
            installation=installation,
            scope=request.scope,
        )
        return Rendered(
            backend=request.backend,
            pieces=scheduler.render(wanted),
            until=wanted.until,
            obstacles=invocation.obstacles,
        )

    def _start(self, since: date | None, zone: ZoneInfo) -> datetime:
        if since is None:
            return start_of_day(self.clock.now(), zone.key)
        return as_utc(datetime.combine(since, time(), zone))


def _narrowed(rendered: Rendered, slugs: set[str]) -> Rendered:
    return replace(rendered, pieces=tuple(p for p in rendered.pieces if p.job in slugs))

"""Plan what a scheduler backend should hold, and compare it with what it does hold."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from zoomauto.domain.application import reason_to_renew
from zoomauto.domain.entry import Drift, InstalledPiece, Piece, Wanted, WantedJob, drift
from zoomauto.domain.instant import as_utc
from zoomauto.domain.invocation import Invocation, Obstacle
from zoomauto.domain.job import Job
from zoomauto.domain.policy import shift_of
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store
from zoomauto.usecases.choose_backend import Backend, Choice, ChooseBackend
from zoomauto.usecases.find_obstacles import unreadable_secrets

#: A run ends itself after its timeout; this is for one that no longer can.
_LAST_CHANCE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class EntryPlan:
    """What a backend should hold and what it holds, at one moment."""

    backend: Backend
    #: The owner's jobs, active or not.
    jobs: tuple[Job, ...]
    wanted: Wanted
    pieces: tuple[Piece, ...]
    #: The same computed from where the last application was; what still equals it is up to date.
    earlier: tuple[Piece, ...] = ()
    installed: tuple[InstalledPiece, ...]
    #: Why the pieces were computed anew though no job has changed; None when they were not.
    renewal: str | None
    #: What keeps a scheduler from starting jobs as they are started here.
    obstacles: tuple[Obstacle, ...]

    @cached_property
    def drift(self) -> Drift:
        """The difference between wanted and installed."""
        return drift(self.pieces, self.installed)

    @property
    def is_in_sync(self) -> bool:
        """Whether there is nothing to change."""
        return not self.drift and not self.drift.edited


@dataclass(frozen=True, kw_only=True)
class PlanEntries:
    """Compare an owner's jobs with what a backend of this host holds."""

    store: Store
    clock: Clock
    choose: ChooseBackend
    #: Gives the words that call this program, by scope.
    invocation: Callable[[str], Invocation]
    #: IANA name of the zone on the clock of this host.
    host_timezone: str

    def __call__(self, owner: str, choice: Choice, *, without: Collection[str] = ()) -> EntryPlan:
        """Plan for every active job of the owner but those with a slug in ``without``.

        What was computed at the last application is kept while it holds good, so that nothing
        changes from one day to the next. Raise as ChooseBackend does.
        """
        backend = self.choose(owner, choice)
        invocation = self.invocation(backend.scope)
        with self.store.reading() as tx:
            jobs = tuple(job for job in tx.jobs.list(owner) if job.slug not in without)
            secrets = unreadable_secrets(tx, jobs, self.clock.now())
        fresh = Wanted(
            owner=owner,
            installation=backend.installation,
            program=invocation.words,
            host_timezone=self.host_timezone,
            start_at=start_of_day(self.clock.now(), self.host_timezone),
            jobs=tuple(wanted_job(job) for job in jobs if job.spec.is_active),
            on_failure=invocation.on_failure,
        )
        plan = EntryPlan(
            backend=backend,
            jobs=jobs,
            wanted=fresh,
            pieces=(),
            installed=backend.scheduler.installed(),
            renewal=self._renewal(backend, fresh),
            obstacles=(*invocation.obstacles, *secrets),
        )
        kept = None if plan.renewal else _as_computed_before(plan)
        # To compute everything is most of the work: not twice when nothing differs.
        if kept and not kept.drift:
            return kept
        pieces = backend.scheduler.render(fresh)
        return replace(plan, pieces=pieces, earlier=kept.pieces if kept else ())

    def _renewal(self, backend: Backend, wanted: Wanted) -> str | None:
        if backend.application is None:
            return None
        return reason_to_renew(backend.application, timezones_of(wanted), now=self.clock.now())


def timezones_of(wanted: Wanted) -> tuple[str, ...]:
    """Give the zones whose rules the entries depend on."""
    zones = (wanted.host_timezone, *(job.schedule.timezone for job in wanted.jobs))
    return tuple(dict.fromkeys(zones))


def wanted_job(job: Job) -> WantedJob:
    """Give what a scheduler backend needs to know of a job."""
    return WantedJob(
        slug=job.slug,
        name=job.name,
        schedule=job.spec.schedule,
        shift=shift_of(job),
        timeout=_patience(job),
    )


def _patience(job: Job) -> timedelta | None:
    """Give the time after which a run is ended from outside: it has had its own chance by then."""
    timeout = job.policies.timeout
    return None if timeout is None else timeout + _LAST_CHANCE


def start_of_day(now: datetime, timezone: str) -> datetime:
    """Give the midnight before ``now`` on the clock of ``timezone``."""
    zone = ZoneInfo(timezone)
    return as_utc(datetime.combine(now.astimezone(zone), time(), zone))


def _as_computed_before(plan: EntryPlan) -> EntryPlan | None:
    """Give the plan with the start of the last application; None when there was none."""
    application = plan.backend.application
    if application is None:
        return None
    span = application.until - application.start_at
    wanted = replace(plan.wanted, start_at=application.start_at, horizon=span)
    pieces = plan.backend.scheduler.render(wanted)
    return replace(plan, wanted=wanted, pieces=pieces, earlier=pieces)

"""Make a scheduler backend hold what the database says."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from zoomauto.domain.application import Application, zone_rules
from zoomauto.domain.entry import drift
from zoomauto.errors import ConfigurationError, TemporaryError, UsageError
from zoomauto.ports.clock import Clock
from zoomauto.ports.scheduler import Availability, Lingers
from zoomauto.ports.store import Store
from zoomauto.usecases.choose_backend import AUTO, LINGERING, Backend, Choice
from zoomauto.usecases.plan_entries import EntryPlan, PlanEntries, timezones_of

#: A user's manager takes a moment to begin after it was asked to.
_READY_WITHIN = timedelta(seconds=10)
_POLL = timedelta(milliseconds=200)


class Outcome(StrEnum):
    """What became of an application."""

    APPLIED = "applied"
    #: The backend held all of it already.
    UNCHANGED = "unchanged"
    #: Someone else has changed entries, and what they wrote may be wanted.
    REFUSED = "refused"
    #: Nothing was to be done.
    PLANNED = "planned"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplyRequest:
    """What is to be applied, and how far one may go."""

    choice: Choice = field(default_factory=Choice)
    dry_run: bool = False
    #: Overwrite what someone else has changed.
    force: bool = False
    #: Have the backend start jobs without a session too, where it can be told so.
    lingering: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What was found, and what became of it."""

    plan: EntryPlan
    outcome: Outcome
    #: Whether what the backend holds would be started here; None when it was refused.
    availability: Availability | None = None


@dataclass(frozen=True, kw_only=True)
class ApplySchedules:
    """Bring a backend of this host in line with an owner's jobs."""

    store: Store
    clock: Clock
    plan: PlanEntries
    #: This host's id.
    host: str

    def __call__(
        self, owner: str, request: ApplyRequest, *, without: Collection[str] = ()
    ) -> Applied:
        """Install what differs, and read it back; do nothing when nothing differs.

        Raise ConfigurationError for what a scheduler could not start as it is started here,
        TemporaryError when the backend does not hold what was written.
        """
        plan = self.plan(owner, _choice(request), without=without)
        _refuse_obstacles(plan)
        if plan.drift.edited and not request.force:
            return Applied(plan=plan, outcome=Outcome.REFUSED)
        if request.dry_run:
            availability = plan.backend.scheduler.availability()
            return Applied(plan=plan, outcome=Outcome.PLANNED, availability=availability)
        if request.lingering:
            self._linger(plan.backend)
        if not plan.is_in_sync:
            _install(plan)
        if not plan.is_in_sync or plan.renewal or plan.backend.application is None:
            self._remember(plan)
        return Applied(
            plan=plan,
            outcome=Outcome.UNCHANGED if plan.is_in_sync else Outcome.APPLIED,
            availability=plan.backend.scheduler.availability(),
        )

    def _linger(self, backend: Backend) -> None:
        """Have the backend start jobs without a session, and wait until it is ready to."""
        if not isinstance(backend.scheduler, Lingers):
            raise UsageError(f"{backend.name} needs no lingering")
        backend.scheduler.enable_lingering()
        until = self.clock.now() + _READY_WITHIN
        while not backend.scheduler.availability().usable and self.clock.now() < until:
            self.clock.sleep(_POLL)

    def _remember(self, plan: EntryPlan) -> None:
        wanted = plan.wanted
        application = Application(
            host=self.host,
            owner=wanted.owner,
            backend=plan.backend.name,
            scope=plan.backend.scope,
            applied_at=self.clock.now(),
            start_at=wanted.start_at,
            until=wanted.until,
            zone_rules=zone_rules(timezones_of(wanted), wanted.start_at, wanted.until),
        )
        with self.store.writing() as tx:
            tx.applications.save(application)


@dataclass(frozen=True, kw_only=True)
class UpdateEntries:
    """Follow a change of jobs, wherever on this host entries were applied before."""

    apply: ApplySchedules

    def __call__(self, owner: str, *, without: Collection[str] = ()) -> tuple[str, ...]:
        """Apply to each such backend, leaving jobs out that have a slug in ``without``.

        Give the backends that were changed. Raise UsageError for entries that were changed by
        hand, which stay, and what ApplySchedules raises.
        """
        changed = []
        for choice in self.apply.plan.choose.applied(owner):
            applied = self.apply(owner, ApplyRequest(choice=choice), without=without)
            if applied.outcome is Outcome.REFUSED:
                raise UsageError(
                    edited_by_hand(applied.plan),
                    hint="zoomauto schedule diff, then zoomauto schedule apply --force",
                )
            if applied.outcome is Outcome.APPLIED:
                changed.append(choice.backend)
        return tuple(changed)


@dataclass(frozen=True, kw_only=True)
class RefreshEntries:
    """Keep this host's entries good: other hosts change jobs, and decrees change zones."""

    update: UpdateEntries
    owner: str

    def __call__(self) -> str | None:
        """Update what differs. Say in words what was left alone, changed by hand; else None.

        Raise what ApplySchedules raises.
        """
        try:
            self.update(self.owner)
        except UsageError as error:
            return f"the entries on this host are left as they are: {error} (hint: {error.hint})"
        return None


def edited_by_hand(plan: EntryPlan) -> str:
    """Say which entries someone else has changed."""
    names = ", ".join(plan.drift.edited)
    return (
        f"{names} in {plan.backend.name} {'was' if len(plan.drift.edited) == 1 else 'were'}"
        " changed by hand"
    )


def _choice(request: ApplyRequest) -> Choice:
    # Where lingering is off, "auto" would take another backend, or find none.
    if request.lingering and request.choice.backend == AUTO:
        return replace(request.choice, backend=LINGERING)
    return request.choice


def _refuse_obstacles(plan: EntryPlan) -> None:
    if plan.obstacles:
        raise ConfigurationError(
            "; ".join(obstacle.message for obstacle in plan.obstacles),
            hint="; ".join(obstacle.hint for obstacle in plan.obstacles),
        )


def _install(plan: EntryPlan) -> None:
    scheduler = plan.backend.scheduler
    scheduler.install(plan.pieces)
    left = drift(plan.pieces, scheduler.installed())
    if left or left.edited:
        raise TemporaryError(
            f"{plan.backend.name} does not hold what was just written to it: something else"
            " changes it too",
            hint="zoomauto schedule diff",
        )

"""Create, change, copy, delete and show jobs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from zoomauto.domain.cron import minimum_interval
from zoomauto.domain.job import Job, JobSpec, slug_for
from zoomauto.domain.job_change import JobChange, changed_spec, new_spec
from zoomauto.domain.occurrence import next_occurrence
from zoomauto.domain.processing import check_processing_config
from zoomauto.domain.quota import check_interval, check_job_count
from zoomauto.domain.reference import resolve
from zoomauto.domain.schedule import cron_of, cron_text, describe, warnings
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store, Transaction
from zoomauto.usecases.find_job import find_job


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """A job with what follows from its schedule."""

    job: Job
    schedule_in_words: str
    #: The cron equivalent in the job's zone.
    cron: str
    #: None for a disabled job.
    next_run_at: datetime | None
    #: What a person should know about the schedule.
    warnings: tuple[str, ...] = ()
    #: Names of the templates, in the job's order; only where one job is looked at.
    templates: tuple[str, ...] = ()


def view(job: Job, now: datetime) -> JobView:
    """Show a job as it stands at ``now``."""
    spec = job.spec
    return JobView(
        job=job,
        schedule_in_words=describe(spec.schedule),
        cron=cron_text(spec.schedule),
        next_run_at=next_occurrence(spec.schedule, now) if spec.is_active else None,
        warnings=warnings(spec.schedule),
    )


@dataclass(frozen=True, kw_only=True)
class CreateJob:
    """Save a new job."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, change: JobChange) -> JobView:
        """Raise UsageError for what is unusable, QuotaExceeded, or AlreadyExists."""
        now = self.clock.now()
        with self.store.writing(owner=owner) as tx:
            spec = new_spec(change, _template_ids(tx, owner, change.templates or ()))
            return view(_add(tx, self.adapters, owner, spec, now), now)


@dataclass(frozen=True, kw_only=True)
class CopyJob:
    """Save a copy of a job under another name."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, reference: str, change: JobChange) -> JobView:
        """Copy the job that ``reference`` names, with ``change`` laid over it."""
        now = self.clock.now()
        with self.store.writing(owner=owner) as tx:
            job = find_job(tx, owner, reference)
            spec = _changed(tx, owner, job.spec, change)
            return view(_add(tx, self.adapters, owner, spec, now), now)


@dataclass(frozen=True, kw_only=True)
class UpdateJob:
    """Change a job; enabling and disabling are changes too."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, reference: str, change: JobChange) -> JobView:
        """Raise UsageError for what is unusable, or QuotaExceeded."""
        now = self.clock.now()
        with self.store.writing(owner=owner) as tx:
            job = find_job(tx, owner, reference)
            spec = _checked(tx, self.adapters, owner, _changed(tx, owner, job.spec, change))
            rescheduled = spec.schedule != job.spec.schedule
            enabled = spec.is_active and not job.spec.is_active
            if rescheduled or enabled:
                _check_quota(tx, owner, spec, jobs_after=len(tx.jobs.list(owner)))
            # An edit never starts a time that lay before it (contract, section 5: Missed).
            since = now if rescheduled or enabled else job.effective_from
            return view(tx.jobs.replace(job.id, spec, effective_from=since, now=now), now)


@dataclass(frozen=True, kw_only=True)
class DeleteJob:
    """Forget a job; its history stays and its recordings are released."""

    store: Store

    def __call__(self, owner: str, reference: str) -> Job:
        """Give the job as it was."""
        with self.store.writing(owner=owner) as tx:
            job = find_job(tx, owner, reference)
            tx.jobs.remove(job.id)
            return job


@dataclass(frozen=True, kw_only=True)
class ListJobs:
    """Show an owner's jobs."""

    store: Store
    clock: Clock

    def __call__(self, owner: str) -> Sequence[JobView]:
        """Give every job, by id."""
        now = self.clock.now()
        with self.store.reading() as tx:
            return [view(job, now) for job in tx.jobs.list(owner)]


@dataclass(frozen=True, kw_only=True)
class ShowJob:
    """Show one job."""

    store: Store
    clock: Clock

    def __call__(self, owner: str, reference: str) -> JobView:
        """Raise NotFound or Ambiguous."""
        with self.store.reading() as tx:
            job = find_job(tx, owner, reference)
            names = {template.id: template.name for template in tx.templates.list(owner)}
        templates = tuple(names[id_] for id_ in job.spec.template_ids if id_ in names)
        return replace(view(job, self.clock.now()), templates=templates)


def _template_ids(tx: Transaction, owner: str, references: Sequence[str]) -> tuple[int, ...]:
    templates = tx.templates.list(owner)
    found = (resolve(reference, templates, kind="template").id for reference in references)
    return tuple(dict.fromkeys(found))


def _changed(tx: Transaction, owner: str, base: JobSpec, change: JobChange) -> JobSpec:
    ids = base.template_ids
    if change.templates is not None:
        ids = _template_ids(tx, owner, change.templates)
    return changed_spec(base, change, ids)


def _checked(tx: Transaction, adapters: Adapters, owner: str, spec: JobSpec) -> JobSpec:
    options = adapters.stage_options(spec.processing_config)
    templates = {
        template.name: template.processing_config
        for template in tx.templates.list(owner)
        if template.id in spec.template_ids
    }
    config = check_processing_config(spec.processing_config, options, templates=templates)
    return replace(spec, processing_config=config)


def _add(tx: Transaction, adapters: Adapters, owner: str, spec: JobSpec, now: datetime) -> Job:
    jobs = tx.jobs.list(owner)
    _check_quota(tx, owner, spec, jobs_after=len(jobs) + 1)
    slug = slug_for(spec.name, {job.slug for job in jobs})
    return tx.jobs.add(owner, _checked(tx, adapters, owner, spec), slug=slug, now=now)


def _check_quota(tx: Transaction, owner: str, spec: JobSpec, *, jobs_after: int) -> None:
    quota = tx.quotas.get(owner)
    check_job_count(quota, owner=owner, jobs_after=jobs_after)
    check_interval(quota, owner=owner, interval=minimum_interval(cron_of(spec.schedule)))

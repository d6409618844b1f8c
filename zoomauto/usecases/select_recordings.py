"""From the recordings in reach to those that a job takes, each with its template."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from zoomauto.domain.job import Job
from zoomauto.domain.matching import Matcher, Undecided
from zoomauto.domain.naming import shown_name
from zoomauto.domain.recording import IN_BETWEEN, Recording, RecordingStatus
from zoomauto.domain.retry import must_wait
from zoomauto.domain.run import Counts
from zoomauto.domain.selection import Refusal, refusal
from zoomauto.domain.source import SourceConfig, Window
from zoomauto.domain.template import Template
from zoomauto.domain.window import sync_window
from zoomauto.errors import ConfigurationError
from zoomauto.ports.store import Transaction
from zoomauto.usecases.plan_recording import config_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a job works with, whenever it runs: templates in its order, and their sources."""

    templates: tuple[Template, ...]
    sources: tuple[SourceConfig, ...]
    #: Trouble with them, in words.
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """What a run looks at: templates in the job's order, sources, and a window per source."""

    job: Job
    templates: tuple[Template, ...]
    sources: tuple[SourceConfig, ...]
    #: Source id -> window.
    windows: Mapping[int, Window]
    job_names: Mapping[int, str]
    #: Trouble with the job's templates and sources, in words.
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """What a run found: what it takes, what it leaves, and why."""

    taken: tuple[tuple[Recording, Template], ...] = ()
    #: Not finished by their source; taken now, so that they are processed whenever they are.
    awaited: tuple[tuple[Recording, Template], ...] = ()
    refused: tuple[tuple[Recording, Refusal], ...] = ()
    unmatched: tuple[Recording, ...] = ()
    counts: Counts = field(default_factory=Counts)
    problems: tuple[str, ...] = ()


def is_usable(template: Template) -> bool:
    """Whether jobs may use the template."""
    return template.is_active and not template.is_draft


def _usable_templates(tx: Transaction, job: Job) -> tuple[Template, ...]:
    """Give the job's active templates that are no drafts, in the job's order.

    Raise ConfigurationError when there is none: such a job can never do anything.
    """
    found = [t for i in job.spec.template_ids if (t := tx.templates.get(i)) is not None]
    usable = tuple(t for t in found if is_usable(t))
    if usable:
        return usable
    names = ", ".join(repr(t.name) for t in found)
    raise ConfigurationError(
        f"job {job.name!r} has no active template (it names {names or 'none'})",
        hint=f"zoomauto template enable {found[0].name!r}" if found else "zoomauto job update",
    )


def _needed_sources(
    tx: Transaction, job: Job, templates: Sequence[Template]
) -> tuple[tuple[SourceConfig, ...], tuple[str, ...]]:
    """Give the active sources that the templates draw on, and what is wrong with the others.

    A template without sources means every active source of the owner.
    Raise ConfigurationError when nothing is left to look at.
    """
    everything = tx.sources.list(job.owner)
    wanted = {i for t in templates for i in t.rules.source_ids}
    if not all(t.rules.source_ids for t in templates):
        wanted |= {s.id for s in everything if s.is_active}
    active = tuple(s for s in everything if s.id in wanted and s.is_active)
    problems = tuple(
        f"source {s.name!r} is disabled" for s in everything if s.id in wanted and not s.is_active
    )
    if active:
        return active, problems
    raise ConfigurationError(
        f"job {job.name!r} has no active source",
        hint="zoomauto source add NAME --type folder --option path=/path",
    )


def select(
    recordings: Iterable[Recording], reach: Reach, *, now: datetime, scheduled: bool
) -> Selection:
    """Filter by who has taken it, status, blank and window; then the first template that matches.

    A recording that the job has taken keeps its template. What its source deletes by
    itself comes first, the nearest before all, then the oldest.
    """
    matcher = Matcher(reach.templates)
    taken: list[tuple[Recording, Template]] = []
    awaited: list[tuple[Recording, Template]] = []
    refused: list[tuple[Recording, Refusal]] = []
    unmatched: list[Recording] = []
    for recording in recordings:
        reason = _reason(recording, reach, now=now, scheduled=scheduled)
        if reason is not None:
            refused.append((recording, reason))
            awaited += _awaited(recording, reason, reach, matcher)
        elif template := _template(recording, reach, matcher):
            taken.append((recording, template))
        else:
            unmatched.append(recording)
    taken.sort(key=lambda pair: _urgency(pair[0]))
    return _counted(
        Selection(
            taken=tuple(taken),
            awaited=tuple(awaited),
            refused=tuple(refused),
            unmatched=tuple(unmatched),
            problems=(*reach.problems, *matcher.problems, *_orphans(unmatched, reach.job)),
        )
    )


def take_matched(
    tx: Transaction, selection: Selection, reach: Reach, *, now: datetime
) -> Selection:
    """Take what was selected for the job, all at once; give what is left of the selection.

    A run that is killed later has taken them all the same, and the next one carries them to the
    end although the window has moved on. Templates that only sync and match take nothing.
    """
    job = reach.job
    lost: list[tuple[Recording, Refusal]] = []
    for recording, template in (*selection.taken, *selection.awaited):
        is_taken = recording.taken_by_job_id is not None
        if is_taken or not config_of(template, job).flags.auto_process:
            continue
        if not tx.recordings.take(recording.id, job_id=job.id, template_id=template.id, now=now):
            lost.append((recording, Refusal(code="taken", reason="taken by another job meanwhile")))
    gone = {recording.id for recording, _ in lost}
    return _counted(
        replace(
            selection,
            taken=tuple(pair for pair in selection.taken if pair[0].id not in gone),
            refused=(
                *selection.refused,
                *(pair for pair in lost if pair[0].pending_reason is None),
            ),
        )
    )


def _urgency(recording: Recording) -> tuple[bool, datetime, datetime, int]:
    expires_at = recording.expires_at
    nearest = expires_at or recording.start_at
    return expires_at is None, nearest, recording.start_at, recording.id


def _counted(selection: Selection) -> Selection:
    matched, unmatched = len(selection.taken), len(selection.unmatched)
    skipped = len(selection.refused)
    found = matched + unmatched + skipped
    counts = Counts(found=found, matched=matched, unmatched=unmatched, skipped=skipped)
    return replace(selection, counts=counts)


def needs_of(tx: Transaction, job: Job) -> Needs:
    """Collect what ``job`` works with. Raise ConfigurationError when that is nothing."""
    templates = _usable_templates(tx, job)
    sources, problems = _needed_sources(tx, job, templates)
    return Needs(templates=templates, sources=sources, problems=problems)


def reach_of(tx: Transaction, job: Job, *, now: datetime, since: date | None = None) -> Reach:
    """Collect what a run of ``job`` looks at. Raise ConfigurationError when that is nothing."""
    needs = needs_of(tx, job)
    windows = {
        source.id: sync_window(
            now,
            timezone=job.spec.schedule.timezone,
            sync_days=job.spec.sync_days,
            source=source,
            since=since,
        )
        for source in needs.sources
    }
    return Reach(
        job=job,
        templates=needs.templates,
        sources=needs.sources,
        windows=windows,
        job_names={other.id: other.name for other in tx.jobs.list(job.owner)},
        problems=needs.problems,
    )


def recordings_in(tx: Transaction, reach: Reach) -> Iterator[Recording]:
    """Give the recordings in the windows, and all that the job has taken and not finished."""
    owner = reach.job.owner
    unfinished = (*IN_BETWEEN, RecordingStatus.INITIALIZED, RecordingStatus.FAILED)
    carried: set[int] = set()
    for recording in tx.recordings.find(owner, statuses=unfinished, taken_by=reach.job.id):
        if recording.source_id in reach.windows:
            carried.add(recording.id)
            yield recording
    since = min(window.start_at for window in reach.windows.values())
    for recording in tx.recordings.find(owner, source_ids=list(reach.windows), since=since):
        in_window = recording.start_at in reach.windows[recording.source_id]
        if in_window and recording.id not in carried:
            yield recording


def _reason(
    recording: Recording, reach: Reach, *, now: datetime, scheduled: bool
) -> Refusal | None:
    window = reach.windows[recording.source_id]
    reason = refusal(recording, reach.job, window=window, job_names=reach.job_names)
    if reason is None and scheduled and must_wait(recording, now=now):
        due = recording.next_attempt_at
        return Refusal(code="waiting", reason=f"failed; tried again from {due:%Y-%m-%d %H:%M} UTC")
    return reason


def _awaited(
    recording: Recording, reason: Refusal, reach: Reach, matcher: Matcher
) -> list[tuple[Recording, Template]]:
    """Say whether a recording that its source has not finished will be this job's."""
    if reason.code != "pending" or recording.taken_by_job_id is not None:
        return []
    ready = replace(recording, status=RecordingStatus.INITIALIZED, pending_reason=None)
    window = reach.windows[recording.source_id]
    if refusal(ready, reach.job, window=window, job_names=reach.job_names):
        return []
    template = _template(recording, reach, matcher)
    return [(recording, template)] if template else []


def _template(recording: Recording, reach: Reach, matcher: Matcher) -> Template | None:
    if recording.taken_by_job_id == reach.job.id:
        kept = (t for t in reach.templates if t.id == recording.template_id)
        if template := next(kept, None):
            return template
    match = matcher.first(recording.name, recording.source_id)
    if match is None or isinstance(match, Undecided):
        return None
    return match.template


def _orphans(unmatched: Sequence[Recording], job: Job) -> tuple[str, ...]:
    """Name what the job has begun with a template that it no longer has."""
    return tuple(
        f"recording {recording.id} ({shown_name(recording.name)}) was begun and no template of"
        f" the job takes it any more; zoomauto recording reset {recording.id} gives it free"
        for recording in unmatched
        if recording.taken_by_job_id == job.id
        and recording.status is not RecordingStatus.INITIALIZED
    )

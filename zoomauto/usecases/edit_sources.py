"""Add, change, remove, show and check sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from zoomauto.domain.hint import named
from zoomauto.domain.naming import shown_name
from zoomauto.domain.options import laid_over
from zoomauto.domain.recording import IN_BETWEEN, Recording, RecordingStatus
from zoomauto.domain.reference import resolve
from zoomauto.domain.source import Check, SourceConfig
from zoomauto.errors import InUse, UsageError
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.source import TrashChecking
from zoomauto.ports.store import Store, Transaction
from zoomauto.usecases.edit_templates import destination_parts, refuse_feedback

#: What a source deletes within this time is named by ``source check``.
SOON = timedelta(days=7)
_NAMED = 10
_UNFINISHED = frozenset(
    {
        RecordingStatus.PENDING_SOURCE,
        RecordingStatus.INITIALIZED,
        RecordingStatus.FAILED,
        *IN_BETWEEN,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceChange:
    """The parts of a source that are asked for; None leaves a part as it is."""

    name: str | None = None
    #: Laid over the options there are; an empty text takes an option away.
    options: Mapping[str, str] = field(default_factory=dict)
    #: Secret option -> reference, laid over likewise.
    secrets: Mapping[str, str] = field(default_factory=dict)
    is_active: bool | None = None


@dataclass(frozen=True, kw_only=True)
class AddSource:
    """Save a new source. Nothing is contacted; ``source check`` does that."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, type_name: str, change: SourceChange) -> SourceConfig:
        """Raise InvalidOptions, NotFound for an unknown type, or AlreadyExists."""
        now = self.clock.now()
        draft = SourceConfig(
            id=0, owner=owner, name="", type=type_name, created_at=now, updated_at=now
        )
        with self.store.writing(owner=owner) as tx:
            return tx.sources.add(_changed(tx, self.adapters, draft, change))


@dataclass(frozen=True, kw_only=True)
class UpdateSource:
    """Change a source; enabling and disabling are changes too."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, reference: str, change: SourceChange) -> SourceConfig:
        """Raise as AddSource does."""
        with self.store.writing(owner=owner) as tx:
            changed = _changed(tx, self.adapters, find_source(tx, owner, reference), change)
            return tx.sources.replace(replace(changed, updated_at=self.clock.now()))


@dataclass(frozen=True, kw_only=True)
class RemoveSource:
    """Forget a source that no template names, with what is known of its recordings."""

    store: Store

    def __call__(self, owner: str, reference: str) -> SourceConfig:
        """Raise InUse when a template is narrowed to it."""
        with self.store.writing(owner=owner) as tx:
            source = find_source(tx, owner, reference)
            users = [t.name for t in tx.templates.list(owner) if source.id in t.rules.source_ids]
            if users:
                raise InUse(
                    f"source {source.name!r} is named by the template{'s' * (len(users) > 1)}"
                    f" {', '.join(map(repr, users))}",
                    hint=f"zoomauto source disable {source.name!r}, or change the template first",
                )
            tx.sources.remove(source.id)
            return source


@dataclass(frozen=True, kw_only=True)
class ListSources:
    """Show an owner's sources."""

    store: Store

    def __call__(self, owner: str) -> Sequence[SourceConfig]:
        """Give every source, by id."""
        with self.store.reading() as tx:
            return tx.sources.list(owner)


@dataclass(frozen=True, kw_only=True)
class ShowSource:
    """Show one source."""

    store: Store

    def __call__(self, owner: str, reference: str) -> SourceConfig:
        """Raise NotFound or Ambiguous."""
        with self.store.reading() as tx:
            return find_source(tx, owner, reference)


@dataclass(frozen=True, kw_only=True)
class CheckSource:
    """Prove that a source works, and say what it is about to delete unprocessed."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, reference: str) -> tuple[Check, ...]:
        """Contact the source; say fact by fact what works and what is missing."""
        with self.store.reading() as tx:
            source = find_source(tx, owner, reference)
            lost = _soon_lost(tx, source, self.clock.now() + SOON)
            trashes = _may_trash(tx, source)
        opened = self.adapters.source(source)
        found = [*opened.check(), *_lost_check(lost)]
        if trashes and isinstance(opened, TrashChecking):
            found += opened.check_trash()
        return tuple(replace(check, detail=named(check.detail, source.name)) for check in found)


def _may_trash(tx: Transaction, source: SourceConfig) -> bool:
    """Whether a template asks that recordings of the source go into its trash."""
    return any(
        template.is_active
        and template.output.delete_from_source == "trash"
        and (not template.rules.source_ids or source.id in template.rules.source_ids)
        for template in tx.templates.list(source.owner)
    )


def _soon_lost(tx: Transaction, source: SourceConfig, before: datetime) -> list[Recording]:
    """Give what the source deletes before then and no active job takes, the nearest first."""
    active = {job.id for job in tx.jobs.list(source.owner) if job.spec.is_active}
    found = [
        (recording.expires_at, recording.id, recording)
        for recording in tx.recordings.find(
            source.owner, statuses=_UNFINISHED, source_ids=(source.id,)
        )
        if recording.expires_at is not None
        and recording.expires_at <= before
        and recording.taken_by_job_id not in active
    ]
    return [recording for *_, recording in sorted(found)]


def _lost_check(lost: Sequence[Recording]) -> tuple[Check, ...]:
    if not lost:
        return ()
    listed = ", ".join(
        f"{r.id} {shown_name(r.name) or '(no name)'!r} on {r.expires_at:%Y-%m-%d}"
        for r in lost[:_NAMED]
    )
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    detail = f"no active job takes {len(lost)} that go within {SOON.days} days: {listed}{more}"
    return (Check(name="soon lost", ok=True, detail=detail),)


def find_source(tx: Transaction, owner: str, reference: str) -> SourceConfig:
    """Find the source that ``reference`` names: an id or the exact name."""
    return resolve(reference, tx.sources.list(owner), kind="source")


def _changed(
    tx: Transaction, adapters: Adapters, base: SourceConfig, change: SourceChange
) -> SourceConfig:
    name = base.name if change.name is None else change.name
    if not name.strip():
        raise UsageError("a source needs a name")
    secrets = laid_over(base.secrets, change.secrets)
    options = laid_over(base.options, change.options)
    source = replace(
        base,
        name=name,
        options=adapters.check_source(base.type, options, secrets),
        secrets=secrets,
        is_active=base.is_active if change.is_active is None else change.is_active,
    )
    stored = tx.destinations.list(base.owner)
    for template in tx.templates.list(base.owner):
        for reference in template.output.destinations:
            type_name, published, _ = destination_parts(reference, stored)
            refuse_feedback(adapters, source, reference, type_name, published)
    return source

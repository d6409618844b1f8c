"""Jobs: saved, named automations."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zoomauto.domain.policy import Policies
from zoomauto.domain.recording import RecordingStatus
from zoomauto.domain.run import RunStatus
from zoomauto.domain.schedule import Schedule

DEFAULT_SYNC_DAYS = 2
MAX_SYNC_DAYS = 30

#: Leaves room for a prefix and a suffix in file names of 255 bytes.
MAX_SLUG = 63


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSpec:
    """What a person decides about a job: the part of it that can be written in a document."""

    name: str
    description: str = ""
    #: In this order; the first template that matches wins.
    template_ids: tuple[int, ...] = ()
    schedule: Schedule
    #: How many local calendar days are listed, today included. 1 to 30.
    sync_days: int = DEFAULT_SYNC_DAYS
    #: Statuses a recording may have to be started.
    statuses: tuple[RecordingStatus, ...] = (RecordingStatus.INITIALIZED,)
    exclude_blank: bool = True
    #: Overrides the templates' processing config, key by key.
    processing_config: Mapping[str, Any] = field(default_factory=dict)
    is_active: bool = True
    policies: Policies = field(default_factory=Policies)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A saved job: what was decided, and what happened since."""

    id: int
    owner: str
    #: Unique per owner, ``[a-z0-9-]``, fixed at creation; used in entries and unit names.
    slug: str
    spec: JobSpec
    #: An occurrence before this instant is never started: edits do not reach back.
    effective_from: datetime
    created_at: datetime
    updated_at: datetime
    #: Start of the newest run that was not skipped.
    last_run_at: datetime | None = None
    last_status: RunStatus | None = None
    #: Runs that were not skipped.
    run_count: int = 0
    #: How many of the newest runs failed, one after the other.
    failures_in_row: int = 0
    #: Why it was switched off by itself; None for a job that was not.
    paused_reason: str | None = None

    @property
    def name(self) -> str:
        """The job's name: any text, unique per owner."""
        return self.spec.name

    @property
    def policies(self) -> Policies:
        """What becomes of occurrences when not everything goes well."""
        return self.spec.policies


def slug_for(name: str, taken: Collection[str]) -> str | None:
    """Make a slug from a job's name that is not in ``taken``.

    None when the name has no letter or digit to make one of; the job is then called ``job-ID``.
    """
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_SLUG].strip("-")
    if not base:
        return None
    if base not in taken:
        return base
    numbers = (f"{base[: MAX_SLUG - 6]}-{n}" for n in range(2, len(taken) + 3))
    return next(slug for slug in numbers if slug not in taken)

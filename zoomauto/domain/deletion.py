"""Deleting at the source what is published: when it may be done, and the record of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from zoomauto.domain.artifact import Artifact, Checkpoint, Publication
from zoomauto.domain.pipeline import main_files, stage_fingerprint
from zoomauto.domain.recording import Recording
from zoomauto.domain.template import OutputConfig


class DeletionAction(StrEnum):
    """What is asked of a source."""

    #: Put the recording where the source keeps it for a while.
    TRASH = "trash"
    #: Take it back from there.
    RECOVER = "recover"


#: The outcome of what was done.
DONE = "done"
#: The outcome when the source had lost the recording before, and not through us.
GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletion:
    """One thing asked of a source, written down before it is asked.

    The row outlives the recording and the source.
    """

    id: int = 0
    recording_id: int
    source_id: int
    #: The recording's key at the source.
    key: str
    action: DeletionAction
    at: datetime
    #: The run that asked; None for a person.
    run_id: int | None = None
    #: ``done``, ``gone``, ``failed: ...`` or ``unknown: ...``; None while it is under way, and
    #: for ever when the process died.
    outcome: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it is known what became of the recording."""
        return self.outcome in {DONE, GONE}

    @property
    def may_have_happened(self) -> bool:
        """Whether the source may have done it without our hearing of it."""
        return self.outcome is None or self.outcome.startswith("unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trashed:
    """What a run did, or would do, with one published recording at its source."""

    recording_id: int
    name: str
    source: str
    #: As in :class:`Deletion`; None in a dry run.
    outcome: str | None = None


def outcome_of_failure(error: str, *, is_certain: bool) -> str:
    """Give the outcome of what failed; not certain when only the answer may have been lost."""
    return f"{'failed' if is_certain else 'unknown'}: {error}"


def newest_settled(history: Sequence[Deletion]) -> Deletion | None:
    """Give the deletion that says where the recording stands. ``history`` is oldest first."""
    return next((d for d in reversed(history) if d.is_settled), None)


def trashed_at(history: Sequence[Deletion]) -> datetime | None:
    """Say since when a recording lies in its source's trash; None when it does not."""
    newest = newest_settled(history)
    if newest is None or newest.action is not DeletionAction.TRASH or newest.outcome != DONE:
        return None
    return newest.at


def was_unheard(history: Sequence[Deletion]) -> bool:
    """Whether the newest request to trash it may have been carried out without our knowing."""
    trashing = [d for d in history if d.action is DeletionAction.TRASH]
    return bool(trashing) and trashing[-1].may_have_happened


def proof_of_publication(
    recording: Recording,
    *,
    checkpoints: Sequence[Checkpoint],
    publications: Sequence[Publication],
    output: OutputConfig,
) -> tuple[Publication, ...]:
    """Give a publication of every artifact wherever it is wanted; nothing when one is missing.

    Only what was made from the source's present bytes counts, and every picture or sound that
    the source holds must be among it.
    """
    current = [c for c in checkpoints if c.fingerprint == stage_fingerprint(c.stage, recording)]
    newest: dict[str, Artifact] = {a.file_key: a for c in current for a in c.artifacts}
    known = {(p.destination, p.file_key, p.sha256): p for p in publications}
    needed = [
        (name, a.file_key, a.sha256)
        for name in output.destinations
        for a in newest.values()
        if output.is_wanted(a.kind, at=name)
    ]
    held = {file.key for file in main_files(recording.files)}
    is_complete = held <= {key for _, key, _ in needed}
    if not held or not is_complete or "upload" not in {c.stage for c in current}:
        return ()
    return tuple(known[key] for key in needed) if known.keys() >= set(needed) else ()

"""Take a recording back out of its source's trash."""

from dataclasses import dataclass

from zoomauto.domain.deletion import (
    DONE,
    Deletion,
    DeletionAction,
    newest_settled,
    outcome_of_failure,
    was_unheard,
)
from zoomauto.domain.hint import named
from zoomauto.domain.recording import Recording
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.verdict import failure_text
from zoomauto.errors import NotFound, TemporaryError, UsageError, ZoomautoError
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.source import Trashing
from zoomauto.ports.store import Store, Transaction
from zoomauto.usecases.edit_recordings import RecordingView, find_recording, view_recording


@dataclass(frozen=True, kw_only=True)
class UndeleteRecording:
    """Recover at its source what a run has put into the trash there; no run does so again."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, recording_id: int) -> RecordingView:
        """Raise UsageError for a recording that was not trashed, and what the source raises."""
        with self.store.reading() as tx:
            recording = find_recording(tx, owner, recording_id)
            _require_trashed(tx, recording)
            config = tx.sources.get(recording.source_id)
        source = self._opened(config, recording)
        with self.store.writing(owner=owner) as tx:
            begun = tx.deletions.begin(
                Deletion(
                    recording_id=recording.id,
                    source_id=recording.source_id,
                    key=recording.key,
                    action=DeletionAction.RECOVER,
                    at=self.clock.now(),
                )
            )
        self._recover(source, begun, name=config.name if config else "")
        with self.store.reading() as tx:
            return view_recording(tx, recording)

    def _opened(self, config: SourceConfig | None, recording: Recording) -> Trashing:
        if config is None:
            raise NotFound(f"the source of recording {recording.id} has been removed meanwhile")
        source = self.adapters.source(config)
        if not isinstance(source, Trashing):
            raise UsageError(f"source {config.name!r} has no trash")
        return source

    def _recover(self, source: Trashing, begun: Deletion, *, name: str) -> None:
        outcome = DONE
        try:
            source.recover(begun.key)
        except Exception as error:
            is_certain = not isinstance(error, TemporaryError)
            outcome = outcome_of_failure(failure_text(error), is_certain=is_certain)
            if isinstance(error, ZoomautoError) and error.hint:
                raise error.saying(error.message, hint=named(error.hint, name)) from error
            raise
        finally:
            with self.store.writing() as tx:
                tx.deletions.finish(begun.id, outcome)


def _require_trashed(tx: Transaction, recording: Recording) -> None:
    history = tx.deletions.of(recording.id)
    newest = newest_settled(history)
    is_trashed = newest is not None and newest.action is DeletionAction.TRASH
    if not is_trashed and not was_unheard(history):
        raise UsageError(
            f"no run has put recording {recording.id} into the trash, or it was taken back since",
            hint=f"zoomauto recording show {recording.id}",
        )

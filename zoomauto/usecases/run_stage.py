"""Run one stage of one recording: tried again where that may help, what it made sealed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from zoomauto.domain.artifact import Artifact, Publication
from zoomauto.domain.retry import ATTEMPT_GAPS, pause
from zoomauto.domain.source import DestinationConfig
from zoomauto.errors import TemporaryError
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.destination import Destination
from zoomauto.ports.progress import Progress
from zoomauto.ports.stage import Produced, StageContext, StageResult
from zoomauto.ports.workspace import Workspace
from zoomauto.usecases.edit_templates import destination_parts
from zoomauto.usecases.plan_recording import Assignment
from zoomauto.usecases.unopened import Unopened

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One stage of one recording, with what is known before it runs."""

    stage: str
    assignment: Assignment
    #: The newest artifact of each recording file.
    inputs: tuple[Artifact, ...]
    publications: tuple[Publication, ...]
    #: The owner's named destinations.
    destinations: Sequence[DestinationConfig]
    #: Saves a publication at once.
    published: Callable[[Publication], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a stage did, and what it made."""

    result: StageResult
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, kw_only=True)
class RunStage:
    """Run a stage, up to three times."""

    clock: Clock
    adapters: Adapters
    workspace: Workspace
    progress: Progress

    def __call__(self, step: Step, *, check: Callable[[], None]) -> Outcome:
        """Raise what the last attempt raises; ``check`` ends the waiting by raising, too."""
        for gap in ATTEMPT_GAPS:
            try:
                return self._attempt(step)
            except TemporaryError as error:
                wait = pause(error, gap, now=self.clock.now())
                if wait is None:
                    raise
                recording_id = step.assignment.recording.id
                extra = {"action": "retry", "recording_id": recording_id, "stage": step.stage}
                seconds = wait.total_seconds()
                logger.info("%s: %s; again in %.0f s", step.stage, error, seconds, extra=extra)
            self.clock.sleep(wait)
            check()
        return self._attempt(step)

    def _attempt(self, step: Step) -> Outcome:
        table = step.assignment.config.tables.get(step.stage, {})
        stage = self.adapters.stage(step.stage, table)
        result = stage.run(self._context(step))
        sealed = tuple(self._sealed(step, produced) for produced in result.produced)
        return Outcome(result=result, artifacts=sealed)

    def _context(self, step: Step) -> StageContext:
        assignment = step.assignment
        return StageContext(
            recording=assignment.recording,
            template=assignment.template,
            source_name=assignment.source.name,
            folder=self.workspace.folder(assignment.recording.id),
            inputs=step.inputs,
            source=self.adapters.source(assignment.source),
            destinations=self._destinations(step),
            progress=self.progress,
            clock=self.clock,
            timezone=assignment.job.spec.schedule.timezone,
            published=step.published,
            publications=step.publications,
        )

    def _destinations(self, step: Step) -> Mapping[str, Destination]:
        if step.stage != "upload":
            return {}
        output = step.assignment.template.output
        return {reference: self._opened(reference, step) for reference in output.destinations}

    def _opened(self, reference: str, step: Step) -> Destination:
        try:
            parts = destination_parts(reference, step.destinations)
            return self.adapters.destination(*parts)
        except Exception as error:  # noqa: BLE001 - the stage meets it, and reports it
            return Unopened(error=error)

    def _sealed(self, step: Step, produced: Produced) -> Artifact:
        """Flush, measure and hash what a stage wrote; refuse bytes that changed on the way."""
        recording_id = step.assignment.recording.id
        sealed = self.workspace.seal(produced.path)
        if produced.sha256 is not None and produced.sha256 != sealed.sha256:
            raise TemporaryError(f"{produced.path.name}: the copy differs from what was read")
        folder = self.workspace.folder(recording_id)
        return Artifact(
            recording_id=recording_id,
            stage=step.stage,
            file_key=produced.file_key,
            kind=produced.kind,
            path=PurePath(produced.path).relative_to(folder).as_posix(),
            size_bytes=sealed.size_bytes,
            sha256=sealed.sha256,
            details=produced.details,
        )

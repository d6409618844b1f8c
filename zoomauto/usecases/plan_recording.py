"""From a recording and its template to the plan of its stages; nothing happens yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from zoomauto.domain.artifact import Checkpoint
from zoomauto.domain.job import Job
from zoomauto.domain.pipeline import Plan, plan, stage_fingerprint
from zoomauto.domain.processing import STAGES, ProcessingConfig, cascade
from zoomauto.domain.recording import Recording
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.template import Template
from zoomauto.ports.adapters import Adapters

_NEED_TRANSCRIPT = ("subtitles", "topics")


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """One recording with everything that decides what becomes of it."""

    recording: Recording
    template: Template
    job: Job
    source: SourceConfig

    @property
    def config(self) -> ProcessingConfig:
        """The processing config: job over template over defaults."""
        return config_of(self.template, self.job)


def config_of(template: Template, job: Job) -> ProcessingConfig:
    """Give the processing config: job over template over defaults."""
    return cascade(template.processing_config, job.spec.processing_config)


def plan_for(assignment: Assignment, adapters: Adapters, checkpoints: Sequence[Checkpoint]) -> Plan:
    """Plan the stages of a recording from what there is and what is done."""
    recording = assignment.recording
    done = {c.stage for c in checkpoints if c.fingerprint == stage_fingerprint(c.stage, recording)}
    extra = [name for name in assignment.config.tables if name not in STAGES]
    return plan(
        assignment.config.flags,
        done=done,
        unavailable=_unavailable(assignment, adapters) | _declined(assignment, adapters, extra),
        extra={name: adapters.stage_place(name) for name in extra},
    )


def _unavailable(assignment: Assignment, adapters: Adapters) -> dict[str, str]:
    config, template = assignment.config, assignment.template
    known = adapters.stage_options()
    reasons = {name: "it is not installed" for name in STAGES if name not in known}
    for name in known:
        stage = adapters.stage(name, config.tables.get(name, {}))
        if reason := stage.unavailable(assignment.recording):
            reasons[name] = reason
    if "transcription" in reasons or config.flags.skip_transcription:
        reasons |= dict.fromkeys(_NEED_TRANSCRIPT, "there is no transcript")
    if not template.output.destinations:
        reasons["upload"] = f"template {template.name!r} has no destination"
    return reasons


def _declined(assignment: Assignment, adapters: Adapters, extra: Sequence[str]) -> dict[str, str]:
    """Say which stages of third parties have nothing to do, in their own words.

    One that is broken or not installed is planned all the same: running it says why, and nothing
    is published without it.
    """
    reasons = {}
    for name in extra:
        try:
            stage = adapters.stage(name, assignment.config.tables[name])
            reason = stage.unavailable(assignment.recording)
        except Exception:  # noqa: BLE001, S112 - met again when it runs, where it is reported
            continue
        if reason:
            reasons[name] = reason
    return reasons

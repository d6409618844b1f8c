"""From a recording and its template to the plan of its stages; nothing happens yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoomauto.domain.artifact import Checkpoint
from zoomauto.domain.job import Job
from zoomauto.domain.pipeline import Plan, plan
from zoomauto.domain.processing import ProcessingConfig, cascade
from zoomauto.domain.recording import Recording
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.template import Template
from zoomauto.ports.adapters import Adapters


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
    done = {c.stage for c in checkpoints if c.fingerprint == recording.fingerprint}
    unavailable = _unavailable(adapters.stage_options(), assignment.template)
    return plan(assignment.config.flags, done=done, unavailable=unavailable)


def _unavailable(options_of: Mapping[str, type], template: Template) -> dict[str, str]:
    reasons = {}
    if "transcription" not in options_of:
        reasons["transcription"] = "no engine is configured"
    for stage in ("subtitles", "topics"):
        if stage not in options_of or "transcription" in reasons:
            reasons[stage] = "there is no transcript"
    if not template.output.destinations:
        reasons["upload"] = f"template {template.name!r} has no destination"
    return reasons

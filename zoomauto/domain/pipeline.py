"""The order of the stages, and which of them a recording still needs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from zoomauto.domain.processing import STAGES, Flags
from zoomauto.domain.recording import FileKind, Recording, RecordingFile, RecordingStatus

#: The status of a recording while a stage works on it, and once it is done.
STATUS_WHILE = {
    "download": RecordingStatus.DOWNLOADING,
    "trim": RecordingStatus.PROCESSING,
    "transcription": RecordingStatus.TRANSCRIBING,
    "subtitles": RecordingStatus.TRANSCRIBING,
    "topics": RecordingStatus.TRANSCRIBING,
    "upload": RecordingStatus.UPLOADING,
}
STATUS_AFTER = {
    "download": RecordingStatus.DOWNLOADED,
    "trim": RecordingStatus.PROCESSED,
    "transcription": RecordingStatus.TRANSCRIBED,
    "subtitles": RecordingStatus.TRANSCRIBED,
    "topics": RecordingStatus.TRANSCRIBED,
    "upload": RecordingStatus.UPLOADED,
}

#: The stages that work on words; a late transcript makes them necessary again.
_WORKS_ON_WORDS = frozenset({"transcription", "subtitles", "topics"})

_NO_EXTRA: Mapping[str, str] = MappingProxyType({})
_UNTOUCHED = RecordingStatus.INITIALIZED

#: Seconds per byte of video on two cores with the system's ffmpeg, measured on an hour of 720p
#: (469 MB): copy with flush and two hashes 1.6 s, scan and cut 2.6 s.
_ON_DISK = 3.4e-9
_TRIMMED = 5.5e-9
#: Over a network of 100 Mbit/s: nobody knows it beforehand.
_OVER_NETWORK = 8e-8


class Action(StrEnum):
    """What a plan says of a stage."""

    RUN = "run"
    DONE = "done"
    SKIP = "skip"
    UNAVAILABLE = "not available"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStage:
    """One line of a plan."""

    name: str
    action: Action
    #: Why it is skipped or not available.
    reason: str = ""
    #: For a stage of a third party: the one of ours that it follows.
    follows: str = ""

    def __str__(self) -> str:
        return f"{self.action}: {self.reason}" if self.reason else str(self.action)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The ordered stages of one recording before anything happens."""

    stages: tuple[PlannedStage, ...]

    @property
    def to_run(self) -> tuple[str, ...]:
        """The stages that will run, in order."""
        return tuple(s.name for s in self.stages if s.action is Action.RUN)

    @property
    def done(self) -> tuple[str, ...]:
        """The stages whose checkpoints count, in order."""
        return tuple(s.name for s in self.stages if s.action is Action.DONE)

    def status_while(self, name: str) -> RecordingStatus:
        """Give the status of a recording while a stage works on it.

        A stage of a third party shares that of the one it follows.
        """
        follows = next((s.follows for s in self.stages if s.name == name), "")
        return STATUS_WHILE[follows or name]

    @property
    def words(self) -> dict[str, str]:
        """Stage -> what the plan says of it."""
        return {stage.name: str(stage) for stage in self.stages}


def ordered(extra: Mapping[str, str]) -> tuple[str, ...]:
    """Give every stage in order; each of ``extra`` stands behind the one of ours it follows."""
    return tuple(
        name
        for ours in STAGES
        for name in (ours, *sorted(stage for stage, follows in extra.items() if follows == ours))
    )


def plan(
    flags: Flags,
    *,
    done: Collection[str],
    unavailable: Mapping[str, str],
    extra: Mapping[str, str] = _NO_EXTRA,
) -> Plan:
    """Decide stage by stage: run, done, skip, or not available with the reason.

    ``extra``: stages of third parties -> the stage of ours that each follows.
    A finished stage counts as done only while every stage before it does: what is made again
    upstream is made again downstream.
    """
    stages: list[PlannedStage] = []
    running = False
    for name in ordered(extra):
        stage = _planned(name, flags, done=done, unavailable=unavailable, rerun=running)
        stage = replace(stage, follows=extra.get(name, ""))
        running = running or stage.action is Action.RUN
        stages.append(stage)
    return Plan(stages=tuple(stages))


def stage_fingerprint(stage: str, recording: Recording) -> str:
    """Give what a stage's checkpoint depends on: the source's media, and its texts where used."""
    if stage in _WORKS_ON_WORDS:
        return f"{recording.fingerprint} {recording.texts_fingerprint}"
    return recording.fingerprint


def resting_status(done: Collection[str]) -> RecordingStatus:
    """Give the status of a recording that no stage works on, by the stages that are done.

    Those of third parties change nothing.
    """
    return next((STATUS_AFTER[s] for s in reversed(STAGES) if s in done), _UNTOUCHED)


def main_files(files: tuple[RecordingFile, ...]) -> tuple[RecordingFile, ...]:
    """Give the files that are processed: the videos, or the audio when there is no video."""
    videos = tuple(f for f in files if f.kind is FileKind.VIDEO)
    return videos or tuple(f for f in files if f.kind is FileKind.AUDIO)


def estimated_times(
    plan: Plan, size_bytes: int, *, is_source_local: bool, disks: int, networks: int
) -> dict[str, timedelta]:
    """Estimate how long each stage to run takes for ``size_bytes`` of media.

    ``disks`` and ``networks`` count the destinations on a disk of this machine, and the others.
    Left out is what depends on something else than size: an engine, a model.
    """
    per_byte = {
        "download": _ON_DISK if is_source_local else _OVER_NETWORK,
        "trim": _TRIMMED,
        "upload": disks * _ON_DISK + networks * _OVER_NETWORK,
    }
    return {
        name: timedelta(seconds=round(per_byte[name] * size_bytes, 1))
        for name in plan.to_run
        if name in per_byte
    }


def _planned(
    name: str,
    flags: Flags,
    *,
    done: Collection[str],
    unavailable: Mapping[str, str],
    rerun: bool,
) -> PlannedStage:
    if reason := _skip_reason(name, flags):
        return PlannedStage(name=name, action=Action.SKIP, reason=reason)
    if name in unavailable:
        return PlannedStage(name=name, action=Action.UNAVAILABLE, reason=unavailable[name])
    action = Action.DONE if name in done and not rerun else Action.RUN
    return PlannedStage(name=name, action=action)


def _skip_reason(name: str, flags: Flags) -> str | None:
    if not flags.auto_process:
        return "auto_process is off"
    if name == "upload" and not flags.auto_upload:
        return "auto_upload is off"
    if getattr(flags, f"skip_{name}", False):
        return f"skip_{name} is on"
    return None

"""Asking engines, one after the other, until one writes down what can be believed."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from zoomauto.domain.transcript import Transcript
from zoomauto.errors import DiskFull, ZoomautoError
from zoomauto.media.probe import probe
from zoomauto.media.silence import Silence, listen
from zoomauto.media.tools import Tools
from zoomauto.ports.progress import Progress
from zoomauto.stages.transcription.attempts import Attempts, Implausible
from zoomauto.stages.transcription.command import CommandEngine
from zoomauto.stages.transcription.doubt import doubt, doubt_of_unheard, heard
from zoomauto.stages.transcription.engine import Engine, Speech
from zoomauto.stages.transcription.http_engine import HttpEngine
from zoomauto.stages.transcription.options import TranscriptionOptions
from zoomauto.stages.transcription.whisper import WhisperEngine

#: Quieter than what the trim stage cuts: here it must be silence for sure.
_PAUSE = Silence(threshold_db=-45.0, length=timedelta(seconds=0.4))


class _Makes(Protocol):
    def __call__(self, options: TranscriptionOptions, tools: Tools) -> Engine: ...


_ENGINES: Mapping[str, _Makes] = {
    "http": HttpEngine,
    "faster-whisper": WhisperEngine,
    "command": CommandEngine,
}


class Chain:
    """The configured engines; each is made when its turn comes, once."""

    def __init__(self, options: TranscriptionOptions, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._timeout = timedelta(seconds=options.timeout_seconds)
        self._made: dict[str, Engine] = {}

    def close(self) -> None:
        """Let go of what the engines hold."""
        for engine in self._made.values():
            engine.close()

    def ask(self, path: Path, room: Path, progress: Progress, attempts: Attempts) -> None:
        """Have a file's speech written down; tell ``attempts`` how that went.

        ``room`` is a folder that is made and emptied for each engine. Raise CorruptMedia when the
        file cannot be heard, DiskFull when its sound does not fit.
        """
        info = probe(path, self._tools.ffmpeg)
        if not info.has_audio:
            attempts.nothing = "it has no sound"
            return
        sound = listen(path, self._tools.ffmpeg, _PAUSE, timeout=self._timeout)
        if sound.is_silent:
            attempts.nothing = "nothing is heard"
            return
        total = sound.length.total_seconds()
        for name in self._options.engines:
            label = f"transcribe {path.name} with {name}"
            with _emptied(room), progress.step(label, total=total, unit="seconds") as step:
                speech = Speech(
                    path=path,
                    container=info.container,
                    length=sound.length,
                    silences=sound.silences,
                    folder=room,
                    advance=step.advance,
                )
                self._try(name, speech, attempts)
            if attempts.transcript is not None or attempts.nothing:
                return

    def _try(self, name: str, speech: Speech, attempts: Attempts) -> None:
        try:
            told = self._engine(name).transcribe(speech)
            believed = _believed(told, speech)
        except DiskFull:
            raise
        except ZoomautoError as error:
            attempts.failures.append(error)
            attempts.misses.append(f"{name}: {error}")
            return
        left_out = len(told.cues) - len(believed.cues)
        if left_out:
            attempts.misses.append(f"left out, over silence: {left_out}")
        if believed.cues:
            attempts.transcript = believed
        else:
            attempts.nothing = f"{told.engine} hears no words"

    def _engine(self, name: str) -> Engine:
        if name not in self._made:
            self._made[name] = _ENGINES[name](self._options, self._tools)
        return self._made[name]


def _believed(told: Transcript, speech: Speech) -> Transcript:
    """Give what can have been said. Raise Implausible when that is too little, or nothing."""
    kept = heard(told.cues, speech.silences)
    clamped = tuple(
        replace(cue, end=min(cue.end, speech.length)) for cue in kept if cue.start < speech.length
    )
    believed = replace(told, cues=clamped)
    if reason := doubt_of_unheard(told.cues, clamped) or doubt(believed):
        raise Implausible(f"its text cannot be believed: {reason}")
    return believed


@contextmanager
def _emptied(room: Path) -> Iterator[None]:
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(room, ignore_errors=True)

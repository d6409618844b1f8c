"""Any program that writes WebVTT, SRT or JSON: whisper-cli, whisperx, a script."""

import shutil
from datetime import timedelta
from pathlib import Path

from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.errors import ConfigurationError, PermanentError, TemporaryError
from zoomauto.media.child import Ended, run_child
from zoomauto.media.tools import Tools
from zoomauto.stages.transcription.engine import Speech
from zoomauto.stages.transcription.extract import encoded
from zoomauto.stages.transcription.options import TranscriptionOptions
from zoomauto.stages.transcription.reading import UnusableText, read_document, read_text

_OUTPUT = "text"
#: Best first: JSON tells speakers and language.
_ENDINGS = (".json", ".vtt", ".srt")
_SAID = 300


class CommandEngine:
    """One program, run once for each file."""

    def __init__(self, options: TranscriptionOptions, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._timeout = timedelta(seconds=options.timeout_seconds)

    def close(self) -> None:
        """Have nothing to let go of."""

    def transcribe(self, speech: Speech) -> Transcript:
        """Run the program and read what it wrote."""
        folder = speech.folder / "output"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._run(self._words(self._sound(speech), folder))
        written = _written(folder)
        if written is None:
            raise PermanentError(
                f"{self._options.words[0]} wrote no {', '.join(_ENDINGS)} file",
                hint="tell it to write {output} or into {folder}",
            )
        try:
            cues, language = _read(written)
        except UnusableText as error:
            raise PermanentError(f"what {self._options.words[0]} wrote: {error}") from error
        speech.advance(speech.length.total_seconds())
        language = language or self._options.language or None
        return Transcript(cues=cues, language=language, engine="command")

    def _sound(self, speech: Speech) -> Path:
        form = "mp3" if self._options.audio == "mp3" else "wav"
        return encoded(speech, self._tools.ffmpeg, form, span=None, timeout=self._timeout)

    def _words(self, sound: Path, folder: Path) -> list[str]:
        values = {
            "{audio}": str(sound.absolute()),
            "{output}": str((folder / _OUTPUT).absolute()),
            "{folder}": str(folder.absolute()),
            "{language}": self._options.language or "auto",
        }
        words = list(self._options.words)
        for placeholder, value in values.items():
            words = [word.replace(placeholder, value) for word in words]
        return words

    def _run(self, words: list[str]) -> None:
        program = self._options.words[0]
        try:
            ended = run_child(words, timeout=self._timeout, advance=_ignore)
        except OSError as error:
            raise ConfigurationError(
                f"{program} cannot be started: {error.strerror}",
                hint="check transcription.command",
            ) from error
        if ended.was_overdue:
            raise TemporaryError(f"{program} was stopped: not done after {self._timeout}")
        if ended.code:
            raise PermanentError(f"{program} ended with {ended.code}: {_last_words(ended)}")


def _written(folder: Path) -> Path | None:
    """Give what the program wrote; its own name for it may be the sound's."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.stat().st_size)
    for ending in _ENDINGS:
        for path in files:
            if path.suffix.lower() == ending:
                return path
    return next((path for path in files if path.name == _OUTPUT), None)


def _read(path: Path) -> tuple[tuple[Cue, ...], str | None]:
    content = path.read_bytes()
    is_document = path.suffix.lower() == ".json" or content.lstrip()[:1] == b"{"
    return read_document(content) if is_document else (read_text(content), None)


def _last_words(ended: Ended) -> str:
    said = [line.strip() for line in ended.lines if line.strip()]
    return said[-1][-_SAID:] if said else "it said nothing"


def _ignore(seconds: float) -> None:
    """Hear progress that nobody asked for."""

"""faster-whisper: Whisper models on this machine (extra ``transcribe``)."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from zoomauto.domain.transcript import Cue, Transcript, tidied
from zoomauto.errors import ConfigurationError, PermanentError
from zoomauto.media.tools import Tools
from zoomauto.stages.transcription.engine import Speech
from zoomauto.stages.transcription.options import TranscriptionOptions


class WhisperEngine:
    """One model. Nothing is ever downloaded: a job that cron starts must not fetch gigabytes."""

    def __init__(self, options: TranscriptionOptions, tools: Tools) -> None:
        self._options = options
        self._model: Any = None

    def close(self) -> None:
        """Give the model's memory back."""
        self._model = None

    def transcribe(self, speech: Speech) -> Transcript:
        """Write down what is said. The library decodes the file itself."""
        self._model = self._model or _loaded(self._options.whisper_model)
        try:
            # Segments come as they are made.
            rows, info = self._model.transcribe(
                str(speech.path),
                language=self._options.language or None,
                initial_prompt=self._options.prompt or None,
                vad_filter=True,
            )
            cues = [_told(row, speech) for row in rows]
        except RuntimeError as error:
            # Such as a library for the graphics card that is not there.
            raise ConfigurationError(f"faster-whisper cannot run: {error}") from error
        except (OSError, ValueError) as error:
            raise PermanentError(f"faster-whisper cannot read it: {error}") from error
        engine = f"faster-whisper:{self._options.whisper_model}"
        return Transcript(cues=tidied(cues), language=info.language, engine=engine)


def _loaded(name: str) -> Any:
    try:
        library = import_module("faster_whisper")
    except ImportError as error:
        raise ConfigurationError(
            "the engine faster-whisper is not installed",
            hint='pip install "zoomauto[transcribe]"',
        ) from error
    try:
        return library.WhisperModel(name, device="auto", compute_type="auto", local_files_only=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigurationError(
            f"the Whisper model {name!r} is not on this machine",
            hint=f"""python -c 'import faster_whisper; faster_whisper.download_model("{name}")'""",
        ) from error


def _told(row: Any, speech: Speech) -> Cue:
    speech.advance(max(row.end - row.start, 0.0))
    return Cue(
        start=timedelta(seconds=row.start), end=timedelta(seconds=row.end), text=row.text.strip()
    )

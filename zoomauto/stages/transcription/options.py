"""The options of the transcription stage."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from zoomauto.address import require_base
from zoomauto.errors import InvalidOptions
from zoomauto.secrets import check_reference

ENGINES = ("http", "faster-whisper", "command")
#: What each engine cannot do without.
_NEEDED = {
    "http": ("base_url", "model"),
    "faster-whisper": ("whisper_model",),
    "command": ("command",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriptionOptions:
    """The options of the transcription stage. Nothing is sent anywhere unless an engine is set."""

    #: Take the source's transcript, else its captions, before any engine is asked.
    use_source: bool = True
    #: ``http``, ``faster-whisper`` or ``command``; several, by commas, are tried in that order.
    engine: str | list[str] = ""
    #: Off: an engine that fails costs the transcript, not the recording.
    required: bool = True
    #: Of the speech, as the engine names it (``en``); empty to have it recognised.
    language: str = ""
    #: Names and terms that an engine should know.
    prompt: str = ""
    #: For ``http``: what ``/audio/transcriptions`` follows, as in ``http://127.0.0.1:8000/v1``.
    base_url: str = ""
    #: For ``http``: the model, as the server names it.
    model: str = ""
    #: For ``http``: a reference to the key, as in ``env:OPENAI_API_KEY``; empty for none.
    api_key: str = ""
    #: For ``http``: what is larger is sent in pieces.
    max_upload_mb: float = 25.0
    #: For ``http`` and ``command``: ``auto`` sends the sound as it is where it fits, else MP3, and
    #: gives a command WAV.
    audio: Literal["auto", "mp3", "wav"] = "auto"
    #: For ``faster-whisper``: the name of a model that is on this machine, or its folder.
    whisper_model: str = ""
    #: For ``command``: the program and its arguments, no shell. ``{audio}`` is the sound,
    #: ``{output}`` the file to write, without its ending (``.json``, ``.vtt``, ``.srt``),
    #: ``{folder}`` the empty folder it goes into, ``{language}`` the language or ``auto``.
    command: str | list[str] = ""
    #: For each request, and for each run of a program.
    timeout_seconds: float = 3600.0

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what could only fail later."""
        _check_engines(self)
        if self.api_key:
            check_reference(self.api_key)
        if self.base_url:
            require_base("transcription", self.base_url)
        if self.words:
            _check_command(self.words)
        if not 0.1 <= self.max_upload_mb <= 10_000:  # noqa: PLR2004 - written so that NaN fails
            raise _refused("max_upload_mb", f"{self.max_upload_mb:g}: it goes from 0.1 to 10000")
        if not 1 <= self.timeout_seconds <= 7 * 86_400:
            raise _refused("timeout_seconds", f"{self.timeout_seconds:g}: it goes from 1 to 604800")

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines in the order in which they are tried."""
        named = self.engine.split(",") if isinstance(self.engine, str) else self.engine
        return tuple(name.strip() for name in named if name.strip())

    @property
    def words(self) -> tuple[str, ...]:
        """The command, split into words as a shell would."""
        return tuple(_words(self.command))


def _check_engines(options: TranscriptionOptions) -> None:
    for engine in options.engines:
        if engine not in ENGINES:
            raise _refused("engine", f"{engine!r}: there is {', '.join(ENGINES)}")
        missing = [name for name in _NEEDED[engine] if not getattr(options, name)]
        if missing:
            needed = " and ".join(f"transcription.{name}" for name in missing)
            raise InvalidOptions(
                f"transcription.engine {engine} needs {needed}", hint="set both in the same table"
            )


def _check_command(words: tuple[str, ...]) -> None:
    line = " ".join(words)
    if "{audio}" not in line:
        raise _refused("command", f"{line!r}: it has no {{audio}}")
    if "{output}" not in line and "{folder}" not in line:
        raise _refused("command", f"{line!r}: it has neither {{output}} nor {{folder}}")


def _words(command: str | list[str]) -> Iterator[str]:
    if not isinstance(command, str):
        yield from command
        return
    try:
        yield from shlex.split(command)
    except ValueError as error:
        raise _refused("command", f"{command!r}: {str(error).lower()}") from error


def _refused(name: str, why: str) -> InvalidOptions:
    return InvalidOptions(f"transcription.{name} cannot be {why}")

"""Where recordings come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath
from typing import ClassVar, Protocol, runtime_checkable

from zoomauto.domain.recording import ListedRecording, RecordingFile
from zoomauto.domain.source import Check, Window
from zoomauto.ports.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A recording file that was copied in; the hash is of the bytes as the source gave them."""

    size_bytes: int
    sha256: str


class Source(Protocol):
    """An open source. Built as ``adapter(options)`` with its validated options."""

    #: A frozen dataclass; its fields are the options of ``source add --option``.
    Options: ClassVar[type]
    #: Names of the secret options; references to them are stored, never the secrets.
    secret_names: ClassVar[frozenset[str]]

    #: How long after its start a recording may first appear in a listing.
    late_by: ClassVar[timedelta]
    #: How long after its start a finished recording may still get a transcript; zero means never.
    texts_late_by: ClassVar[timedelta]

    def list_recordings(self, window: Window) -> Iterator[ListedRecording]:
        """Give every recording that started within ``window``, in any order, each once.

        Raise IncompleteListing at the end when something could not be read, after giving the
        rest; AuthenticationError or Unreachable when nothing can be.
        """

    def find(self, key: str) -> ListedRecording | None:
        """Ask for one recording, whatever its age. None when the source no longer has it.

        Raise TemporaryError when that cannot be told.
        """

    def measure(self, recording: ListedRecording) -> timedelta | None:
        """Find out a recording's length from its media. None when that is not known."""

    def fetch(self, file: RecordingFile, target: PurePath, progress: Progress) -> Fetched:
        """Write one file's bytes to ``target``, replacing what is there.

        Several files may be fetched at once, each by a thread of its own. ``progress`` may raise,
        to end it; what came so far may stay.

        Raise PermanentError when the source no longer has it, CorruptMedia when it is not what
        was listed, TemporaryError for everything that may pass.
        """

    def check(self) -> tuple[Check, ...]:
        """Prove that the source works, and say what is missing."""


#: Whether a recording (by its key) was listed under a mark before.
IsKnown = Callable[[str, str], bool]


@runtime_checkable
class Marking(Protocol):
    """What a source can do besides, when it sees that nothing has changed without reading it."""

    def list_changed(self, window: Window, is_known: IsKnown) -> Iterator[ListedRecording | str]:
        """List as ``list_recordings`` does, but give only the key of what is known.

        The others have their marks.
        """


@runtime_checkable
class TrashChecking(Protocol):
    """What a source can do besides, when it can tell beforehand whether its trash may be used."""

    def check_trash(self) -> tuple[Check, ...]:
        """Say what is missing to put recordings into the trash and to take them back."""


@runtime_checkable
class Trashing(Protocol):
    """What a source can do besides, when it has a trash that keeps what is put there a while."""

    def trash(self, key: str) -> bool:
        """Put a recording into the trash. False when the source no longer has it.

        Raise TemporaryError when the answer was lost or it may work later, AuthenticationError
        when it is not allowed, PermanentError when it never works.
        """

    def recover(self, key: str) -> None:
        """Take a recording out of the trash. Raise PermanentError when it is not there."""

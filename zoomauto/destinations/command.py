"""A command of the user's own, which takes each file wherever it likes."""

import json
import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any, ClassVar

from zoomauto.domain.naming import pieces_of
from zoomauto.domain.source import Check
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidOptions,
    InvalidTemplate,
    PermanentError,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.media.foreign_program import Ran, run_program
from zoomauto.media.parcel_file import require_sealed
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress

#: What may stand in braces in ``command``.
FIELDS = ("path", "name", "extension", "sha256", "size", "kind", "title", "description")
#: What may stand in braces in ``holds_command``.
HELD_FIELDS = ("location", "sha256", "size")
_LONGEST_HOURS = 24 * 7
_CHECK_TIMEOUT = timedelta(minutes=5)
_TEMPORARY = TemporaryError.exit_code
_AUTHENTICATION = AuthenticationError.exit_code


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandOptions:
    """The options of a command destination. Commands are split into words as a shell does."""

    #: Run for each file, without a shell; ``{path} {name} {extension} {sha256} {size} {kind}
    #: {title} {description}`` are filled in after the words were split.
    command: str
    #: Says with exit code 0 that all is well; for ``destination check``.
    check_command: str | None = None
    #: Says with exit code 0 that a file is still there; ``{location} {sha256} {size}`` are
    #: filled in. Without one nothing is trashed at its source on the word of this destination.
    holds_command: str | None = None
    #: Hours after which the command is ended.
    timeout_hours: float = 6

    def __post_init__(self) -> None:
        """Raise InvalidOptions for commands that cannot be split or filled in."""
        fields = _checked("command", self.command, FIELDS)
        if "path" not in fields:
            raise InvalidOptions(
                "the command must name the file it is to take", hint="write {path} in it"
            )
        if self.check_command is not None:
            _checked("check_command", self.check_command, ())
        if self.holds_command is not None:
            _checked("holds_command", self.holds_command, HELD_FIELDS)
        if not 0 < self.timeout_hours <= _LONGEST_HOURS:
            raise InvalidOptions(f"timeout_hours lies between 0 and {_LONGEST_HOURS}")


def filled(command: str, values: Mapping[str, str]) -> list[str]:
    """Split a command into words and fill in its fields; a value never makes another word."""
    return [
        "".join(values[p.text] if p.is_field else p.text for p in pieces_of(word, tuple(values)))
        for word in shlex.split(command)
    ]


def told(output: str) -> tuple[str | None, str | None]:
    """Read location and URL from the last line of a command's output; None for what it lacks."""
    lines = [line for line in output.splitlines() if line.strip()]
    try:
        said = json.loads(lines[-1]) if lines else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return None, None
    location, url = said.get("location"), said.get("url")
    return (str(location) if location else None), (str(url) if url else None)


class CommandDestination:
    """Hands each file to a command of yours: exit code 0 means delivered.

    The last line that it prints may be JSON with ``location`` and ``url``. Exit code 75 means
    try again later, 77 that credentials were refused, any other that trying again is no use.
    The command may be run again for a file that it has delivered, and must then do no harm.
    """

    Options: ClassVar[type] = CommandOptions
    secret_names: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, options: CommandOptions, tools: Tools) -> None:
        """Prepare the destination; nothing is run yet."""
        self._options = options
        self._tools = tools

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Run the command, unless it is known to have delivered these very bytes.

        Raise CorruptMedia when the bytes are not those of the parcel, and what the exit code
        stands for.
        """
        known = _remembered(parcel)
        if known is not None and (self._options.holds_command is None or self.holds(known)):
            return known
        require_sealed(parcel)
        words = filled(self._options.command, _values(parcel))
        with progress.step(parcel.name, total=parcel.size_bytes, unit="bytes") as step:
            timeout = timedelta(hours=self._options.timeout_hours)
            ran = _run(words, timeout)
            _require_success(words, ran)
            step.advance(parcel.size_bytes)
        location, url = told(ran.output)
        delivered = Delivered(
            location=location or f"{parcel.name}{parcel.extension}",
            url=url,
            size_bytes=parcel.size_bytes,
            sha256=parcel.sha256,
        )
        _remember(parcel, delivered)
        return delivered

    def holds(self, delivered: Delivered) -> bool:
        """Whether ``holds_command`` says so. False without one: nobody has looked."""
        if self._options.holds_command is None:
            return False
        values = {
            "location": delivered.location,
            "sha256": delivered.sha256,
            "size": str(delivered.size_bytes),
        }
        words = filled(self._options.holds_command, values)
        ran = _run(words, _CHECK_TIMEOUT)
        if ran.code in {_TEMPORARY, _AUTHENTICATION} or ran.was_overdue:
            _require_success(words, ran)
        return ran.code == 0

    def check(self) -> tuple[Check, ...]:
        """Look for the programs, and run ``check_command``."""
        options = self._options
        given = (options.command, options.check_command, options.holds_command)
        programs = dict.fromkeys(shlex.split(command)[0] for command in given if command)
        checks = [_found(program) for program in programs]
        if options.check_command and all(check.ok for check in checks):
            checks.append(_checked_by(shlex.split(options.check_command)))
        return tuple(checks)


def _checked(name: str, command: str, fields: Sequence[str]) -> frozenset[str]:
    """Give the fields of a command. Raise InvalidOptions when it cannot be run."""
    try:
        words = shlex.split(command)
        pieces = [piece for word in words for piece in pieces_of(word, fields)]
    except ValueError as error:
        raise InvalidOptions(
            f"{name} cannot be split into words: {str(error).lower()}", hint="close every quote"
        ) from error
    except InvalidTemplate as error:
        listed = " ".join(f"{{{field}}}" for field in fields) or "none"
        raise InvalidOptions(
            f"{name} cannot be filled in: {error.message}",
            hint=f"its fields: {listed}; a brace itself is written twice",
        ) from error
    if not words or "\0" in command:
        raise InvalidOptions(f"{name} names no program", hint="leave it out, or name one")
    return frozenset(piece.text for piece in pieces if piece.is_field)


def _values(parcel: Parcel) -> dict[str, str]:
    return {
        "path": str(parcel.path),
        "name": parcel.name,
        "extension": parcel.extension,
        "sha256": parcel.sha256,
        "size": str(parcel.size_bytes),
        "kind": str(parcel.kind),
        "title": parcel.metadata.get("title", PurePath(parcel.name).name),
        "description": parcel.metadata.get("description", ""),
    }


def _run(words: Sequence[str], timeout: timedelta) -> Ran:
    try:
        return run_program(words, timeout=timeout)
    except OSError as error:
        raise ConfigurationError(
            f"{words[0]} cannot be started: {error.strerror}",
            hint="name it by its full path: who starts jobs has another PATH than you",
        ) from error
    except ValueError as error:
        # A title with a NUL in it is no word of a command.
        raise PermanentError(f"{words[0]} cannot be given these words: {error}") from error


def _require_success(words: Sequence[str], ran: Ran) -> None:
    """Raise what an exit code stands for."""
    if ran.was_overdue:
        raise TemporaryError(f"{words[0]} took too long and was ended")
    if ran.code == 0:
        return
    text = f"{words[0]} ended with {ran.code}: {ran.last_words}"
    if ran.code == _TEMPORARY or ran.code < 0:
        raise TemporaryError(text)
    if ran.code == _AUTHENTICATION:
        raise AuthenticationError(text, hint=f"renew what {words[0]} logs in with")
    raise PermanentError(text)


def _found(program: str) -> Check:
    found = shutil.which(program)
    return Check(
        name="program",
        ok=found is not None,
        detail=found or f"there is no program {program!r}; name it by its full path",
    )


def _checked_by(words: Sequence[str]) -> Check:
    try:
        ran = _run(words, _CHECK_TIMEOUT)
        _require_success(words, ran)
    except ZoomautoError as error:
        return Check.failed("check_command", error)
    last = ran.output.strip().splitlines()[-1:] or ["it ended with 0"]
    return Check(name="check_command", ok=True, detail=last[0])


def _remembered(parcel: Parcel) -> Delivered | None:
    """Give what an earlier try delivered of these bytes, before its process ended."""
    if parcel.state is None:
        return None
    try:
        stored: Any = json.loads(Path(parcel.state).read_text("utf-8"))
        location, url = str(stored["location"]), stored["url"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return Delivered(location=location, url=url, size_bytes=parcel.size_bytes, sha256=parcel.sha256)


def _remember(parcel: Parcel, delivered: Delivered) -> None:
    """Write down what was delivered; without a note the next try runs the command again."""
    if parcel.state is None:
        return
    path = Path(parcel.state)
    note = json.dumps({"location": delivered.location, "url": delivered.url})
    with suppress(OSError):
        written = path.with_name(f"{path.name}.new")
        written.write_text(note, "utf-8")
        written.replace(path)

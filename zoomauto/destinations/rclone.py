"""A remote of rclone: whatever storage rclone knows, with rclone's own configuration."""

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any, ClassVar, Literal

from zoomauto.domain.place_name import name_candidates, temporary_name
from zoomauto.domain.source import Check
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    DiskFull,
    InvalidOptions,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.media.foreign_program import Ran, run_program
from zoomauto.media.parcel_file import require_sealed
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress, Step

_REMOTE = re.compile(r"[\w.+@][\w.+@ -]*:[^\0\n\r]*")
#: The ones to prefer, the surest first; a remote has its own.
_HASHES = ("sha256", "sha1", "md5")
_LONGEST_TRANSFER = timedelta(days=2)
_LONGEST_QUESTION = timedelta(minutes=30)
_NOTHING_THERE = frozenset({3, 4})
#: Makes hashsum read the file instead of asking the remote.
_READ = "--download"
#: The loop tries again; rclone only repeats single requests.
_ALWAYS = ("--ask-password=false", "--retries=1")
#: What rclone's messages say when credentials, settings or space are the trouble.
_CREDENTIALS = re.compile(
    r"unable to authenticate|access ?denied|unauthori[sz]ed|invalid_grant|expired.*token"
    r"|token.*expired|couldn't fetch token|\b401\b|invalid ?access ?key|signaturedoesnotmatch",
    re.IGNORECASE,
)
_SETTINGS = re.compile(
    r"didn't find section in config|didn't find backend|unable to decrypt config"
    r"|failed to load config|couldn't decrypt|config file .* not found",
    re.IGNORECASE,
)
_SPACE = re.compile(
    r"no space left|remaining disk space|disk full|insufficient ?storage|quota|storage ?limit"
    r"|\b507\b",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"connection refused|no such host|couldn't connect|network is unreachable|i/o timeout"
    r"|no route to host|permission denied|read-only file system",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RcloneOptions:
    """The options of an rclone destination."""

    #: As rclone writes it: ``NAME:FOLDER``, where NAME is one of ``rclone listremotes``.
    remote: str
    #: rclone's configuration file; None for the one it finds itself.
    config: str | None = None
    #: The program: a path, or a name to look for.
    program: str = "rclone"
    #: ``hash``: the remote's own hash is compared, or the size where it has none. ``read``: the
    #: file is read back and hashed as well.
    verify: Literal["hash", "read"] = "hash"

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what is no remote of a configuration."""
        if not _REMOTE.fullmatch(self.remote):
            raise InvalidOptions(
                f"the remote must be written NAME:FOLDER, not {self.remote!r}",
                hint="rclone config makes remotes, rclone listremotes names them",
            )
        if self.config is not None and not Path(self.config).expanduser().is_absolute():
            raise InvalidOptions(
                f"the path of rclone's configuration must be absolute, not {self.config!r}",
                hint="rclone config file",
            )
        if not self.program.strip() or "\0" in self.program:
            raise InvalidOptions("the program has no name", hint="--option program=rclone")

    def at(self, path: PurePath | str) -> str:
        """Give the remote's name for a path below its folder."""
        name, _, folder = self.remote.partition(":")
        separator = "/" if folder and not folder.endswith("/") else ""
        return f"{name}:{folder}{separator}{path}"


def arrived(line: str) -> int | None:
    """Read from a line of rclone's log how many bytes have arrived; None when it says nothing."""
    try:
        arrived = json.loads(line)["stats"]["bytes"]
    except (ValueError, LookupError, TypeError):
        return None
    return arrived if isinstance(arrived, int) else None


def meaning(ran: Ran, what: str) -> ZoomautoError:
    """Say what a failure of rclone means for the run, by exit code and words."""
    if ran.was_overdue:
        return TemporaryError(f"rclone took too long {what} and was ended")
    said, last = "\n".join(ran.said), _plain(ran.last_words)
    text = f"rclone failed {what} ({ran.code}): {last}"
    if _SETTINGS.search(said):
        return ConfigurationError(text, hint="rclone listremotes, and the option config")
    if _CREDENTIALS.search(said):
        return AuthenticationError(text, hint="rclone config reconnect, or rclone config")
    if _SPACE.search(said):
        return DiskFull(text, hint="free some space there: rclone about, rclone cleanup")
    if _NETWORK.search(said):
        return Unreachable(text, hint="try rclone lsd on it as the user that runs the jobs")
    return TemporaryError(text)


class RcloneDestination:
    """A remote of rclone: OneDrive, Dropbox, Box, SMB and whatever else it knows.

    A file is copied to a hidden name in its folder, verified by the remote's own hash, and then
    moved to its name. rclone keeps its configuration and its tokens itself.
    """

    Options: ClassVar[type] = RcloneOptions
    secret_names: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, options: RcloneOptions, tools: Tools) -> None:
        """Prepare the destination; nothing is run yet."""
        self._options = options
        self._tools = tools

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Publish the parcel and verify it there. Doing it again gives the same result.

        Raise CorruptMedia when the bytes are not those of the parcel, and what :func:`meaning`
        makes of rclone's failures.
        """
        names = list(name_candidates(parcel))
        folder, hidden = names[0].parent, names[0].parent / temporary_name(parcel)
        known = self._listed(folder)
        found = self._same(parcel, names, known)
        if found is not None:
            if hidden.name in known:
                self._call("deletefile", self._options.at(hidden))
            return self._delivered(parcel, found)
        require_sealed(parcel)
        try:
            self._copy(parcel, hidden, progress)
            self._require_whole(parcel, hidden)
            return self._delivered(parcel, self._named(parcel, hidden, names, known))
        except ZoomautoError:
            with suppress(ZoomautoError):
                self._call("deletefile", self._options.at(hidden))
            raise

    def holds(self, delivered: Delivered) -> bool:
        """Whether what was delivered is still there with the same size."""
        entry = self._entry(delivered.location)
        return bool(entry) and not entry["IsDir"] and entry["Size"] == delivered.size_bytes

    def check(self) -> tuple[Check, ...]:
        """Prove that the remote can be written, by writing a file and deleting it."""
        name = self._options.at(f".zoomauto-check-{os.getpid()}")
        try:
            with tempfile.NamedTemporaryFile(prefix="zoomauto-check-") as probe:
                probe.write(b"zoomauto\n")
                probe.flush()
                self._call("copyto", probe.name, name)
            self._call("deletefile", name)
        except ZoomautoError as error:
            return (Check.failed("write", error),)
        hashed = f"verified by {self._hash_type}" if self._hash_type else "verified by size alone"
        return (
            Check(name="write", ok=True, detail=f"{self._options.remote} can be written"),
            Check(name="verify", ok=True, detail=hashed),
        )

    @cached_property
    def _hash_type(self) -> str | None:
        """The kind of hash that the remote keeps or makes; None when it has none."""
        said = self._json("backend", "features", self._options.remote)
        known = said.get("Hashes") or () if isinstance(said, Mapping) else ()
        return next((h for h in (*_HASHES, *known) if h in known), None)

    def _listed(self, folder: PurePath) -> Mapping[str, int | None]:
        """Give what a folder of the remote holds: name -> size, None for what is no file."""
        where = self._options.at("" if folder == PurePath() else folder)
        ran = self._run("lsjson", "--no-modtime", "--no-mimetype", where)
        if ran.code in _NOTHING_THERE:
            return {}
        entries = _read(_succeeded(ran, f"to list {where}"))
        return {e["Name"]: None if e["IsDir"] else e["Size"] for e in entries or ()}

    def _same(
        self, parcel: Parcel, names: Sequence[PurePath], known: Mapping[str, int | None]
    ) -> PurePath | None:
        """Find the parcel's bytes under one of its names; the same size alone proves nothing."""
        for name in names:
            if known.get(name.name) == parcel.size_bytes:
                where, kind = self._options.at(name), self._hash_type
                theirs = self._hash(kind, where) if kind else self._hash("sha256", where, _READ)
                if theirs == self._hash_of(parcel, kind or "sha256"):
                    return name
        return None

    def _hash_of(self, parcel: Parcel, kind: str) -> str:
        """Give our file's hash of some kind; rclone makes those that only a vendor has."""
        return parcel.sha256 if kind == "sha256" else self._hash(kind, str(parcel.path))

    def _hash(self, kind: str, where: str, *more: str) -> str:
        words = self._call("hashsum", kind, *more, where).split()
        return words[0] if words else ""

    def _copy(self, parcel: Parcel, hidden: PurePath, progress: Progress) -> None:
        where = self._options.at(hidden)
        told = ("--use-json-log", "--stats=1s", "--stats-log-level=NOTICE", "--ignore-times")
        with progress.step(parcel.name, total=parcel.size_bytes, unit="bytes") as step:
            advance = _Counter(step, parcel.size_bytes)
            ran = self._run("copyto", *told, str(parcel.path), where, hear=advance.hear)
            _succeeded(ran, f"to copy to {where}")
            advance.finish()

    def _require_whole(self, parcel: Parcel, hidden: PurePath) -> None:
        where, kind = self._options.at(hidden), self._hash_type
        wanted = ("--hash", f"--hash-type={kind}") if kind else ()
        entry = self._entry(where, *wanted) or {}
        is_whole = entry.get("Size") == parcel.size_bytes
        if kind and is_whole:
            is_whole = entry.get("Hashes", {}).get(kind) == self._hash_of(parcel, kind)
        if self._options.verify == "read" and is_whole:
            is_whole = self._hash("sha256", where, _READ) == parcel.sha256
        if not is_whole:
            raise TemporaryError(f"{where} did not arrive whole; it was removed")

    def _named(
        self,
        parcel: Parcel,
        hidden: PurePath,
        names: Sequence[PurePath],
        known: Mapping[str, int | None],
    ) -> PurePath:
        """Move a finished file to the first name that is free, and look at it there."""
        for name in names:
            if name.name in known:
                continue
            target = self._options.at(name)
            # Where another process was faster meanwhile, this leaves both as they are.
            self._call("moveto", "--ignore-existing", self._options.at(hidden), target)
            known = self._listed(name.parent)
            if hidden.name in known:
                continue
            if known.get(name.name) != parcel.size_bytes:
                raise TemporaryError(f"{target} has not the size that was sent")
            return name
        raise Unreachable(f"every name for {names[0].name!r} is taken in {names[0].parent}")

    def _entry(self, where: str, *more: str) -> Any:
        """Give what the remote says of a file or folder; None when there is none."""
        ran = self._run("lsjson", "--stat", "--no-modtime", "--no-mimetype", *more, where)
        if ran.code in _NOTHING_THERE:
            return None
        return _read(_succeeded(ran, f"to look at {where}"))

    def _delivered(self, parcel: Parcel, name: PurePath) -> Delivered:
        return Delivered(
            location=self._options.at(name),
            url=None,
            size_bytes=parcel.size_bytes,
            sha256=parcel.sha256,
        )

    def _json(self, *words: str) -> Any:
        return _read(self._call(*words))

    def _call(self, *words: str) -> str:
        """Run rclone; give what it printed, or raise what its failure means."""
        return _succeeded(self._run(*words), f"to {words[0]} {words[-1]}")

    def _run(self, *words: str, hear: Callable[[str], None] = lambda _line: None) -> Ran:
        config = self._options.config
        given = () if config is None else (f"--config={Path(config).expanduser()}",)
        is_transfer = words[0] == "copyto"
        longest = _LONGEST_TRANSFER if is_transfer else _LONGEST_QUESTION
        patience = () if is_transfer else ("--low-level-retries=3",)
        command = (self._options.program, *words, *_ALWAYS, *patience, *given)
        try:
            return run_program(command, timeout=longest, hear=hear)
        except OSError as error:
            raise ConfigurationError(
                f"{self._options.program} cannot be started: {error.strerror}",
                hint="install rclone, or name it: --option program=/usr/bin/rclone",
            ) from error


class _Counter:
    """Turns what rclone says of its progress into steps of ours."""

    def __init__(self, step: Step, total: int) -> None:
        self._step = step
        self._total = total
        self._done = 0

    def hear(self, line: str) -> None:
        """Hear a line of the log; rclone counts repeated bytes twice, we do not."""
        done = min(arrived(line) or 0, self._total)
        if done > self._done:
            self._step.advance(done - self._done)
            self._done = done

    def finish(self) -> None:
        """Say that all has arrived."""
        if self._done < self._total:
            self._step.advance(self._total - self._done)


def _succeeded(ran: Ran, what: str) -> str:
    if ran.code != 0 or ran.was_overdue:
        raise meaning(ran, what)
    return ran.output


def _read(output: str) -> Any:
    try:
        return json.loads(output) if output.strip() else None
    except ValueError as error:
        raise TemporaryError(f"rclone's answer cannot be read: {output[:200]!r}") from error


def _plain(line: str) -> str:
    """Give the message of a line, which may be JSON or begin with the time."""
    try:
        return str(json.loads(line)["msg"]).strip()
    except (ValueError, LookupError, TypeError):
        return re.sub(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", "", line)

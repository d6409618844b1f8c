"""The text of unit files: made from jobs, and recognised when read back."""

import hashlib
import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from zoomauto.domain.calendar_lines import calendar_lines
from zoomauto.domain.entry import InstalledPiece, Piece, Wanted, WantedJob, seal
from zoomauto.domain.schedule import describe
from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.systemd.unit_name import UnitNames

_LONGEST_NAME = 80
#: What systemd.service(5) reads as one word that means itself.
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./=:@,+-]+")
#: systemd refuses a program whose path holds one of these, quoted or not.
_NO_PROGRAM = re.compile(r"[\"'\\\x00-\x1f\x7f]")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@%-]+\.[a-z]+")
_HEAD = re.compile(
    r"(?P<mark># zoomauto: owner=\S+ installation=[a-z0-9]+"
    r"(?: job=(?P<job>[a-z0-9][a-z0-9-]*))? until=[0-9-]+) seal=(?P<seal>[0-9a-f]{12})\n"
)
_NOTICE = "# Made by zoomauto: change jobs with its commands, not here."

#: Every line of it holds in user units too, without user namespaces. The run gets SIGTERM alone
#: and stops its ffmpeg itself, so that the state is saved; what is left after that is killed.
_SERVICE = """\
[Service]
Type=oneshot
{user}ExecStart={command}
TimeoutStartSec={timeout}
TimeoutStopSec=90s
KillMode=mixed
KillSignal=SIGTERM
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
"""
_TIMER = """\
[Unit]
Description={description}

[Timer]
{calendar}
Persistent=true
AccuracySec=1s
Unit={service}

[Install]
WantedBy=timers.target
"""
_NETWORK = "Wants=network-online.target\nAfter=network-online.target\n"


def render_units(wanted: Wanted, *, is_system: bool) -> tuple[Piece, ...]:
    """Make service and timer of each job, then those of the safety net.

    In the system's folder a service runs as the owner, who must be a user of the host. Raise
    ConfigurationError for what no unit file can hold.
    """
    pieces: list[Piece] = []
    for job in wanted.jobs:
        times = calendar_lines(
            job.schedule, start=wanted.start_at, horizon=wanted.horizon, shift=job.shift
        )
        unit = _Unit(wanted, job, is_system=is_system, until=times.until)
        words = f"# {describe(job.schedule)}, computed to {times.until:%F}."
        pieces += unit.pieces(("run", job.slug, "--scheduled"), times.lines, words)
    net = _Unit(wanted, None, is_system=is_system, until=wanted.until)
    # In UTC, where no hour is ever silent; each installation has a minute of its own, so that many
    # hosts do not start at once.
    minute = int(hashlib.sha256(wanted.installation.encode()).hexdigest()[:8], 16) % 60
    pieces += net.pieces(("run", "--due"), (f"*-*-* *:{minute:02}:00 UTC",), "# Hourly.")
    return tuple(pieces)


def read_unit(name: str, text: str, names: UnitNames) -> InstalledPiece | None:
    """Recognise a unit file of this owner and installation; None for everyone else's."""
    head = _HEAD.match(text)
    if head is None or not text.startswith(_mark(names, head["job"]) + " "):
        return None
    if name.rpartition(".")[0] != names.stem(head["job"]):
        return None
    is_edited = head["seal"] != _sealed(head["mark"] + text[head.end() :])
    return InstalledPiece(piece=Piece(name=name, job=head["job"], text=text), is_edited=is_edited)


def calendar_of(piece: Piece) -> tuple[str, ...]:
    """Give the values of ``OnCalendar=`` of a timer; none for a service."""
    return tuple(re.findall(r"^OnCalendar=(.+)$", piece.text, re.MULTILINE))


def command_line(words: Sequence[str]) -> str:
    """Write a command for ``ExecStart=`` so that it is started with exactly these words.

    Raise ConfigurationError for a program that systemd does not start by that name.
    """
    program, *arguments = words
    try:
        " ".join(words).encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            f"{error.object!r} cannot stand in a unit file: it is no UTF-8"
        ) from error
    if not program.startswith("/") or _NO_PROGRAM.search(program):
        raise ConfigurationError(
            f"systemd cannot start {program!r}: it takes absolute paths without quotes, backslashes"
            " and control characters",
            hint="install zoomauto in a folder with a plain name",
        )
    # Variables are not replaced in the program's path, so a dollar stays single there.
    return " ".join((_quoted(program), *(_quoted(word.replace("$", "$$")) for word in arguments)))


class _Unit:
    """Service and timer of one job, or of the safety net, in the making."""

    def __init__(
        self, wanted: Wanted, job: WantedJob | None, *, is_system: bool, until: datetime
    ) -> None:
        self._wanted = wanted
        self._job = job
        self._slug = job.slug if job else None
        self._is_system = is_system
        self._until = until
        self._names = UnitNames(owner=wanted.owner, installation=wanted.installation)

    def pieces(
        self, arguments: Sequence[str], calendar: Sequence[str], words: str
    ) -> tuple[Piece, Piece]:
        stem = self._names.stem(self._slug)
        description = _description(self._job)
        timer = _TIMER.format(
            description=description,
            calendar="\n".join(f"OnCalendar={line}" for line in calendar),
            service=f"{stem}.service",
        )
        service = self._service(description, arguments)
        return (
            self._piece(f"{stem}.service", f"{_NOTICE}\n{service}"),
            self._piece(f"{stem}.timer", f"{_NOTICE}\n{words}\n{timer}"),
        )

    def _service(self, description: str, arguments: Sequence[str]) -> str:
        hook = self._wanted.on_failure
        if hook is not None and not _UNIT.fullmatch(hook):
            raise ConfigurationError(
                f"{hook!r} is no name of a unit to start after a failure",
                hint='as in on_failure = "tell@%n.service"',
            )
        service = _SERVICE.format(
            user=f"User={self._user()}\n" if self._is_system else "",
            command=command_line((*self._wanted.program, *arguments)),
            timeout=_timeout(self._job.timeout if self._job else None),
        )
        return "".join(
            (
                f"[Unit]\nDescription={description}\n",
                f"OnFailure={hook}\n" if hook else "",
                # The user's manager has no such target; there the run itself tries again.
                _NETWORK if self._is_system else "",
                f"\n{service}",
            )
        )

    def _user(self) -> str:
        owner = self._wanted.owner
        if _USER.fullmatch(owner):
            return owner
        raise ConfigurationError(
            f"the owner {owner!r} is no user of this host, and system units run as the owner",
            hint="--scope user, or --owner with the name of a user",
        )

    def _piece(self, name: str, body: str) -> Piece:
        mark = f"{_mark(self._names, self._slug)} until={self._until:%F}"
        text = f"{mark} seal={_sealed(mark + body)}\n{body}"
        return Piece(name=name, job=self._slug, text=text)


def _mark(names: UnitNames, job: str | None) -> str:
    owner = quote(names.owner, safe="", errors="surrogatepass")
    mark = f"# zoomauto: owner={owner} installation={names.installation}"
    return f"{mark} job={job}" if job else mark


def _quoted(word: str) -> str:
    """Write a word so that systemd reads it as it is; ``$`` is the caller's matter."""
    if _PLAIN_WORD.fullmatch(word):
        return word
    escaped = word.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%")
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda c: f"\\x{ord(c[0]):02x}", escaped) + '"'


def _description(job: WantedJob | None) -> str:
    """Name the job within one line, in which systemd finds nothing to replace."""
    if job is None:
        return "zoomauto: whatever is due"
    shown = "".join(c if c.isprintable() else "_" for c in job.name)
    if len(shown) > _LONGEST_NAME:
        shown = f"{shown[: _LONGEST_NAME - 1]}…"
    # The slug comes last: a backslash at the end would join the next line.
    return f"zoomauto: {shown.replace('%', '%%')} (job {job.slug})"


def _timeout(timeout: timedelta | None) -> str:
    return "infinity" if timeout is None else f"{math.ceil(timeout.total_seconds())}s"


def _sealed(text: str) -> str:
    # Text read back may hold bytes that are no UTF-8, as surrogates.
    return seal(text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))

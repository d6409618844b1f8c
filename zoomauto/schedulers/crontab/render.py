"""What stands in our section: pieces made from jobs, and read back."""

import hashlib
import re
import shlex
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePath

from zoomauto.domain.entry import InstalledPiece, Piece, Wanted, WantedJob, seal
from zoomauto.domain.host_times import crontab_times
from zoomauto.domain.schedule import describe
from zoomauto.errors import ConfigurationError

#: The piece of the safety net, and that of the script that stands in for an awkward command.
DUE = "due"
WRAPPER = "wrapper"
_RESERVED = (DUE, WRAPPER)
#: What no shell and no cron reads as anything but itself: ``%`` is a newline to cron.
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./=:@,+-]+")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
#: Debian's cron (3.0pl1) refuses a crontab with a longer command.
_LONGEST_COMMAND = 998
_LONGEST_NAME = 80
#: Between the request to end and the kill.
_KILL_AFTER = timedelta(minutes=1)
_HEAD = re.compile(
    r"(?P<words># (?:job (?P<job>[a-z0-9][a-z0-9-]*)|safety net): .*); seal (?P<seal>[0-9a-f]{12})"
)
_WRAPPER_HEAD = re.compile(r"#!/bin/sh\n# Made by zoomauto for its crontab; seal ([0-9a-f]{12})\n")


def render_pieces(wanted: Wanted, wrapper: PurePath) -> tuple[Piece, ...]:
    """Make each job's piece, the safety net's and, where the command needs one, the wrapper's.

    A command that holds more than plain words is called through a script at ``wrapper``.
    Raise ConfigurationError for what no crontab line can hold.
    """
    needs_wrapper = not all(_PLAIN_WORD.fullmatch(word) for word in wanted.program)
    program = (plain_word(str(wrapper)),) if needs_wrapper else wanted.program
    pieces = [_job_piece(job, wanted, program) for job in wanted.jobs]
    pieces.append(_due_piece(wanted, program))
    if needs_wrapper:
        pieces.append(_wrapper_piece(wanted.program))
    return tuple(pieces)


def parse_pieces(text: str) -> tuple[InstalledPiece, ...]:
    """Read the body of our section back, whatever was done to it by hand.

    Lines belong to the head above them. Those above every head, and a head that comes twice, are
    somebody's edit.
    """
    groups: dict[str, tuple[str | None, list[str]]] = {}
    name = "lines of others"
    for line in re.findall(r"[^\n]*\n|[^\n]+\Z", text):
        head = _HEAD.fullmatch(line.removesuffix("\n"))
        if head and _piece_name(head["job"]) not in groups:
            name = _piece_name(head["job"])
        groups.setdefault(name, (head["job"] if head else None, []))[1].append(line)
    return tuple(_installed(name, job, "".join(lines)) for name, (job, lines) in groups.items())


def parse_wrapper(text: str) -> InstalledPiece:
    """Read the wrapper back."""
    head = _WRAPPER_HEAD.match(text)
    is_edited = head is None or head[1] != _sealed(text[head.end() :])
    return InstalledPiece(piece=Piece(name=WRAPPER, job=None, text=text), is_edited=is_edited)


def plain_word(word: str) -> str:
    """Give a word back that means itself in a crontab. Raise ConfigurationError for any other."""
    if _PLAIN_WORD.fullmatch(word):
        return word
    raise ConfigurationError(
        f"{word!r} cannot stand in a crontab entry",
        hint="set XDG_STATE_HOME to a folder with a plain ASCII name",
    )


def entry_times(piece: Piece) -> tuple[str, ...]:
    """Give the five fields of each line of a piece that cron starts by the clock."""
    lines = [line.split() for line in piece.text.splitlines()]
    return tuple(" ".join(words[:5]) for words in lines if words and words[0][0] in "*0123456789")


def _job_piece(job: WantedJob, wanted: Wanted, program: Sequence[str]) -> Piece:
    if not _SLUG.fullmatch(job.slug):
        raise ConfigurationError(f"{job.slug!r} cannot stand in a crontab as the slug of a job")
    times = crontab_times(
        job.schedule,
        host_timezone=wanted.host_timezone,
        start=wanted.start_at,
        horizon=wanted.horizon,
        shift=job.shift,
    )
    command = _command(*_limited(job.timeout), *program, "run", job.slug, "--scheduled")
    words = f'"{_harmless(job.name)}", {describe(job.schedule)}, computed to {times.until:%F}'
    lines = [f"{fields} {command}" for fields in times.lines]
    return _piece(job.slug, f"# job {job.slug}: {words}", lines)


def _due_piece(wanted: Wanted, program: Sequence[str]) -> Piece:
    command = _command(*program, "run", "--due")
    # Each installation has a minute of its own, so that many hosts do not start at once.
    minute = int(hashlib.sha256(wanted.installation.encode()).hexdigest()[:8], 16) % 60
    lines = [f"@reboot {command}", f"{minute} * * * * {command}"]
    return _piece(None, "# safety net: whatever is due, at boot and hourly", lines)


def _piece(job: str | None, head: str, lines: Sequence[str]) -> Piece:
    body = "".join(f"{line}\n" for line in lines)
    text = f"{head}; seal {_sealed(head + body)}\n{body}"
    return Piece(name=_piece_name(job), job=job, text=text)


def _wrapper_piece(program: Sequence[str]) -> Piece:
    body = f'exec {shlex.join(program)} "$@"\n'
    text = f"#!/bin/sh\n# Made by zoomauto for its crontab; seal {_sealed(body)}\n{body}"
    return Piece(name=WRAPPER, job=None, text=text)


def _installed(name: str, job: str | None, text: str) -> InstalledPiece:
    first, _, body = text.partition("\n")
    head = _HEAD.fullmatch(first)
    is_edited = head is None or head["seal"] != _sealed(head["words"] + body)
    return InstalledPiece(piece=Piece(name=name, job=job, text=text), is_edited=is_edited)


def _piece_name(job: str | None) -> str:
    if job is None:
        return DUE
    return f"job {job}" if job in _RESERVED else job


def _limited(timeout: timedelta | None) -> tuple[str, ...]:
    if timeout is None:
        return ()
    # Of coreutils; cron's PATH finds it.
    seconds = (_KILL_AFTER, timeout)
    return ("timeout", "-k", *(f"{span.total_seconds():.0f}" for span in seconds))


def _command(*words: str) -> str:
    command = " ".join(words)
    if len(command) > _LONGEST_COMMAND:
        raise ConfigurationError(
            f"the command of an entry would have {len(command)} characters, and cron takes"
            f" {_LONGEST_COMMAND}",
            hint="a configuration file with a shorter path",
        )
    return command


def _harmless(name: str) -> str:
    """Write a job's name so that it stays within its line, and is shown as it is."""
    shown = "".join(c if c.isprintable() and c not in "\\%" else "_" for c in name)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME - 1]}…"


def _sealed(text: str) -> str:
    # Text read back may hold bytes that are no UTF-8, as surrogates.
    return seal(text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))

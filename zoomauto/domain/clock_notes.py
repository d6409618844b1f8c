"""What changes of clocks make of a schedule's occurrences, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import occurrences, occurrences_between
from zoomauto.domain.schedule import Schedule, cron_of
from zoomauto.domain.zone import zone_named
from zoomauto.domain.zone_offsets import OffsetChange, offset_changes

_MOMENT = timedelta(microseconds=1)
_MANY = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockNote:
    """A remark about one occurrence, or about the lack of one."""

    #: The occurrence; for ``skipped`` the first instant after the gap. In the schedule's zone.
    at: datetime
    #: ``moved``, ``collapsed``, ``skipped``, ``first_pass`` or ``repeated``.
    kind: str
    text: str


def clock_notes(schedule: Schedule, *, after: datetime, until: datetime) -> tuple[ClockNote, ...]:
    """Say which occurrences with ``after`` < occurrence <= ``until`` clocks move or repeat.

    Times that do not exist start fixed-time schedules at the end of the gap (``moved``; together
    with others: ``collapsed``) and are ``skipped`` by interval-like ones. Of times that come
    twice the former take the ``first_pass``; the latter take both, the second one as ``repeated``
    (contract, section 5).
    """
    zone = zone_named(schedule.timezone)
    # A first pass lies before its change, by no more than the hours that are repeated.
    changes = offset_changes(zone, as_utc(after), as_utc(until) + timedelta(days=1))
    found = [note for change in changes for note in _notes(schedule, change)]
    return tuple(n for n in found if as_utc(after) < as_utc(n.at) <= as_utc(until))


def _notes(schedule: Schedule, change: OffsetChange) -> Iterator[ClockNote]:
    if change.repeated:
        yield from _twice(schedule, change)
    else:
        yield from _never(schedule, change)


def _never(schedule: Schedule, change: OffsetChange) -> Iterator[ClockNote]:
    """Look at the times that the clock jumps over."""
    walls = _walls(schedule, change.at + change.before, change.at + change.after)
    if not walls:
        return
    at = change.at.astimezone(zone_named(schedule.timezone))
    day, times = f"{walls[0]:%F}", _listed(walls)
    verb = "does" if len(walls) == 1 else "do"
    gap = f"{day} {times} {verb} not exist"
    if cron_of(schedule).interval_like:
        yield ClockNote(at=at, kind="skipped", text=f"{gap}: no start")
        return
    end = change.at + change.after
    is_shared = len(walls) > 1 or bool(_walls(schedule, end, end + _MOMENT))
    start = f"{at:%H:%M %Z}" if not at.second else f"{at:%H:%M:%S %Z}"
    if is_shared:
        yield ClockNote(at=at, kind="collapsed", text=f"{gap}: one start at {start}")
    else:
        yield ClockNote(at=at, kind="moved", text=f"{gap}: starts at {start}")


def _twice(schedule: Schedule, change: OffsetChange) -> Iterator[ClockNote]:
    """Look at the times that the clock shows twice."""
    zone = zone_named(schedule.timezone)
    is_interval_like = cron_of(schedule).interval_like
    start = change.at if is_interval_like else change.at - change.repeated
    span = occurrences_between(schedule, start - _MOMENT, start + change.repeated - _MOMENT)
    for at in span:
        shown = at.astimezone(zone)
        comes = f"{shown:%F %H:%M} comes twice"
        if is_interval_like:
            text = f"{comes}: this is the second time ({shown:%Z})"
            yield ClockNote(at=at, kind="repeated", text=text)
        else:
            text = f"{comes}: starts the first time only ({shown:%Z})"
            yield ClockNote(at=at, kind="first_pass", text=text)


def _walls(schedule: Schedule, start: datetime, end: datetime) -> Sequence[datetime]:
    """Give the wall-clock times of the pattern with ``start`` <= time < ``end``.

    In UTC, where every time exists once.
    """
    pattern = replace(schedule, timezone="UTC")
    found: list[datetime] = []
    for wall in occurrences(pattern, start.replace(tzinfo=UTC) - _MOMENT):
        if wall >= end.replace(tzinfo=UTC):
            break
        found.append(wall)
    return found


def _listed(walls: Sequence[datetime]) -> str:
    if len(walls) <= _MANY:
        return ", ".join(f"{wall:%H:%M}" for wall in walls)
    return f"{walls[0]:%H:%M}, {walls[1]:%H:%M}, ... {walls[-1]:%H:%M}"

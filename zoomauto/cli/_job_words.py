"""From the words of a command line to a schedule and to a change of a job."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zoomauto.cli._files import parse_json, read_document
from zoomauto.cli._job_options import JobFlags, PolicyFlags, ScheduleFlags
from zoomauto.domain.job_change import JobChange, change_from_document
from zoomauto.domain.schedule import Schedule, schedule_from_document, schedule_to_document
from zoomauto.errors import InvalidDocument, InvalidSchedule, UsageError

_NONE = "none"
#: A number without a unit means minutes.
_UNIT_SECONDS = {"s": 1, "": 60, "m": 60, "h": 3600, "d": 86_400}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EXAMPLES = "--daily 06:00, --every-hours 6, --weekdays mon,fri --at 18:30, or --cron '0 6 * * *'"


def schedule_of(
    flags: ScheduleFlags, *, base: Schedule | None = None, default_timezone: str
) -> Schedule | None:
    """Make the schedule that the flags ask for; None when they ask for none.

    ``--timezone`` alone moves ``base`` to another zone. Raise UsageError or InvalidSchedule.
    """
    document = _document(flags)
    if document is None and flags.timezone is not None and base is not None:
        document = schedule_to_document(base)
    if document is None:
        return None
    if flags.timezone is not None:
        document = {**document, "timezone": flags.timezone}
    return schedule_from_document(document, default_timezone=default_timezone)


def change_of(flags: JobFlags, *, base: Schedule | None = None, default_timezone: str) -> JobChange:
    """Make the change that file and flags ask for together; flags win.

    Raise UsageError or InvalidDocument.
    """
    change = JobChange()
    if flags.file is not None:
        document = read_document(flags.file)
        change = change_from_document(document, default_timezone=default_timezone)
    base = change.schedule or base
    asked: dict[str, Any] = {
        "name": flags.name,
        "description": flags.description,
        "templates": flags.templates,
        "schedule": schedule_of(flags.schedule, base=base, default_timezone=default_timezone),
        "sync_days": flags.sync_days,
        "statuses": flags.statuses,
        "exclude_blank": None if flags.include_blank is None else not flags.include_blank,
        "settings": flags.settings or None,
        "is_active": flags.is_active,
        "policies": {**change.policies, **_policies(flags.policies)},
    }
    return replace(change, **{key: value for key, value in asked.items() if value is not None})


def _policies(flags: PolicyFlags) -> dict[str, Any]:
    """Make the ``policies`` table that the flags ask for; ``none`` ends a limit."""
    table: dict[str, Any] = {
        "catch_up": flags.catch_up,
        "overlap": flags.overlap,
        "retries": flags.retries,
    }
    table = {key: value for key, value in table.items() if value is not None}
    spans = {"timeout": flags.timeout, "retry_gap": flags.retry_gap, "jitter": flags.jitter}
    for key, text in spans.items():
        if text is not None:
            flag = f"--{key.replace('_', '-')}"
            table[f"{key}_seconds"] = None if text == _NONE else _span_seconds(text, flag)
    if flags.pause_after is not None:
        table["pause_after"] = _count(flags.pause_after, "--pause-after")
    return table


def _span_seconds(text: str, flag: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text.strip().lower())
    if not found:
        raise UsageError(f"{flag} cannot be {text!r}", hint="minutes, or as in 90m, 2h or 1d")
    number, unit = found.groups()
    return int(number) * _UNIT_SECONDS[unit]


def _count(text: str, flag: str) -> int | None:
    if text == _NONE:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    raise UsageError(f"{flag} must be a whole number or none, not {text!r}")


def required_schedule(flags: ScheduleFlags, *, default_timezone: str) -> Schedule:
    """Make the schedule that the flags ask for. Raise UsageError when they ask for none."""
    schedule = schedule_of(flags, default_timezone=default_timezone)
    if schedule is None:
        raise UsageError("name a job or a schedule", hint=_EXAMPLES)
    return schedule


def _document(flags: ScheduleFlags) -> Mapping[str, Any] | None:
    asked = {
        "--daily": flags.daily,
        "--every-hours": flags.every_hours,
        "--weekdays": flags.weekdays,
        "--cron": flags.cron,
        "--schedule": flags.schedule,
    }
    named = [flag for flag, value in asked.items() if value is not None]
    if len(named) > 1:
        raise UsageError(f"a job has one schedule: choose one of {', '.join(named)}")
    if flags.at is not None and flags.weekdays is None:
        raise UsageError("--at goes with --weekdays", hint=_EXAMPLES)
    if flags.daily is not None:
        return {"type": "time_of_day", "time": flags.daily}
    if flags.every_hours is not None:
        return {"type": "hours", "hours": flags.every_hours}
    if flags.weekdays is not None:
        return _weekdays(flags.weekdays, flags.at)
    if flags.cron is not None:
        return {"type": "cron", "expression": flags.cron}
    return None if flags.schedule is None else _parsed(flags.schedule)


def _weekdays(words: str, at: str | None) -> Mapping[str, Any]:
    if at is None:
        raise UsageError("--weekdays needs a time", hint=f"--weekdays {words} --at 18:30")
    return {"type": "weekdays", "days": [_day(word) for word in words.split(",")], "time": at}


def _day(word: str) -> int:
    text = word.strip().lower()
    if text in _WEEKDAYS:
        return _WEEKDAYS.index(text)
    if text.isascii() and text.isdigit():
        return int(text)
    raise InvalidSchedule(
        f"there is no weekday {word.strip()!r}", hint=f"known: {','.join(_WEEKDAYS)}, or 0 to 6"
    )


def _parsed(text: str) -> Mapping[str, Any]:
    document = parse_json(text, where="--schedule")
    if not isinstance(document, Mapping):
        raise InvalidDocument(f"--schedule must be a table of keys and values, not {document!r}")
    return document

"""Options of ``job create``, ``update`` and ``copy``, and of ``schedule next``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import typer

JobName = Annotated[
    str, typer.Argument(metavar="JOB", help="Id, slug or name; id:, slug:, name: settle which.")
]
Daily = Annotated[
    str | None, typer.Option("--daily", metavar="HH:MM", help="Every day at this time.")
]
EveryHours = Annotated[
    int | None,
    typer.Option("--every-hours", metavar="N", help="Every N hours from midnight on: 1 to 24."),
]
Weekdays = Annotated[
    str | None,
    typer.Option("--weekdays", metavar="DAYS", help="As in mon,wed,fri or 0,2,4; with --at."),
]
At = Annotated[str | None, typer.Option("--at", metavar="HH:MM", help="The time of --weekdays.")]
Cron = Annotated[
    str | None, typer.Option("--cron", metavar="EXPR", help='Five fields, as in "0 6 * * 1-5".')
]
ScheduleJson = Annotated[
    str | None, typer.Option("--schedule", metavar="JSON", help="As it stands in a job document.")
]
Timezone = Annotated[
    str | None, typer.Option("--timezone", metavar="IANA", help="As in Europe/Berlin.")
]
Template = Annotated[
    list[str] | None,
    typer.Option("--template", metavar="T", help="Id or name; the first that matches wins."),
]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="For people.")
]
SyncDays = Annotated[
    int | None,
    typer.Option("--sync-days", metavar="N", help="Calendar days to list, with today: 1 to 30."),
]
Status = Annotated[
    list[str] | None,
    typer.Option("--status", metavar="S", help="Status that a recording may have to be started."),
]
IncludeBlank = Annotated[
    bool | None,
    typer.Option(
        "--include-blank/--exclude-blank", help="Whether recordings of nothing are taken too."
    ),
]
File = Annotated[
    str | None,
    typer.Option("--file", metavar="FILE", help="A job document: *.json, *.toml, - for stdin."),
]
CatchUp = Annotated[
    str | None,
    typer.Option(
        "--catch-up", metavar="latest|none", help="What to do about times that were missed."
    ),
]
Overlap = Annotated[
    str | None,
    typer.Option("--overlap", metavar="skip|queue", help="What to do while it still runs."),
]
Timeout = Annotated[
    str | None,
    typer.Option("--timeout", metavar="SPAN", help="End a run after this: 90 (minutes), 2h, none."),
]
Retries = Annotated[
    int | None,
    typer.Option("--retries", metavar="N", help="Repeat a temporary failure up to N times: 0-10."),
]
RetryGap = Annotated[
    str | None,
    typer.Option("--retry-gap", metavar="SPAN", help="Before the first repeat; then it doubles."),
]
Jitter = Annotated[
    str | None,
    typer.Option("--jitter", metavar="SPAN", help="Start up to this much later, always the same."),
]
PauseAfter = Annotated[
    str | None,
    typer.Option("--pause-after", metavar="N", help="Switch it off after N failures in a row."),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyFlags:
    """The flags about missed, overlapping and failing runs, as they were given."""

    catch_up: str | None = None
    overlap: str | None = None
    timeout: str | None = None
    retries: int | None = None
    retry_gap: str | None = None
    jitter: str | None = None
    pause_after: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleFlags:
    """The SCHEDULE flags as they were given."""

    daily: str | None = None
    every_hours: int | None = None
    weekdays: str | None = None
    at: str | None = None
    cron: str | None = None
    schedule: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFlags:
    """Everything asked for about a job, as it was given."""

    schedule: ScheduleFlags = field(default_factory=ScheduleFlags)
    policies: PolicyFlags = field(default_factory=PolicyFlags)
    #: The document that the flags are laid over.
    file: str | None = None
    name: str | None = None
    templates: tuple[str, ...] | None = None
    description: str | None = None
    sync_days: int | None = None
    statuses: tuple[str, ...] | None = None
    include_blank: bool | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    is_active: bool | None = None

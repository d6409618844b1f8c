"""``zoomauto schedule``: when jobs occur."""

from typing import Annotated

import typer

from zoomauto.cli import _job_options as options
from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun
from zoomauto.cli._job_options import ScheduleFlags

app = Noun("When jobs occur.")


@app.verb("next")
def next_(
    context: typer.Context,
    *,
    job: Annotated[
        str | None, typer.Argument(metavar="JOB", help="Id, slug or name; or a schedule instead.")
    ] = None,
    daily: options.Daily = None,
    every_hours: options.EveryHours = None,
    weekdays: options.Weekdays = None,
    at: options.At = None,
    cron: options.Cron = None,
    schedule: options.ScheduleJson = None,
    timezone: options.Timezone = None,
    count: Annotated[
        int, typer.Option("--count", min=1, max=10_000, metavar="N", help="How many.")
    ] = 5,
    after: Annotated[
        str | None,
        typer.Option("--after", metavar="ISO", help="Strictly after this instant; default: now."),
    ] = None,
) -> None:
    """Show when a job, or any schedule, occurs next.

    Example:
        zoomauto schedule next --cron "30 2 * * *" --timezone Europe/Berlin --count 3
    """
    from zoomauto.cli import _render_job as render
    from zoomauto.cli._occurrences import first_occurrences, wanted_schedule

    call = Call.of(context)
    flags = ScheduleFlags(
        daily=daily,
        every_hours=every_hours,
        weekdays=weekdays,
        at=at,
        cron=cron,
        schedule=schedule,
        timezone=timezone,
    )
    found = wanted_schedule(call, job, flags)
    render.occurrences(call, found, first_occurrences(found, after=after, count=count))

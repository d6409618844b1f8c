"""``zoomauto schedule``: when jobs occur, and what starts them."""

from typing import Annotated

import typer

from zoomauto.cli import _job_options as options
from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun
from zoomauto.cli._job_options import ScheduleFlags
from zoomauto.cli._options import Yes, confirm, day
from zoomauto.cli._schedule_options import Backend, DryRun, JobOrNone, Scope, scope_named
from zoomauto.errors import UsageError

app = Noun("When jobs occur, and what starts them on this host.")


@app.verb("next")
def next_(
    context: typer.Context,
    *,
    job: JobOrNone = None,
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
    from zoomauto.cli._occurrences import first_occurrences, instant, wanted_schedule

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
    found, of_job = wanted_schedule(call, job, flags)
    start = instant(after, found.timezone)
    instants = first_occurrences(found, start, count)
    render.occurrences(call, found, instants, after=start, job=of_job)


@app.verb("render")
def render(
    context: typer.Context,
    *,
    jobs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="JOB...", help="Their entries alone; none: all, and the safety net."
        ),
    ] = None,
    backend: Annotated[
        str, typer.Option("--backend", metavar="crontab|systemd", help="For which backend.")
    ],
    scope: Scope = None,
    host_timezone: Annotated[
        str | None,
        typer.Option("--host-timezone", metavar="IANA", help="On whose clock; default: this host."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="First day of the five years; default: today."),
    ] = None,
    daily: options.Daily = None,
    every_hours: options.EveryHours = None,
    weekdays: options.Weekdays = None,
    at: options.At = None,
    cron: options.Cron = None,
    schedule: options.ScheduleJson = None,
    timezone: options.Timezone = None,
) -> None:
    """Show the exact text that a backend would get.

    For jobs, or for any schedule; nothing is installed.

    Example:
        zoomauto schedule render --backend crontab --daily 06:00 --timezone Asia/Tokyo
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.bootstrap_schedules import render_schedules
    from zoomauto.cli import _render_schedule as show
    from zoomauto.cli._job_words import schedule_of
    from zoomauto.usecases.render_schedules import RenderRequest

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
    request = RenderRequest(
        owner=call.owner,
        backend=backend,
        scope=scope_named(scope) or "user",
        host_timezone=host_timezone,
        since=day(since),
    )
    make = render_schedules(call.settings)
    wanted = schedule_of(flags, default_timezone=call.settings.timezone)
    if wanted is not None and jobs:
        raise UsageError("name jobs or a schedule, not both")
    if wanted is not None:
        show.rendered(call, make.schedule(request, wanted))
        return
    with open_app(call.settings) as opened:
        found = make.jobs(request, jobs or (), opened.store)
    show.rendered(call, found)


@app.verb("diff")
def diff(context: typer.Context, backend: Backend = "auto", scope: Scope = None) -> None:
    """Show what apply would change on this host.

    Example:
        zoomauto schedule diff
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_schedule as show
    from zoomauto.usecases.choose_backend import Choice

    call = Call.of(context)
    with open_app(call.settings) as opened:
        plan = opened.schedules.plan(call.owner, Choice(backend=backend, scope=scope_named(scope)))
    show.difference(call, plan)


@app.verb("apply")
def apply(
    context: typer.Context,
    *,
    backend: Backend = "auto",
    scope: Scope = None,
    dry_run: DryRun = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite entries that were changed by hand.")
    ] = False,
    enable_lingering: Annotated[
        bool,
        typer.Option("--enable-lingering", help="systemd: start jobs without a session, too."),
    ] = False,
) -> None:
    """Have this host start the jobs: make its backend equal to the database.

    From then on every change of a job is followed. Applying twice changes nothing.

    Example:
        zoomauto schedule apply
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_schedule as show
    from zoomauto.cli._progress import waiting
    from zoomauto.usecases.apply_schedules import ApplyRequest
    from zoomauto.usecases.choose_backend import Choice

    call = Call.of(context)
    request = ApplyRequest(
        choice=Choice(backend=backend, scope=scope_named(scope)),
        dry_run=dry_run,
        force=force,
        lingering=enable_lingering,
    )
    with open_app(call.settings) as opened, waiting("changing this host's entries"):
        applied = opened.schedules.apply()(call.owner, request)
    show.applied(call, applied)


@app.verb("remove")
def remove(
    context: typer.Context,
    *,
    backend: Backend = "auto",
    scope: Scope = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Take every entry of ours away from this host; jobs stay as they are.

    Example:
        zoomauto schedule remove --yes
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_schedule as show
    from zoomauto.cli._progress import waiting
    from zoomauto.usecases.choose_backend import Choice

    call = Call.of(context)
    choice = Choice(backend=backend, scope=scope_named(scope))
    confirm("Stop this host from starting jobs?", is_confirmed=yes or dry_run)
    with open_app(call.settings) as opened, waiting("taking this host's entries away"):
        removed = opened.schedules.remove()(call.owner, choice, dry_run=dry_run)
    show.removed(call, removed, dry_run=dry_run)


@app.verb("status")
def status(context: typer.Context, backend: Backend = "auto", scope: Scope = None) -> None:
    """Show job by job what is wanted and installed.

    Also when the backend itself says that each job starts next.

    Example:
        zoomauto schedule status
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_schedule as show
    from zoomauto.usecases.choose_backend import Choice

    call = Call.of(context)
    choice = Choice(backend=backend, scope=scope_named(scope))
    with open_app(call.settings) as opened:
        found = opened.schedules.show()(call.owner, choice)
    show.status(call, found)


@app.verb("test")
def start_once(
    context: typer.Context,
    *,
    job: Annotated[
        str | None, typer.Argument(metavar="JOB", help="Its dry run is started; none: job list.")
    ] = None,
    backend: Backend = "auto",
    scope: Scope = None,
) -> None:
    """Have the backend really start this program once, within a minute or two.

    Shows when it was started, in which environment, and what came of it; leaves no trace.

    Example:
        zoomauto schedule test every-evening
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_schedule as show
    from zoomauto.cli._progress import waiting
    from zoomauto.usecases.choose_backend import Choice

    call = Call.of(context)
    choice = Choice(backend=backend, scope=scope_named(scope))
    with open_app(call.settings) as opened, waiting("waiting for the backend to start it"):
        probed = opened.schedules.probe()(call.owner, choice, job)
    show.probed(call, probed)


@app.verb("restore")
def restore(
    context: typer.Context,
    *,
    backup: Annotated[
        str | None, typer.Argument(metavar="BACKUP", help="Name or path; none: the newest.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Put the crontab back as it was before a change of ours.

    The whole of it, other people's lines included.

    Example:
        zoomauto schedule restore --dry-run
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_schedule as show
    from zoomauto.usecases.choose_backend import Choice

    call = Call.of(context)
    confirm("Replace the whole crontab by a backup?", is_confirmed=yes or dry_run)
    with open_app(call.settings) as opened:
        put_back = opened.schedules.restore()
        restored = put_back(call.owner, Choice(backend="crontab"), backup, dry_run=dry_run)
    show.restored(call, restored, dry_run=dry_run)

"""``zoomauto job``: saved, named automations."""

from typing import Annotated

import typer

from zoomauto.cli import _job_options as options
from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun
from zoomauto.cli._job_options import JobFlags, JobName, PolicyFlags, ScheduleFlags
from zoomauto.cli._options import SettingPairs, Yes, confirm, given, pairs
from zoomauto.cli._schedule_options import NoApply

app = Noun("Saved automations: templates, a schedule, and what to do.")


@app.verb("create")
def create(
    context: typer.Context,
    *,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="What to call it; may stand in --file instead."),
    ] = None,
    template: options.Template = None,
    daily: options.Daily = None,
    every_hours: options.EveryHours = None,
    weekdays: options.Weekdays = None,
    at: options.At = None,
    cron: options.Cron = None,
    schedule: options.ScheduleJson = None,
    timezone: options.Timezone = None,
    description: options.Description = None,
    sync_days: options.SyncDays = None,
    status: options.Status = None,
    include_blank: options.IncludeBlank = None,
    catch_up: options.CatchUp = None,
    overlap: options.Overlap = None,
    timeout: options.Timeout = None,
    retries: options.Retries = None,
    retry_gap: options.RetryGap = None,
    jitter: options.Jitter = None,
    pause_after: options.PauseAfter = None,
    settings: SettingPairs = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Save it switched off.")] = False,
    file: options.File = None,
    no_apply: NoApply = False,
) -> None:
    """Save a new job, from flags, from a document, or from both.

    Flags win over the document.

    Example:
        zoomauto job create "Every evening" --template lectures --daily 21:00
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_job as render
    from zoomauto.cli._entries import follow
    from zoomauto.cli._job_words import change_of

    call = Call.of(context)
    flags = JobFlags(
        schedule=ScheduleFlags(
            daily=daily,
            every_hours=every_hours,
            weekdays=weekdays,
            at=at,
            cron=cron,
            schedule=schedule,
            timezone=timezone,
        ),
        policies=PolicyFlags(
            catch_up=catch_up,
            overlap=overlap,
            timeout=timeout,
            retries=retries,
            retry_gap=retry_gap,
            jitter=jitter,
            pause_after=pause_after,
        ),
        file=file,
        name=name,
        templates=given(template),
        description=description,
        sync_days=sync_days,
        statuses=given(status),
        include_blank=include_blank,
        settings=pairs(settings, flag="--set"),
        is_active=False if disabled else None,
    )
    change = change_of(flags, default_timezone=call.settings.timezone)
    with open_app(call.settings) as opened:
        created = opened.create_job()(call.owner, change)
        problems = follow(call, opened, is_wanted=not no_apply)
    render.changed_job(call, created, "created", problems)


@app.verb("list")
def list_jobs(
    context: typer.Context,
    active_only: Annotated[
        bool, typer.Option("--active-only", help="Leave out those switched off.")
    ] = False,
) -> None:
    """Show the jobs with their schedules, last and next runs.

    Example:
        zoomauto job list --active-only
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_job as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        views = opened.list_jobs()(call.owner)
    render.jobs(call, [v for v in views if v.job.spec.is_active or not active_only])


@app.verb("show")
def show(context: typer.Context, job: JobName) -> None:
    """Show one job; with -o json, its document and what followed from it.

    Example:
        zoomauto job show every-evening
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_job as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        view = opened.show_job()(call.owner, job)
    render.job(call, view)


@app.verb("update")
def update(
    context: typer.Context,
    *,
    job: JobName,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="A new name; the slug stays.")
    ] = None,
    template: options.Template = None,
    daily: options.Daily = None,
    every_hours: options.EveryHours = None,
    weekdays: options.Weekdays = None,
    at: options.At = None,
    cron: options.Cron = None,
    schedule: options.ScheduleJson = None,
    timezone: options.Timezone = None,
    description: options.Description = None,
    sync_days: options.SyncDays = None,
    status: options.Status = None,
    include_blank: options.IncludeBlank = None,
    catch_up: options.CatchUp = None,
    overlap: options.Overlap = None,
    timeout: options.Timeout = None,
    retries: options.Retries = None,
    retry_gap: options.RetryGap = None,
    jitter: options.Jitter = None,
    pause_after: options.PauseAfter = None,
    settings: SettingPairs = None,
    file: options.File = None,
    no_apply: NoApply = False,
) -> None:
    """Change a job; what is not named stays as it is.

    A new schedule keeps the job's zone unless --timezone says otherwise.

    Example:
        zoomauto job update every-evening --daily 22:00 --sync-days 7
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_job as render
    from zoomauto.cli._entries import follow
    from zoomauto.cli._job_words import change_of

    call = Call.of(context)
    flags = JobFlags(
        schedule=ScheduleFlags(
            daily=daily,
            every_hours=every_hours,
            weekdays=weekdays,
            at=at,
            cron=cron,
            schedule=schedule,
            timezone=timezone,
        ),
        policies=PolicyFlags(
            catch_up=catch_up,
            overlap=overlap,
            timeout=timeout,
            retries=retries,
            retry_gap=retry_gap,
            jitter=jitter,
            pause_after=pause_after,
        ),
        file=file,
        name=name,
        templates=given(template),
        description=description,
        sync_days=sync_days,
        statuses=given(status),
        include_blank=include_blank,
        settings=pairs(settings, flag="--set"),
    )
    with open_app(call.settings) as opened:
        base = opened.show_job()(call.owner, job).job.spec.schedule
        change = change_of(flags, base=base, default_timezone=base.timezone)
        changed = opened.update_job()(call.owner, job, change)
        problems = follow(call, opened, is_wanted=not no_apply)
    render.changed_job(call, changed, "changed", problems)


@app.verb("copy")
def copy(
    context: typer.Context,
    *,
    job: JobName,
    name: Annotated[str, typer.Argument(metavar="NEWNAME", help="What to call the copy.")],
    template: options.Template = None,
    daily: options.Daily = None,
    every_hours: options.EveryHours = None,
    weekdays: options.Weekdays = None,
    at: options.At = None,
    cron: options.Cron = None,
    schedule: options.ScheduleJson = None,
    timezone: options.Timezone = None,
    description: options.Description = None,
    sync_days: options.SyncDays = None,
    status: options.Status = None,
    include_blank: options.IncludeBlank = None,
    catch_up: options.CatchUp = None,
    overlap: options.Overlap = None,
    timeout: options.Timeout = None,
    retries: options.Retries = None,
    retry_gap: options.RetryGap = None,
    jitter: options.Jitter = None,
    pause_after: options.PauseAfter = None,
    settings: SettingPairs = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Save it switched off.")] = False,
    no_apply: NoApply = False,
) -> None:
    """Save a copy of a job under another name, with changes.

    Example:
        zoomauto job copy every-evening "Every noon" --daily 12:00
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_job as render
    from zoomauto.cli._entries import follow
    from zoomauto.cli._job_words import change_of

    call = Call.of(context)
    flags = JobFlags(
        schedule=ScheduleFlags(
            daily=daily,
            every_hours=every_hours,
            weekdays=weekdays,
            at=at,
            cron=cron,
            schedule=schedule,
            timezone=timezone,
        ),
        policies=PolicyFlags(
            catch_up=catch_up,
            overlap=overlap,
            timeout=timeout,
            retries=retries,
            retry_gap=retry_gap,
            jitter=jitter,
            pause_after=pause_after,
        ),
        name=name,
        templates=given(template),
        description=description,
        sync_days=sync_days,
        statuses=given(status),
        include_blank=include_blank,
        settings=pairs(settings, flag="--set"),
        is_active=False if disabled else None,
    )
    with open_app(call.settings) as opened:
        base = opened.show_job()(call.owner, job).job.spec.schedule
        change = change_of(flags, base=base, default_timezone=base.timezone)
        copied = opened.copy_job()(call.owner, job, change)
        problems = follow(call, opened, is_wanted=not no_apply)
    render.changed_job(call, copied, "created", problems)


@app.verb("enable")
def enable(context: typer.Context, job: JobName, no_apply: NoApply = False) -> None:
    """Switch a job on; times that lay before are not made up for.

    Example:
        zoomauto job enable every-evening
    """
    _switch(context, job, is_active=True, no_apply=no_apply)


@app.verb("disable")
def disable(context: typer.Context, job: JobName, no_apply: NoApply = False) -> None:
    """Switch a job off; it can still be run by hand.

    Example:
        zoomauto job disable every-evening
    """
    _switch(context, job, is_active=False, no_apply=no_apply)


@app.verb("delete")
def delete(
    context: typer.Context, job: JobName, yes: Yes = False, no_apply: NoApply = False
) -> None:
    """Forget a job; its history stays and its recordings are released.

    Example:
        zoomauto job delete every-evening --yes
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_job as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        found = opened.show_job()(call.owner, job).job
        confirm(f"Delete job {found.id} {found.name!r} ({found.slug})?", is_confirmed=yes)
        if not no_apply:
            # First: an entry must not call a job that is gone.
            opened.schedules.update()(call.owner, without={found.slug})
        deleted = opened.delete_job()(call.owner, f"slug:{found.slug}")
    render.deleted_job(call, deleted)


def _switch(context: typer.Context, job: str, *, is_active: bool, no_apply: bool) -> None:
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_job as render
    from zoomauto.cli._entries import follow
    from zoomauto.domain.job_change import JobChange

    call = Call.of(context)
    with open_app(call.settings) as opened:
        changed = opened.update_job()(call.owner, job, JobChange(is_active=is_active))
        problems = follow(call, opened, is_wanted=not no_apply)
    render.changed_job(call, changed, "enabled" if is_active else "disabled", problems)

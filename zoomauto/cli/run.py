"""``zoomauto run``: run a job, or whatever is due."""

from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._options import Quiet, day
from zoomauto.errors import UsageError, ZoomautoError


def run(
    context: typer.Context,
    *,
    job: Annotated[
        str | None,
        typer.Argument(metavar="JOB", help="Id, slug or name; id:, slug:, name: settle which."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would do; write nothing anywhere.")
    ] = False,
    scheduled: Annotated[
        bool,
        typer.Option("--scheduled", help="Run only what is due; silent unless something fails."),
    ] = False,
    due: Annotated[
        bool,
        typer.Option("--due", help="Run what is due of all jobs, one after another; silent too."),
    ] = False,
    no_sync: Annotated[
        bool, typer.Option("--no-sync", help="List no source; work with what is known.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="First day to look at, as in 2026-11-01."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Run a job: list its sources, then process and publish what matches.

    With --due, run every job of the owner that is due, and what an earlier run left unfinished;
    the exit code is the worst of all.

    Example:
        zoomauto run every-evening --dry-run
    """
    call = Call.of(context)
    if due:
        _refuse_beside_due(job, is_other=dry_run or scheduled or no_sync or since is not None)
        return _run_due(call)
    if job is None:
        raise UsageError("name a job, or say --due", hint="zoomauto job list")
    if scheduled and not dry_run and not _has_work(call, job):
        return _show_nothing(call)
    return _run_job(
        call, job, dry_run=dry_run, scheduled=scheduled, sync=not no_sync, since=since, quiet=quiet
    )


def _run_job(
    call: Call,
    job: str,
    *,
    dry_run: bool,
    scheduled: bool,
    sync: bool,
    since: str | None,
    quiet: bool,
) -> None:
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_run as render
    from zoomauto.cli._progress import told
    from zoomauto.usecases.run_job import RunRequest

    request = RunRequest(
        owner=call.owner, job=job, scheduled=scheduled, sync=sync, since=day(since)
    )
    is_silent = quiet or scheduled
    log_file = call.settings.log_file if scheduled and not dry_run else None
    with (
        told(call, is_silent=is_silent, log_file=log_file) as progress,
        open_app(call.settings, read_only=dry_run, create=not scheduled) as opened,
    ):
        if dry_run:
            preview = opened.preview_run(progress)(request)
        else:
            report = opened.run_job(progress)(request)
    if dry_run:
        render.preview(call, preview)
    else:
        render.report(call, report, is_silent=is_silent)


def _run_due(call: Call) -> None:
    from zoomauto.bootstrap import open_app
    from zoomauto.cli._progress import told

    with (
        told(call, is_silent=True, log_file=call.settings.log_file) as progress,
        open_app(call.settings, create=False) as opened,
    ):
        found = opened.run_due(progress)(call.owner)

    from zoomauto.cli import _render_run as render

    render.due(call, found)


def _has_work(call: Call, job: str) -> bool:
    """Look whether anything is due: nearly every scheduled start ends here."""
    from zoomauto.bootstrap import open_app

    try:
        with open_app(call.settings, create=False) as opened:
            return opened.claim_run().has_work(call.owner, job)
    except ZoomautoError:
        # It goes wrong again at once, where the log file hears of it too.
        return True


def _show_nothing(call: Call) -> None:
    from zoomauto.cli._render import Answer, show

    show(call, Answer(data=None))


def _refuse_beside_due(job: str | None, *, is_other: bool) -> None:
    if job is not None:
        raise UsageError("--due runs every job that is due: name none", hint="zoomauto run --due")
    if is_other:
        raise UsageError("--due takes none of the other options", hint="zoomauto run --due")

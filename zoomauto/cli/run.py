"""``zoomauto run``: run a job."""

from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._job_options import JobName
from zoomauto.cli._options import Quiet, day


def run(
    context: typer.Context,
    *,
    job: JobName,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would do; write nothing anywhere.")
    ] = False,
    scheduled: Annotated[
        bool,
        typer.Option("--scheduled", help="Run only what is due; silent unless something fails."),
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

    Example:
        zoomauto run every-evening --dry-run
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_run as render
    from zoomauto.cli._progress import told
    from zoomauto.usecases.run_job import RunRequest

    call = Call.of(context)
    request = RunRequest(
        owner=call.owner, job=job, scheduled=scheduled, sync=not no_sync, since=day(since)
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

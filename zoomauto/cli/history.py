"""``zoomauto history``: what was run, and how it ended."""

from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun
from zoomauto.cli._options import Limit

app = Noun("Past runs and how they ended.")

JobFilter = Annotated[
    str | None, typer.Argument(metavar="JOB", help="Only runs of this job: id, slug or name.")
]


@app.verb("list")
def list_runs(context: typer.Context, job: JobFilter = None, limit: Limit = 20) -> None:
    """Show past runs, newest first.

    Example:
        zoomauto history list every-evening --limit 5
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_run as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        runs = opened.list_runs()(call.owner, job, limit=limit or None)
    render.history(call, runs)


@app.verb("show")
def show(
    context: typer.Context,
    job: JobFilter = None,
    run: Annotated[
        int | None, typer.Option("--run", metavar="ID", help="This run; default: the newest.")
    ] = None,
) -> None:
    """Show one run, recording by recording.

    Example:
        zoomauto history show every-evening
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_run as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        if run is not None:
            found = [opened.show_run()(call.owner, run)]
        else:
            found = list(opened.list_runs()(call.owner, job, limit=1))
    if found:
        render.past_run(call, found[0])
    else:
        render.no_run(call, job)

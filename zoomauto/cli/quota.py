"""``zoomauto quota``: what an owner may have."""

from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun

app = Noun("What an owner may have: guard rails, not access control.")


@app.verb("show")
def show(context: typer.Context) -> None:
    """Show an owner's quota and what is used of it.

    Example:
        zoomauto quota show
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_settings as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        view = opened.show_quota()(call.owner)
    render.quota(call, view)


@app.verb("set")
def set_(
    context: typer.Context,
    max_jobs: Annotated[
        str | None,
        typer.Option("--max-jobs", metavar="N", help="How many jobs, or unlimited."),
    ] = None,
    min_interval_hours: Annotated[
        str | None,
        typer.Option(
            "--min-interval-hours",
            metavar="X",
            help="Least time between two occurrences of one job, or none.",
        ),
    ] = None,
) -> None:
    """Change an owner's quota; jobs that exist stay as they are.

    Example:
        zoomauto quota set --max-jobs 10 --min-interval-hours 0.5
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_settings as render
    from zoomauto.cli._quota_words import quota_change

    call = Call.of(context)
    change = quota_change(max_jobs, min_interval_hours)
    with open_app(call.settings) as opened:
        view = opened.set_quota()(call.owner, change)
    render.quota(call, view)

"""``zoomauto recording``: single recordings."""

from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun
from zoomauto.cli._options import Limit, Yes, confirm, given

app = Noun("Recordings: what is known of them, and decisions about single ones.")

RecordingId = Annotated[int, typer.Argument(metavar="ID", help="As recording list shows it.")]


@app.verb("list")
def list_recordings(
    context: typer.Context,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="S", help="Only this status, as in FAILED."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="S", help="Only those of this source.")
    ] = None,
    limit: Limit = 50,
) -> None:
    """Show recordings, newest first.

    Example:
        zoomauto recording list --status FAILED
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_recording as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        views = opened.list_recordings()(
            call.owner, statuses=given(status) or (), source=source, limit=limit or None
        )
    render.recordings(call, views)


@app.verb("show")
def show(context: typer.Context, recording: RecordingId) -> None:
    """Show one recording with its files, stages and publications.

    Example:
        zoomauto recording show 42
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_recording as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        view = opened.show_recording()(call.owner, recording)
    render.recording(call, view)


@app.verb("explain")
def explain(
    context: typer.Context,
    recording: RecordingId,
    job: Annotated[str, typer.Option("--job", metavar="JOB", help="Id, slug or name of the job.")],
) -> None:
    """Say why a job takes a recording, or leaves it.

    Example:
        zoomauto recording explain 42 --job every-evening
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_recording as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        explanation = opened.explain_recording()(call.owner, recording, job)
    render.explanation(call, explanation)


@app.verb("retry")
def retry(context: typer.Context, recording: RecordingId) -> None:
    """Let the next run try a failed recording again where it stopped.

    Example:
        zoomauto recording retry 42
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_recording as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        view = opened.retry_recording()(call.owner, recording)
    render.changed_recording(call, view, "will be tried again by the next run")


@app.verb("skip")
def skip(context: typer.Context, recording: RecordingId) -> None:
    """Leave a recording out for good.

    Example:
        zoomauto recording skip 42
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_recording as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        view = opened.skip_recording()(call.owner, recording)
    render.changed_recording(call, view, "is left out; recording reset takes it back")


@app.verb("reset")
def reset(context: typer.Context, recording: RecordingId, yes: Yes = False) -> None:
    """Start a recording from the beginning, free for any job.

    What was published stays where it is.

    Example:
        zoomauto recording reset 42 --yes
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_recording as render
    from zoomauto.domain.naming import shown_name

    call = Call.of(context)
    with open_app(call.settings) as opened:
        found = opened.show_recording()(call.owner, recording).recording
        what = f"recording {found.id} {shown_name(found.name)!r}"
        confirm(f"Forget what was done with {what}?", is_confirmed=yes)
        view = opened.reset_recording()(call.owner, recording)
    render.changed_recording(call, view, "starts from the beginning")


@app.verb("undelete")
def undelete(context: typer.Context, recording: RecordingId) -> None:
    """Take a published recording back out of its source's trash.

    No run puts it there again.

    Example:
        zoomauto recording undelete 42
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_recording as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        view = opened.undelete_recording()(call.owner, recording)
    render.changed_recording(call, view, "is back at its source")

"""``zoomauto demo``: the whole way, shown on recordings of its own."""

from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._options import Quiet


def demo(
    context: typer.Context,
    *,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Only keep its fake Zoom cloud running, until Ctrl-C."),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Show the whole way in ./zoomauto-demo, with nothing set up before.

    Makes short recordings with ffmpeg, serves them from a fake Zoom cloud on this machine, and
    types every command from source to publication.
    Its settings and database stay in that folder, which the next demo empties.

    Example:
        zoomauto demo
    """
    from zoomauto.cli import _render_demo as render
    from zoomauto.demo import demonstration

    call = Call.of(context)
    demonstrate = demonstration(call.settings, say=render.narrator(call, is_quiet=quiet))
    if serve:
        demonstrate.serve()
        return
    report = demonstrate()
    render.report(call, report)

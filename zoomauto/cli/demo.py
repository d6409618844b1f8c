"""``zoomauto demo``: the whole way, shown on recordings of its own."""

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._options import Quiet


def demo(context: typer.Context, *, quiet: Quiet = False) -> None:
    """Show the whole way in ./zoomauto-demo, with nothing set up before.

    Makes short recordings with ffmpeg, then types every command from source to publication.
    Its settings and database stay in that folder, which the next demo empties.

    Example:
        zoomauto demo
    """
    from zoomauto.cli import _render_demo as render
    from zoomauto.demo import demonstration

    call = Call.of(context)
    report = demonstration(call.settings, say=render.narrator(call, is_quiet=quiet))()
    render.report(call, report)

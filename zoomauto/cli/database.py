"""``zoomauto database``: the database as a thing to look after."""

from pathlib import Path
from typing import Annotated

import typer

from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun

app = Noun("The database: its schema, its size, copies of it.")


@app.verb("status")
def status(context: typer.Context) -> None:
    """Show which database this is and how its schema stands.

    Example:
        zoomauto database status
    """
    from zoomauto.bootstrap import database
    from zoomauto.cli import _render_settings as render

    call = Call.of(context)
    render.database(call, database(call.settings).status())


@app.verb("upgrade")
def upgrade(context: typer.Context) -> None:
    """Make the database, or bring its schema up to date.

    A SQLite database is copied beside itself first.

    Example:
        zoomauto database upgrade
    """
    from zoomauto.bootstrap import database
    from zoomauto.cli import _render_settings as render

    call = Call.of(context)
    render.database(call, database(call.settings).upgrade())


@app.verb("backup")
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
) -> None:
    """Write a consistent copy of the database, even while runs write.

    Example:
        zoomauto database backup ~/backups/zoomauto.db
    """
    from zoomauto.bootstrap import database
    from zoomauto.cli import _render_settings as render

    call = Call.of(context)
    target = file.expanduser().absolute()
    render.backup(call, target, database(call.settings).backup(target))

"""The command line: words in, words out."""

import re
import signal
import sys
from collections.abc import Sequence
from itertools import takewhile
from types import FrameType
from typing import Annotated, Any

import typer

from zoomauto.cli import (
    config,
    database,
    demo,
    destination,
    history,
    job,
    quota,
    recording,
    run,
    schedule,
    source,
    template,
)
from zoomauto.cli._call import (
    Call,
    Output,
    command_words,
    remember_flag,
    remember_output,
    remember_verbose,
    show_version,
)
from zoomauto.cli._grammar import Command, Noun
from zoomauto.errors import ZoomautoError

INTERRUPTED = 130

app = Noun("Fetch, cut and publish meeting recordings on a schedule.")
app.add_typer(source.app, name="source")
app.add_typer(template.app, name="template")
app.add_typer(destination.app, name="destination")
app.add_typer(job.app, name="job")
app.command("run", cls=Command)(run.run)
app.add_typer(recording.app, name="recording")
app.add_typer(history.app, name="history")
app.add_typer(schedule.app, name="schedule")
app.add_typer(quota.app, name="quota")
app.add_typer(config.app, name="config")
app.add_typer(database.app, name="database")
app.command("demo", cls=Command)(demo.demo)


@app.callback()
def shared_options(
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The settings file.",
            callback=remember_flag,
            expose_value=False,
        ),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="sqlite:///PATH or postgresql://USER@HOST/NAME.",
            callback=remember_flag,
            expose_value=False,
        ),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose jobs and recordings are meant.",
            callback=remember_flag,
            expose_value=False,
        ),
    ] = None,
    output: Annotated[
        Output | None,
        typer.Option(
            "--output",
            "-o",
            metavar="table|json",
            help="How to show the answer: table or json.",
            callback=remember_output,
            expose_value=False,
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Log in full, and say what caused an error.",
            callback=remember_verbose,
            expose_value=False,
        ),
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version.",
            callback=show_version,
            expose_value=False,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Fetch, cut and publish meeting recordings on a schedule."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program with ``arguments`` (default: those of the process), and exit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(_run(words))


def _run(words: Sequence[str]) -> int:
    """Be the one error boundary: what goes wrong below is shown here and becomes an exit code."""
    call = Call()
    try:
        code = typer.main.get_command(app).main(
            args=list(words), prog_name="zoomauto", standalone_mode=False, obj=call
        )
    except ZoomautoError as error:
        return _failed(call, error)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except _ClickError as error:
        return _misused(call, words, error)
    except Exception as error:  # noqa: BLE001 - a bug, shown as one
        return _broken(call, error)
    if code == INTERRUPTED:
        return _interrupted(call)
    return code if isinstance(code, int) else 0


#: Typer has no public name for what its parser raises; a version of its own click holds it.
_ClickError: Any = typer.BadParameter.__mro__[2]


def _failed(call: Call, error: ZoomautoError) -> int:
    from zoomauto.cli._render import Problem, show_failure

    show_failure(call, Problem.of(error), error.exit_code, cause=error)
    return error.exit_code


def _misused(call: Call, words: Sequence[str], error: Any) -> int:
    from zoomauto.cli._render import Problem, show_failure

    context = getattr(error, "ctx", None)
    path = context.command_path if context else "zoomauto"
    call.command = command_words(path)
    # The parser gave up before it came to --output.
    if _asks_for_json(words):
        call.output = Output.JSON
    message = error.format_message().replace("Value error, ", "")
    problem = Problem(code="usage", message=message, hint=f"{path} --help")
    if type(error).__name__ == "NoArgsIsHelpError":
        if call.output is Output.TABLE:
            typer.echo(message, err=True)
            return int(error.exit_code)
        problem = Problem(code="usage", message="There is no verb.", hint=problem.hint)
    show_failure(call, problem, error.exit_code)
    return int(error.exit_code)


def _broken(call: Call, error: Exception) -> int:
    import traceback

    from zoomauto.cli._render import Problem, show_failure

    traceback.print_exception(error)
    message = f"this is a bug in zoomauto: {type(error).__name__}: {error}"
    hint = None if call.is_verbose else "run it again with --verbose to see what led to it"
    show_failure(call, Problem(code="bug", message=message, hint=hint), 1)
    return 1


def _interrupted(call: Call) -> int:
    from zoomauto.cli._render import Problem, show_failure

    problem = Problem(code="interrupted", message="interrupted; what was done so far is saved")
    show_failure(call, problem, INTERRUPTED)
    return INTERRUPTED


def _asks_for_json(words: Sequence[str]) -> bool:
    line = "\n".join(takewhile(lambda word: word != "--", words))
    return bool(re.search(r"^(?:--output[=\n]|-\w*o[=\n]?)json$", line, re.MULTILINE))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # A second signal must not disturb the tidying up after the first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt

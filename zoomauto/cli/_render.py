"""What a command answers: drawn as a table, as plain lines, or as one JSON envelope.

Rich draws tables on terminals and is imported only there.
"""

import json
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import typer

from zoomauto.cli._call import Call, Output
from zoomauto.errors import PartialFailure, ZoomautoError

#: Grows only when a key changes its meaning or goes away (contract, section 1).
SCHEMA = 1

#: Joiners: invisible, harmless, and part of words and emoji.
_HARMLESS = "\u200c\u200d"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows under named columns. Cells are any values; None is shown as nothing."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of one thing, line by line; None and empty values are left out."""

    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One entry of ``errors``."""

    #: Stable, for scripts.
    code: str
    message: str
    #: The command that mends it.
    hint: str | None = None

    @classmethod
    def of(cls, error: ZoomautoError) -> "Problem":
        """Give what an error says."""
        return cls(code=error.code, message=error.message, hint=error.hint)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Everything a command shows, for machines and for people."""

    #: The envelope's ``data``.
    data: Any
    #: What people see on standard output.
    parts: Sequence[Table | Facts | str] = ()
    #: What people see on standard error: warnings, and what to do next.
    remarks: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    exit_code: int = 0


def show(call: Call, answer: Answer) -> None:
    """Show an answer in the form asked for; end the program with its exit code unless that is 0."""
    if call.output is Output.JSON:
        _write(sys.stdout, envelope(call, answer))
    else:
        for part in answer.parts:
            _draw(part)
        for remark in answer.remarks:
            _write(sys.stderr, harmless(remark))
        for problem in answer.problems:
            _complain(problem)
    if answer.exit_code:
        raise typer.Exit(answer.exit_code)


def show_failure(
    call: Call, problem: Problem, exit_code: int, *, cause: BaseException | None = None
) -> None:
    """Show what kept a command from answering; with ``--verbose``, what led to it."""
    if call.output is Output.JSON:
        failed = Answer(data=None, problems=(problem,), exit_code=exit_code)
        _write(sys.stdout, envelope(call, failed))
    else:
        _complain(problem)
    if call.is_verbose and cause is not None:
        for link in _causes(cause):
            _write(sys.stderr, harmless(f"  because of {type(link).__name__}: {link}"))


def envelope(call: Call, answer: Answer) -> str:
    """Give the one JSON document of a command (contract, section 1)."""
    document = {
        "schema": SCHEMA,
        "command": call.command,
        "status": _status(answer.exit_code),
        "data": answer.data,
        "errors": [
            {"code": problem.code, "message": problem.message, "hint": problem.hint}
            for problem in answer.problems
        ],
    }
    text = json.dumps(document, ensure_ascii=False, indent=2)
    # Escapes say the same where the stream cannot: half a surrogate pair, a stream in ASCII.
    return text if _fits(text, sys.stdout) else json.dumps(document, indent=2)


def harmless(value: Any) -> str:
    """Give a value as text on one line that does nothing to a terminal."""
    text = _word(value)
    if text.isprintable():
        return text
    return "".join(c if _is_harmless(c) else c.encode("unicode_escape").decode() for c in text)


def iso(instant: datetime | None) -> str | None:
    """Give an instant as JSON has it."""
    return None if instant is None else instant.isoformat()


def seconds(span: timedelta | None) -> float | None:
    """Give a span of time as JSON has it."""
    return None if span is None else span.total_seconds()


def clock(instant: datetime | None, timezone: str) -> str | None:
    """Give an instant as people read it, on the clocks of ``timezone``."""
    return None if instant is None else f"{instant.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


def megabytes(size: int | None) -> str | None:
    """Give a size in bytes as people read it."""
    if size is None:
        return None
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size} bytes"  # noqa: PLR2004 - 0.1 MB


def span(length: timedelta | None) -> str | None:
    """Give a span of time as people read it: ``1:02:03``."""
    return None if length is None else str(timedelta(seconds=round(length.total_seconds())))


def _status(exit_code: int) -> str:
    if exit_code == 0:
        return "success"
    return "partial" if exit_code == PartialFailure.exit_code else "error"


def _complain(problem: Problem) -> None:
    message = harmless(problem.message)
    end = "" if message.endswith((".", "!", "?")) else "."
    _write(sys.stderr, f"Error: {message}{end}")
    if problem.hint:
        _write(sys.stderr, f"  hint: {harmless(problem.hint)}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    link = error.__cause__ or error.__context__
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _draw(part: Table | Facts | str) -> None:
    match part:
        case Table(columns=columns, rows=rows):
            cells = [[harmless(cell) for cell in row] for row in rows]
            if sys.stdout.isatty():
                _draw_with_rich(columns, cells)
            else:
                _write(sys.stdout, "\n".join(_aligned([columns, *cells])))
        case Facts(facts=facts):
            shown = [(f"{name}:", harmless(v)) for name, v in facts.items() if v not in (None, "")]
            _write(sys.stdout, "\n".join(_aligned(shown)))
        case str():
            _write(sys.stdout, harmless(part))


def _draw_with_rich(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # Folded, never cut: the end of a name may be what tells two apart.
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(f"{cell}{' ' * (width - _width(cell))}" for cell, width in cells).rstrip()


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or character in _HARMLESS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _word(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(_word, value))
        case dict():
            return ", ".join(f"{key}={_word(inner)}" for key, inner in value.items())
    return str(value)


def _is_harmless(character: str) -> bool:
    return (
        character.isprintable() or character in _HARMLESS or unicodedata.category(character) == "Zs"
    )


def _write(stream: TextIO, text: str) -> None:
    if not _fits(text, stream):
        text = text.encode(stream.encoding, "backslashreplace").decode(stream.encoding)
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        # Whoever read has seen enough. What is still in the buffer must go nowhere at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _fits(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True

"""Reading a document from a file or from standard input."""

import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoomauto.errors import InvalidDocument


def read_document(name: str) -> Any:
    """Read ``*.toml`` as TOML, everything else and ``-`` (standard input) as JSON.

    Raise InvalidDocument, with line and column, for what is neither.
    """
    text = _decoded(name, _content(name))
    if name.lower().endswith(".toml"):
        return _toml(name, text)
    return parse_json(text, where="standard input" if name == "-" else name)


def parse_json(text: str, *, where: str) -> Any:
    """Parse JSON strictly: no key twice, no NaN. Raise InvalidDocument with line and column."""
    try:
        return json.loads(text, object_pairs_hook=_table, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise InvalidDocument(
            f"{where}, line {error.lineno}, column {error.colno}: not valid JSON: {error.msg}"
        ) from error
    except RecursionError as error:
        raise InvalidDocument(f"{where}: nested too deeply") from error
    except ValueError as error:
        raise InvalidDocument(f"{where}: {error}") from error


def _content(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).expanduser().read_bytes()
    except FileNotFoundError as error:
        raise InvalidDocument(f"there is no file {name}") from error
    except OSError as error:
        raise InvalidDocument(f"{name} cannot be read: {error.strerror}") from error


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise InvalidDocument(f"{name}, line {line}, column {column}: not UTF-8") from error


def _toml(name: str, text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error).replace("end of document", _end_of(text))
        raise InvalidDocument(f"{name}: not valid TOML: {reason}") from error
    except RecursionError as error:
        raise InvalidDocument(f"{name}: nested too deeply") from error


def _end_of(text: str) -> str:
    last = text.rpartition("\n")[2]
    return f"line {text.count(chr(10)) + 1}, column {len(last) + 1}, the end"


def _table(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ValueError(f"the key {key!r} stands there twice")
        table[key] = value
    return table


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")

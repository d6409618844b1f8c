"""Options: plain mappings in, validated frozen dataclasses out.

Adapters declare their options as frozen dataclasses; pydantic does the checking.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from zoomauto.errors import InvalidOptions

T = TypeVar("T")


def read_options(options: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """Build ``options`` from ``values``.

    Text is accepted for numbers and booleans, since command lines and environments have only text.
    ``where`` names the place for the message ("source option", "processing_config.trim").
    Raise InvalidOptions for unknown keys and unusable values, all of them at once.
    """
    try:
        checked_values = _adapter(options).validate_python(dict(values))
    except ValidationError as error:
        raise InvalidOptions(
            f"{where}: {'; '.join(_sentence(e) for e in error.errors())}",
            hint=f"known: {', '.join(option_names(options)) or 'no options at all'}",
        ) from error
    return options(**{name: getattr(checked_values, name) for name in option_names(options)})


def option_names(options: type) -> tuple[str, ...]:
    """Give the names of the fields of an options dataclass."""
    return tuple(options.__dataclass_fields__)  # type: ignore[attr-defined]  # any dataclass has it


def laid_over(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Lay changed options over others; an empty text takes an option away."""
    return {key: value for key, value in {**base, **change}.items() if value != ""}


def _adapter(options: type[T]) -> TypeAdapter[T]:
    checks: type[Any] = checked(options, config=ConfigDict(extra="forbid"), frozen=True)
    return TypeAdapter(checks)


def _sentence(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "unexpected_keyword_argument":
        return f"there is no option {name!r}"
    if error["type"] in {"missing", "missing_argument"}:
        return f"{name!r} is missing"
    text = error["msg"].removeprefix("Value error, ")
    if not name:
        return str(text)
    return f"{name!r} cannot be {error['input']!r}: {text[0].lower()}{text[1:]}"

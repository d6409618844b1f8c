"""One field of a cron expression: its values, and what to write instead of what is refused."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from zoomauto.errors import InvalidSchedule


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """What may stand in one of the five places."""

    name: str
    low: int
    #: The highest number that may be written.
    high: int
    #: How many different values there are; for weekdays one less than numbers, 7 being 0.
    size: int
    #: Three letters each, from the lowest value on.
    names: tuple[str, ...] = ()


MINUTE = Field(name="minute", low=0, high=59, size=60)
HOUR = Field(name="hour", low=0, high=23, size=24)
DAY = Field(name="day of the month", low=1, high=31, size=31)
MONTH = Field(
    name="month",
    low=1,
    high=12,
    size=12,
    names=("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
)
WEEKDAY = Field(
    name="weekday",
    low=0,
    high=7,
    size=7,
    names=("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
)

_NUMBER = re.compile(r"[0-9]+")
#: Quartz and Jenkins: last day, nearest working day, last Friday (5L, friL), hashed.
_FOREIGN = re.compile(r"[0-9]*(l|w|lw|h)([-(].*)?|[a-z]{3}l", re.IGNORECASE)


def parse_field(text: str, field: Field) -> tuple[int, ...]:
    """Read a list of ``*``, values, ranges and steps; give the values ascending, each once.

    Raise InvalidSchedule for whatever the cron of Debian refuses, or accepts and never runs.
    """
    return _normal({v for item in text.split(",") for v in _item(item, field, text)}, field)


def list_text(values: Iterable[int], field: Field) -> str:
    """Write values as a list, or as ``*`` when they are all there are."""
    normal = _normal(values, field)
    return "*" if len(normal) == field.size else ",".join(map(str, normal))


def _normal(values: Iterable[int], field: Field) -> tuple[int, ...]:
    return tuple(sorted({(v - field.low) % field.size + field.low for v in values}))


def _item(item: str, field: Field, text: str) -> range:
    if not item:
        rest = ",".join(filter(None, text.split(",")))
        raise InvalidSchedule(
            f"the {field.name} field {text!r} has an empty item",
            hint=_instead(rest, text) if rest else None,
        )
    _refuse_foreign(item, field)
    base, slash, step_text = item.partition("/")
    step = _step(step_text, item, field) if slash else 1
    low, high = _bounds(base, item, field)
    if low > high:
        raise _wrapping(range(low, high + field.size + 1, step), item, field)
    values = range(low, high + 1, step)
    if slash:
        _check_step(base, values, item, field)
    return values


def _bounds(base: str, item: str, field: Field) -> tuple[int, int]:
    if base == "*":
        return field.low, field.high
    first, dash, last = base.partition("-")
    low = _value(first, item, field)
    return low, _value(last, item, field) if dash else low


def _value(text: str, item: str, field: Field) -> int:
    if _NUMBER.fullmatch(text):
        return _number(text, item, field)
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.low
    short = text[:3].lower()
    raise InvalidSchedule(
        f"{item!r} in the {field.name} field is nothing that cron knows",
        hint=_instead(short, text) if short in field.names else f"known: {_known(field)}",
    )


def _number(text: str, item: str, field: Field) -> int:
    number = _small_int(text)
    if field.low <= number <= field.high:
        return number
    wraps = field.low == 0 and number == field.size
    raise InvalidSchedule(
        f"{item!r} in the {field.name} field is out of range: {field.low} to {field.high}",
        hint=_instead("0", text) if wraps else None,
    )


def _small_int(digits: str) -> int:
    # int() refuses thousands of digits; no field has more than two.
    return int(digits.lstrip("0")[:3] or "0")


def _step(text: str, item: str, field: Field) -> int:
    if not _NUMBER.fullmatch(text):
        raise InvalidSchedule(
            f"the step in {item!r} of the {field.name} field is not a whole number",
            hint=f"known: {_known(field)}",
        )
    if step := _small_int(text):
        return step
    base = item.partition("/")[0]
    raise InvalidSchedule(
        f"the step in {item!r} of the {field.name} field is zero", hint=_instead(base, item)
    )


def _check_step(base: str, values: range, item: str, field: Field) -> None:
    if _NUMBER.fullmatch(base) or base.lower() in field.names:
        last = field.low + field.size - 1
        longest = last - values.start
        mended = f"{values.start}-{last}/{values.step}"
        raise InvalidSchedule(
            f"{item!r} in the {field.name} field has a step without a range,"
            " which crons read in different ways",
            hint=_instead(mended if values.step <= longest else str(values.start), item),
        )
    longest = field.high if base == "*" else values.stop - 1 - values.start
    if values.step > longest:
        raise InvalidSchedule(
            f"the step in {item!r} of the {field.name} field goes beyond the range",
            hint=_instead(str(values.start), item),
        )


def _wrapping(values: range, item: str, field: Field) -> InvalidSchedule:
    why = " (Sunday is 0)" if field is WEEKDAY else ""
    return InvalidSchedule(
        f"{item!r} in the {field.name} field runs backwards{why}: cron would never start it",
        hint=_instead(list_text(values, field), item),
    )


def _refuse_foreign(item: str, field: Field) -> None:
    if item == "?":
        raise InvalidSchedule(
            f"'?' in the {field.name} field is not known to cron", hint=_instead("*", "?")
        )
    if "~" in item:
        raise InvalidSchedule(
            f"{item!r} in the {field.name} field is a random value, different on every host",
            hint=f"choose one value: {_known(field)}",
        )
    known_name = item.lower() in field.names
    if any(sign in item for sign in "#?") or (_FOREIGN.fullmatch(item) and not known_name):
        raise InvalidSchedule(
            f"{item!r} in the {field.name} field is an extension (L, W, #, ?, H) that cron lacks",
            hint=f"known: {_known(field)}",
        )


def _known(field: Field) -> str:
    span = f"{field.low} to {field.high}"
    return f"{span}, {field.names[0]} to {field.names[-1]}" if field.names else span


def _instead(new: str, old: str) -> str:
    return f"write {new} instead of {old}"

"""Cron expressions in plain English; every word is checked against the day and clock rules."""

from collections.abc import Iterable, Sequence

from zoomauto.domain.cron import CronExpression
from zoomauto.domain.cron_field import DAY, MONTH, WEEKDAY

#: From Monday on, as people say it; cron begins with Sunday.
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
#: Up to this many times a day are listed one by one.
_MOST_TIMES = 6
_EVERY_MINUTE, _EVERY_HOUR = tuple(range(60)), tuple(range(24))


def words_of(cron: CronExpression) -> str:
    """Say when a pattern occurs: ``Monday to Friday at 09:30``."""
    days = _days(cron)
    if len(cron.minutes) * len(cron.hours) <= _MOST_TIMES:
        times = clock_times((h, m) for h in cron.hours for m in cron.minutes)
        return (
            f"at {times} {days}" if days.startswith("on ") else f"{days or 'every day'} at {times}"
        )
    times = _minutes_and_hours(cron)
    return f"{times}, {days}" if days else times


def clock_times(times: Iterable[tuple[int, int]]) -> str:
    """Write hours and minutes: ``00:00, 06:00 and 12:00``."""
    return listed([f"{hour:02}:{minute:02}" for hour, minute in times])


def listed(words: Sequence[str], last: str = "and") -> str:
    """Join words as in a sentence: ``a, b and c``."""
    if not words[1:]:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def month_names(months: Iterable[int]) -> str:
    """Write months, three or more in a row as a range: ``January to March and July``."""
    return listed(_ranges([month - 1 for month in months], MONTH_NAMES))


def weekday_names(days: Iterable[int], last: str = "and") -> str:
    """Write weekdays, 0 = Monday, three or more in a row as a range: ``Monday to Friday``."""
    return listed(_ranges(days, WEEKDAY_NAMES), last)


def _minutes_and_hours(cron: CronExpression) -> str:
    all_day = cron.hours == _EVERY_HOUR and cron.interval_like
    pace = _pace(cron)
    if pace and all_day:
        return pace
    hours = "every hour" if all_day else _numbered("hour", cron.hours)
    if pace:
        return f"{pace} of {hours}"
    return f"at {_numbered('minute', cron.minutes)} of {hours}"


def _pace(cron: CronExpression) -> str | None:
    """Give ``every 15 minutes`` where that holds even while clocks are put back."""
    if not cron.interval_like or len(cron.minutes) == 1:
        return None
    if cron.minutes == _EVERY_MINUTE:
        return "every minute"
    step = 60 // len(cron.minutes)
    return f"every {step} minutes" if cron.minutes == tuple(range(0, 60, step)) else None


def _days(cron: CronExpression) -> str:
    """Say on which days; empty for every day."""
    every_day, every_weekday = len(cron.days) == DAY.size, len(cron.weekdays) == WEEKDAY.size
    all_year = len(cron.months) == MONTH.size
    in_months = "" if all_year else f" in {month_names(cron.months)}"
    weekdays = sorted((day - 1) % 7 for day in cron.weekdays)
    if (every_day and every_weekday) or (cron.either_day and (every_day or every_weekday)):
        return in_months and f"every day{in_months}"
    if every_day:
        return weekday_names(weekdays) + in_months
    of_month = f" of {month_names(cron.months)}" if in_months else " of the month"
    on_days = f"on {_day_numbers(cron.days)}"
    if every_weekday:
        return f"{on_days}{of_month}"
    if cron.either_day:
        either = f"{on_days} of the month or on {weekday_names(weekdays, 'or')}"
        return f"{either},{in_months}" if in_months else either
    return f"{on_days}{of_month}, only if it is {weekday_names(weekdays, 'or')}"


def _day_numbers(days: tuple[int, ...]) -> str:
    if days == tuple(range(1, 32, 2)):
        return "odd days"
    if days == tuple(range(2, 32, 2)):
        return "even days"
    return _numbered("day", days)


def _numbered(noun: str, numbers: tuple[int, ...]) -> str:
    plural = "" if len(numbers) == 1 else "s"
    return f"{noun}{plural} {listed(_ranges(numbers, range(60)))}"


def _ranges(numbers: Iterable[int], names: Sequence[object]) -> list[str]:
    """Name numbers; of three or more in a row, the ends."""
    rows: list[list[int]] = []
    for number in numbers:
        if rows and rows[-1][-1] == number - 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    words: list[str] = []
    for row in rows:
        if row[2:]:
            words.append(f"{names[row[0]]} to {names[row[-1]]}")
        else:
            words += [str(names[number]) for number in row]
    return words

"""Settings, quotas and the database as they are shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoomauto.cli._call import Call
from zoomauto.cli._render import Answer, Facts, Table, megabytes, show
from zoomauto.cli._render_place import checks
from zoomauto.domain.source import Check
from zoomauto.errors import ConfigurationError
from zoomauto.ports.database import DatabaseStatus
from zoomauto.settings import KNOWN, Settings, without_password
from zoomauto.usecases.edit_quotas import QuotaView


def settings(call: Call, found: Settings) -> None:
    """Show every setting and where it came from."""
    values = {key: getattr(found, key) for key in KNOWN}
    values["database_url"] = without_password(found.database_url)
    rows = [(key, value, found.origins[key]) for key, value in values.items()]
    data = {
        "config_file": str(found.config_file),
        "settings": {
            key: {
                "value": None if value is None else str(value),
                "origin": found.origins[key],
            }
            for key, value in values.items()
        },
    }
    table = Table(columns=("setting", "value", "from"), rows=rows)
    show(call, Answer(data=data, parts=[table], remarks=[f"settings file: {found.config_file}"]))


def path(call: Call, file: Path) -> None:
    """Show where the settings file is, or would be."""
    exists = file.is_file()
    remarks = () if exists else ["there is no such file yet; it is not needed"]
    data = {"config_file": str(file), "exists": exists}
    show(call, Answer(data=data, parts=[str(file)], remarks=remarks))


def settings_check(call: Call, facts: Sequence[Check]) -> None:
    """Show which settings work."""
    checks(call, "settings", facts, exit_code=ConfigurationError.exit_code)


def quota(call: Call, view: QuotaView) -> None:
    """Show a quota and what is used of it."""
    interval = view.quota.min_interval
    hours = None if interval is None else interval.total_seconds() / 3600
    limit = "unlimited" if view.quota.max_jobs is None else view.quota.max_jobs
    data = {
        "owner": view.owner,
        "max_automation_jobs": view.quota.max_jobs,
        "min_automation_interval_hours": hours,
        "jobs": view.jobs,
    }
    facts = {
        "owner": view.owner,
        "jobs": f"{view.jobs} of {limit}",
        "between occurrences": "any time" if hours is None else f"at least {hours:g} hours",
    }
    show(call, Answer(data=data, parts=[Facts(facts=facts)]))


def database(call: Call, found: DatabaseStatus) -> None:
    """Show how the database stands."""
    data: dict[str, Any] = {
        "url": found.url,
        "state": found.state,
        "revision": found.revision,
        "newest_revision": found.newest_revision,
        "size_bytes": found.size_bytes,
        "counts": dict(found.counts),
    }
    facts = {
        "database": found.url,
        "schema": found.state,
        "revision": found.revision,
        "newest revision": found.newest_revision,
        "size": megabytes(found.size_bytes),
        **found.counts,
    }
    outdated = found.state in ("missing", "outdated")
    remarks = ["next: zoomauto database upgrade"] if outdated else ()
    show(call, Answer(data=data, parts=[Facts(facts=facts)], remarks=remarks))


def backup(call: Call, file: Path, size: int) -> None:
    """Say where the copy is."""
    data = {"file": str(file), "size_bytes": size}
    show(call, Answer(data=data, parts=[f"{file}: {megabytes(size)}"]))

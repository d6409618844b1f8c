"""Sources and destinations as they are shown."""

from collections.abc import Sequence
from typing import Any

from zoomauto.cli._call import Call
from zoomauto.cli._render import Answer, Facts, Problem, Table, clock, iso, show
from zoomauto.domain.source import Check, DestinationConfig, SourceConfig


def source_document(source: SourceConfig) -> dict[str, Any]:
    """Give a source as JSON has it; secrets are references."""
    return {
        "id": source.id,
        "owner": source.owner,
        "name": source.name,
        "type": source.type,
        "options": dict(source.options),
        "secrets": dict(source.secrets),
        "is_active": source.is_active,
        "listed_until": iso(source.listed_until),
        "parts_listed_until": {
            part: at.isoformat() for part, at in source.parts_listed_until.items()
        },
        "created_at": iso(source.created_at),
        "updated_at": iso(source.updated_at),
    }


def destination_document(destination: DestinationConfig) -> dict[str, Any]:
    """Give a destination as JSON has it; secrets are references."""
    return {
        "id": destination.id,
        "owner": destination.owner,
        "name": destination.name,
        "type": destination.type,
        "options": dict(destination.options),
        "secrets": dict(destination.secrets),
        "created_at": iso(destination.created_at),
        "updated_at": iso(destination.updated_at),
    }


def sources(call: Call, found: Sequence[SourceConfig]) -> None:
    """Show all sources."""
    rows = [
        (s.id, s.name, s.type, s.is_active, clock(s.listed_until, call.settings.timezone))
        for s in found
    ]
    table = Table(columns=("id", "name", "type", "active", "listed until"), rows=rows)
    show(
        call,
        Answer(
            data=[source_document(source) for source in found],
            parts=[table] if rows else (),
            remarks=() if rows else ["no sources yet; zoomauto source add --help"],
        ),
    )


def source(call: Call, found: SourceConfig) -> None:
    """Show one source."""
    facts = {
        "source": found.name,
        "id": found.id,
        "type": found.type,
        "active": found.is_active,
        **{f"option {key}": value for key, value in found.options.items()},
        **{f"secret {key}": value for key, value in found.secrets.items()},
        "listed until": clock(found.listed_until, call.settings.timezone),
        **{
            f"listed until, {part or 'the others'}": clock(at, call.settings.timezone)
            for part, at in found.parts_listed_until.items()
        },
    }
    show(call, Answer(data=source_document(found), parts=[Facts(facts=facts)]))


def changed_source(call: Call, found: SourceConfig, deed: str) -> None:
    """Say what became of a source."""
    text = f"source {found.id} {found.name!r} {deed}"
    show(call, Answer(data=source_document(found), parts=[text]))


def destinations(call: Call, found: Sequence[DestinationConfig]) -> None:
    """Show all named destinations."""
    rows = [(d.id, d.name, d.type, dict(d.options)) for d in found]
    table = Table(columns=("id", "name", "type", "options"), rows=rows)
    nothing = "no destinations yet; zoomauto destination add --help, or --destination folder:/path"
    show(
        call,
        Answer(
            data=[destination_document(destination) for destination in found],
            parts=[table] if rows else (),
            remarks=() if rows else [nothing],
        ),
    )


def destination(call: Call, found: DestinationConfig) -> None:
    """Show one destination."""
    facts = {
        "destination": found.name,
        "id": found.id,
        "type": found.type,
        **{f"option {key}": value for key, value in found.options.items()},
        **{f"secret {key}": value for key, value in found.secrets.items()},
    }
    show(call, Answer(data=destination_document(found), parts=[Facts(facts=facts)]))


def changed_destination(call: Call, found: DestinationConfig, deed: str) -> None:
    """Say what became of a destination."""
    text = f"destination {found.id} {found.name!r} {deed}"
    show(call, Answer(data=destination_document(found), parts=[text]))


def checks(call: Call, name: str, facts: Sequence[Check], *, exit_code: int = 1) -> None:
    """Show fact by fact what works; ``exit_code`` counts when something does not."""
    missing = [fact for fact in facts if not fact.ok]
    rows = [(fact.name, "ok" if fact.ok else "missing", fact.detail) for fact in facts]
    problems = [
        Problem(code="check_failed", message=f"{name}: {fact.name}: {fact.detail}")
        for fact in missing
    ]
    data = {
        "name": name,
        "ok": not missing,
        "checks": [{"name": fact.name, "ok": fact.ok, "detail": fact.detail} for fact in facts],
    }
    show(
        call,
        Answer(
            data=data,
            parts=[Table(columns=("fact", "state", "detail"), rows=rows)],
            problems=problems,
            exit_code=exit_code if missing else 0,
        ),
    )

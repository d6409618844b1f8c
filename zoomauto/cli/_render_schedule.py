"""Entries as they are shown: exact text, differences, and how they stand."""

import shlex
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any

from zoomauto.cli._call import Call
from zoomauto.cli._render import Answer, Facts, Problem, Table, clock, iso, show
from zoomauto.domain.entry import Piece
from zoomauto.domain.invocation import Obstacle
from zoomauto.errors import ConfigurationError, TemporaryError, UsageError
from zoomauto.ports.scheduler import Availability
from zoomauto.usecases.apply_schedules import Applied, Outcome, edited_by_hand
from zoomauto.usecases.choose_backend import Backend, Choice
from zoomauto.usecases.plan_entries import EntryPlan
from zoomauto.usecases.probe_schedule import Probed
from zoomauto.usecases.remove_schedules import Removed
from zoomauto.usecases.render_schedules import Rendered
from zoomauto.usecases.restore_backup import Restored
from zoomauto.usecases.show_schedules import EntryState, JobEntries, ScheduleStatus

#: Of what a scheduler sets, that by which a program finds anything.
_NEEDED = ("HOME", "PATH", "XDG_RUNTIME_DIR")
#: A shell's answer for a program that cannot be executed, or is not there.
_NO_PROGRAM = (126, 127)
#: What the program itself ends with when something is wrong (contract, section 1).
_OWN_CODES = (2, 3, 65, 75, 77, 78)

_WORDS = {
    Outcome.APPLIED: "applied",
    Outcome.UNCHANGED: "nothing to change",
    Outcome.REFUSED: "nothing was changed",
    Outcome.PLANNED: "nothing was changed (--dry-run)",
}


def rendered(call: Call, found: Rendered) -> None:
    """Show the exact text; on a terminal and in a pipe nothing else comes to standard output."""
    text = _text(found.backend, found.pieces)
    data = {
        "backend": found.backend,
        "text": text,
        "pieces": [_piece_document(piece) for piece in found.pieces],
        "until": iso(found.until),
        "obstacles": [_obstacle_document(obstacle) for obstacle in found.obstacles],
    }
    remarks = [f"Warning: {o.message} (hint: {o.hint})." for o in found.obstacles]
    show(call, Answer(data=data, parts=text.splitlines(), remarks=remarks))


def difference(call: Call, plan: EntryPlan) -> None:
    """Show what ``apply`` would change."""
    show(
        call,
        Answer(
            data=_plan_document(plan),
            parts=[_title(plan.backend), *(_differing(plan) or ["in sync: nothing to change"])],
            remarks=[*_remarks(plan), *_other_backends(plan.backend)],
        ),
    )


def applied(call: Call, found: Applied) -> None:
    """Say what became of an application; entries changed by hand are shown, not overwritten."""
    plan = found.plan
    data = {**_plan_document(plan), "outcome": found.outcome}
    is_refused = found.outcome is Outcome.REFUSED
    # What was done need not be read line by line; what was not done must be.
    diff = [] if found.outcome in (Outcome.APPLIED, Outcome.UNCHANGED) else _differing(plan)
    jobs = len(plan.wanted.jobs)
    summary = f"{_WORDS[found.outcome]}: {jobs} job{'' if jobs == 1 else 's'}"
    problem = Problem(
        code="edited",
        message=f"{edited_by_hand(plan)}; nothing was overwritten",
        hint="zoomauto schedule apply --force",
    )
    show(
        call,
        Answer(
            data=data,
            parts=[_title(plan.backend), *diff, f"{summary}, computed to {plan.wanted.until:%F}"],
            remarks=[*_other_backends(plan.backend), *_idle(plan.backend, found.availability)],
            problems=(problem,) if is_refused else (),
            exit_code=UsageError.exit_code if is_refused else 0,
        ),
    )


def status(call: Call, found: ScheduleStatus) -> None:
    """Show job by job what is wanted, what is installed, and when it starts next."""
    plan, timezone = found.plan, found.plan.wanted.host_timezone
    application = plan.backend.application
    entries = [*found.jobs, found.safety_net]
    data = {
        **_backend_document(plan.backend),
        "applied_at": iso(application.applied_at) if application else None,
        "until": iso(application.until) if application else None,
        "usable": found.availability.usable,
        "usable_reason": found.availability.reason,
        "in_sync": plan.is_in_sync,
        "renewal": plan.renewal,
        "jobs": [_entries_document(entry) for entry in found.jobs],
        "safety_net": {
            "installed": found.safety_net.is_installed,
            "state": found.safety_net.state,
        },
    }
    columns = ("job", "active", "installed", "entries", "next start", "next run", "last run")
    rows: list[tuple[Any, ...]] = [(*_entry_words(e), *_entry_times(e, timezone)) for e in entries]
    remarks = [*_remarks(plan), *_other_backends(plan.backend)]
    remarks += _idle(plan.backend, found.availability)
    if not plan.is_in_sync:
        force = " --force" if plan.drift.edited else ""
        remarks.append(f"not in sync: zoomauto schedule diff, then zoomauto schedule apply{force}")
    table = Table(columns=columns, rows=rows)
    show(call, Answer(data=data, parts=[_title(plan.backend), table], remarks=remarks))


def removed(call: Call, found: Removed, *, dry_run: bool) -> None:
    """Say what was taken away, or would be."""
    data = {**_backend_document(found.backend), "removed": list(found.taken), "dry_run": dry_run}
    deed = "would remove" if dry_run else "removed"
    lines = [f"{deed} {what}" for what in found.taken] or ["there was nothing of ours"]
    parts = [_title(found.backend), *lines]
    show(call, Answer(data=data, parts=parts, remarks=_other_backends(found.backend)))


def probed(call: Call, found: Probed) -> None:
    """Show what a real start found."""
    probe = found.probe
    data = {
        **_backend_document(found.backend),
        "command": list(found.command),
        "fired": probe.fired,
        "fired_at": iso(probe.at),
        "environment": dict(probe.environment),
        "exit_code": probe.exit_code,
        "detail": probe.detail,
    }
    said, output = _said(probe.detail)
    facts = {
        "command": shlex.join(found.command),
        "fired": probe.fired,
        "at": iso(probe.at),
        "detail": said,
    }
    variables = [f"{name}={value}" for name, value in sorted(probe.environment.items())]
    problem, exit_code = _trouble(found)
    show(
        call,
        Answer(
            data=data,
            parts=[
                _title(found.backend),
                Facts(facts=facts),
                *_listed("output", output),
                *_listed("environment", variables),
            ],
            problems=(problem,) if problem else (),
            exit_code=exit_code,
        ),
    )


def _said(detail: str) -> tuple[str, Sequence[str]]:
    """Divide what was said of a start from the lines of the program's own output."""
    said, _, output = detail.partition(": ")
    return (said, output.splitlines()) if "\n" in output else (detail, ())


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}:", *(f"  {line}" for line in lines)] if lines else []


def _trouble(found: Probed) -> tuple[Problem | None, int]:
    """Say what a real start has shown to be wrong, and the exit code for that."""
    probe, name = found.probe, found.backend.name
    if not probe.fired:
        hint = "zoomauto schedule status"
        return Problem(code="not_fired", message=probe.detail, hint=hint), 1
    if probe.exit_code == 0:
        return None, 0
    # The same start by hand, in the environment that the scheduler gives.
    kept = [f"{key}={probe.environment[key]}" for key in _NEEDED if key in probe.environment]
    problem = Problem(
        code="probe_failed",
        message=f"{name} started the program, and {probe.detail}",
        hint=shlex.join(("env", "-i", *kept, *found.command)),
    )
    if probe.exit_code is None:
        return problem, TemporaryError.exit_code
    if probe.exit_code in _NO_PROGRAM:
        return problem, ConfigurationError.exit_code
    return problem, probe.exit_code if probe.exit_code in _OWN_CODES else 1


def restored(call: Call, found: Restored, *, dry_run: bool) -> None:
    """Show what putting a backup back changed, or would."""
    data = {
        "backup": str(found.backup),
        "backups": [str(path) for path in found.backups],
        "diff": "".join(f"{line}\n" for line in found.diff),
        "dry_run": dry_run,
    }
    deed = "would restore" if dry_run else "restored"
    show(call, Answer(data=data, parts=[*found.diff, f"{deed} {found.backup}"]))


def _text(backend: str, pieces: Sequence[Piece]) -> str:
    """Join pieces as they can be read in one go; units of systemd each under its name."""
    if backend == "crontab":
        return "".join(_crontab_text(piece) for piece in pieces)
    return "\n".join(f"# === {piece.name} ===\n{piece.text}" for piece in pieces)


def _crontab_text(piece: Piece) -> str:
    # The script that stands in for awkward words is a file of its own, no line of a crontab.
    if not piece.text.startswith("#!"):
        return piece.text
    return "".join(f"# {line}\n" for line in piece.text.splitlines())


def _piece_document(piece: Piece) -> dict[str, Any]:
    return {"name": piece.name, "job": piece.job, "text": piece.text}


def _backend_document(backend: Backend) -> dict[str, Any]:
    return {"backend": backend.name, "scope": backend.scope, "why": backend.why}


def _plan_document(plan: EntryPlan) -> dict[str, Any]:
    found = plan.drift
    return {
        **_backend_document(plan.backend),
        "in_sync": plan.is_in_sync,
        "diff": "".join(f"{line}\n" for line in _diff(plan)),
        "added": [piece.name for piece in found.added],
        "changed": [new.name for _, new in found.changed],
        "removed": [piece.name for piece in found.removed],
        "edited": list(found.edited),
        "renewal": plan.renewal,
        "until": iso(plan.wanted.until),
        "obstacles": [_obstacle_document(obstacle) for obstacle in plan.obstacles],
    }


def _obstacle_document(obstacle: Obstacle) -> dict[str, str]:
    return {"message": obstacle.message, "hint": obstacle.hint}


def _diff(plan: EntryPlan) -> list[str]:
    found = plan.drift
    pairs = [
        *((old.name, old.text, "") for old in found.removed),
        *((new.name, old.text, new.text) for old, new in found.changed),
        *((new.name, "", new.text) for new in found.added),
    ]
    return [line for name, old, new in pairs for line in _piece_diff(name, old, new)]


def _differing(plan: EntryPlan) -> list[str]:
    """Give the difference as people see it; that of an edit beside the text has no lines."""
    if plan.drift.edited and not plan.drift:
        return ["every text is as wanted; the edit is beside it (systemctl edit, disable or stop)"]
    return _diff(plan)


def _piece_diff(name: str, old: str, new: str) -> Iterator[str]:
    before, after = old.splitlines(), new.splitlines()
    files = f"installed/{name}", f"wanted/{name}"
    return unified_diff(before, after, *files, lineterm="")


def _title(backend: Backend) -> str:
    scope = " (system)" if backend.scope == "system" else ""
    return f"{backend.name}{scope}: {backend.why}"


def _remarks(plan: EntryPlan) -> list[str]:
    found = [f"Warning: {o.message} (hint: {o.hint})." for o in plan.obstacles]
    if plan.drift.edited:
        found.append(f"Warning: {edited_by_hand(plan)}; apply overwrites it with --force only.")
    if plan.renewal:
        found.append(f"Warning: {plan.renewal}: entries are computed anew.")
    return found


def _idle(backend: Backend, found: Availability | None) -> list[str]:
    """Warn of entries that nothing would start."""
    if found is None or found.usable:
        return []
    hint = f" (hint: {found.hint})" if found.hint else ""
    return [f"Warning: {backend.name} starts nothing here: {found.reason}{hint}."]


def _other_backends(backend: Backend) -> list[str]:
    return [
        f"Warning: entries stand applied through {_place(backend, other)} too:"
        f" zoomauto schedule remove --backend {_place(backend, other)}."
        for other in backend.others
    ]


def _place(backend: Backend, other: Choice) -> str:
    # Without its scope the one that was chosen would be meant.
    return other.backend + (f" --scope {other.scope}" if other.backend == backend.name else "")


def _entries_document(entries: JobEntries) -> dict[str, Any]:
    job = entries.job
    return {
        "job": entries.slug,
        "name": job.name if job else None,
        "active": job.spec.is_active if job else False,
        "wanted": entries.is_wanted,
        "installed": entries.is_installed,
        "state": entries.state,
        "next_start_at": iso(entries.next_start_at),
        "next_run_at": iso(entries.next_run_at),
        "last_run_at": iso(job.last_run_at) if job else None,
        "last_status": job.last_status if job else None,
    }


def _entry_words(entries: JobEntries) -> tuple[Any, ...]:
    is_active = entries.job.spec.is_active if entries.job else None
    name = entries.slug or "(safety net)"
    state = "ok" if entries.state is EntryState.IN_SYNC else entries.state
    return (name, is_active, entries.is_installed, state)


def _entry_times(entries: JobEntries, timezone: str) -> tuple[Any, ...]:
    last = entries.job.last_run_at if entries.job else None
    return (
        clock(entries.next_start_at, timezone),
        clock(entries.next_run_at, timezone),
        clock(last, timezone),
    )

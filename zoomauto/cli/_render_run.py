"""Runs, dry runs and history as they are shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from shlex import quote
from typing import TYPE_CHECKING, Any

from zoomauto.cli._call import Call, Output
from zoomauto.cli._render import Answer, Facts, Problem, Table, clock, megabytes, show, span
from zoomauto.domain.deletion import DONE, Trashed
from zoomauto.domain.naming import shown_name
from zoomauto.domain.run import (
    PreviewItem,
    PreviewReport,
    Run,
    RunItem,
    RunReport,
    RunStatus,
    SourceReport,
)
from zoomauto.domain.run_document import preview_document, report_document, run_document
from zoomauto.domain.verdict import exit_code, worst

if TYPE_CHECKING:  # it costs as much as a run, and most commands only tell of one
    from zoomauto.usecases.run_due import DueReport

_ITEM_COLUMNS = ("id", "recording", "template", "status", "what happened")
_RUN_COLUMNS = ("id", "job", "trigger", "scheduled for", "started", "took", "status", "error")


_SECOND = timedelta(seconds=1)


def report(call: Call, found: RunReport | None, *, is_silent: bool) -> None:
    """Show what a run did, and those that had waited for it; None means that nothing was due.

    Silent: nothing but what went wrong, in one paragraph for each run.
    """
    if found is None:
        return show(call, Answer(data=None))
    all_runs = (found, *found.followed_by)
    return show(
        call,
        Answer(
            data={**_document(found), "followed_by": [_document(r) for r in found.followed_by]},
            parts=() if is_silent else [part for run in all_runs for part in _report_parts(run)],
            problems=[p for run in all_runs for p in _run_problems(call, run, is_silent=is_silent)],
            exit_code=worst(run.run.exit_code or 0 for run in all_runs),
        ),
    )


def due(call: Call, found: "DueReport") -> None:
    """Show what ``run --due`` did: nothing, or a paragraph for each job in trouble."""
    problems = [p for run in found.runs for p in _run_problems(call, run, is_silent=True)]
    for failure in found.failures:
        whose = f"job {failure.job!r}: " if failure.job else ""
        message = f"{whose}{failure.message}"
        problems.append(Problem(code=failure.code, message=message, hint=failure.hint))
    show(
        call,
        Answer(
            data={"runs": [_document(run) for run in found.runs], "remark": found.remark},
            remarks=[found.remark] if found.remark else (),
            problems=problems,
            exit_code=found.exit_code,
        ),
    )


def preview(call: Call, found: PreviewReport) -> None:
    """Show what a run would do."""
    code = exit_code(found.sources, (), has_problems=bool(found.problems))
    columns = ("do", "recording", "template", "stages", "download", "takes", "reason")
    rows = [_preview_row(item) for item in (*found.would_process, *found.skipped)]
    counts = found.recordings
    parts: list[Table | Facts | str] = [_source_line(source) for source in found.sources]
    parts += [Table(columns=columns, rows=rows)] if rows else []
    parts += _trash_line("would trash", found.would_trash)
    parts.append(
        f"{found.job_name!r} would process {len(found.would_process)} of {counts.found} recordings"
        f" ({counts.unmatched} unmatched, {counts.skipped} skipped); nothing was written"
    )
    show(
        call,
        Answer(
            data=preview_document(found),
            parts=parts,
            problems=list(_problems(found.sources, (), found.problems)),
            exit_code=code,
        ),
    )


def history(call: Call, runs: Sequence[Run]) -> None:
    """Show past runs, newest first."""
    rows = [_run_row(run, call.settings.timezone) for run in runs]
    show(
        call,
        Answer(
            data=[run_document(run) for run in runs],
            parts=[Table(columns=_RUN_COLUMNS, rows=rows)] if rows else (),
            remarks=() if rows else ["no runs yet; zoomauto run --help"],
        ),
    )


def past_run(call: Call, run: Run) -> None:
    """Show one past run with its report."""
    zone = call.settings.timezone
    facts = {
        "run": run.id,
        "job": run.job_name,
        "trigger": run.trigger,
        "scheduled for": clock(run.scheduled_for, zone),
        "started": clock(run.started_at, zone),
        "finished": clock(run.finished_at, zone),
        "status": _status_words(run, zone),
        "attempt": run.attempt,
        "missed from": clock(run.missed_from, zone),
        "missed to": clock(run.missed_to, zone),
        "covered by run": run.covered_by,
        "host": run.host,
        "error": run.error,
    }
    parts: list[Table | Facts | str] = [Facts(facts=facts)]
    if sources := run.report.get("sources"):
        columns = ("source", "status", "found", "new", "updated", "error")
        rows = [[s.get(c) for c in ("name", *columns[1:])] for s in sources]
        parts += ["", Table(columns=columns, rows=rows)]
    if items := run.report.get("items"):
        parts += ["", Table(columns=_ITEM_COLUMNS, rows=[_stored_row(item) for item in items])]
    trashed = [Trashed(**told) for told in run.report.get("trashed", ())]
    parts += _trash_line("trashed", [t for t in trashed if t.outcome == DONE])
    show(call, Answer(data={"run": run_document(run), **run.report}, parts=parts))


def no_run(call: Call, job: str | None) -> None:
    """Say that there is no run to show."""
    whose = f"job {job!r} has" if job else "there are"
    show(call, Answer(data=None, remarks=[f"{whose} no runs yet; zoomauto run --help"]))


def _document(found: RunReport) -> dict[str, Any]:
    return {"run": run_document(found.run), **report_document(found)}


def _run_problems(call: Call, found: RunReport, *, is_silent: bool) -> list[Problem]:
    problems = list(_problems(found.sources, found.items, found.problems))
    if found.code is not None:
        # What ended the run comes first among the problems of no source or recording.
        at = len(problems) - len(found.problems)
        problems[at] = replace(problems[at], code=found.code, hint=found.hint)
    if not is_silent or call.output is Output.JSON or not problems:
        return problems
    run = found.run
    sentence = f"job {run.job_name!r}, run {run.id}: {run.error}"
    if run.next_attempt_at is not None:
        sentence += f"; tried again from {clock(run.next_attempt_at, call.settings.timezone)} on"
    hint = found.hint or f"zoomauto history show --run {run.id}"
    return [Problem(code=found.code or "run", message=sentence, hint=hint)]


def _problems(
    sources: Sequence[SourceReport], items: Sequence[RunItem], problems: Sequence[str]
) -> Iterator[Problem]:
    for source in sources:
        if source.status == "failed":
            yield Problem(
                code=source.error_code or "error",
                message=f"source {source.name!r}: {source.error}",
                hint=source.hint or f"zoomauto source check {quote(source.name)}",
            )
    for item in items:
        if item.failure is not None:
            yield Problem(
                code=item.error_code or "error",
                message=f"recording {item.recording_id} {shown_name(item.name)!r}: {item.error}",
                hint=f"zoomauto recording show {item.recording_id}",
            )
    for problem in problems:
        yield Problem(code="problem", message=problem)


def _report_parts(found: RunReport) -> Iterator[Table | Facts | str]:
    yield from map(_source_line, found.sources)
    if found.items:
        rows = [
            (i.recording_id, shown_name(i.name), i.template, i.status, _sentence(i.stages, i.error))
            for i in found.items
        ]
        yield Table(columns=_ITEM_COLUMNS, rows=rows)
    yield from _trash_line("trashed", [t for t in found.trashed if t.outcome == DONE])
    counts = found.recordings
    yield (
        f"{found.run.job_name!r}, run {found.run.id}: {found.run.status};"
        f" {counts.found} recordings found, {counts.matched} matched,"
        f" {counts.unmatched} unmatched, {counts.skipped} skipped;"
        f" {counts.processed} processed, {counts.failed} failed"
    )


def _source_line(source: SourceReport) -> str:
    if source.status == "skipped":
        return f"source {source.name!r}: not listed"
    counts = f"{source.found} found, {source.new} new, {source.updated} updated"
    return f"source {source.name!r}: {source.status}, {counts}"


def _trash_line(deed: str, trashed: Sequence[Trashed]) -> list[str]:
    """Name in one line what goes from its source into the source's trash."""
    names = ", ".join(f"{t.recording_id} {shown_name(t.name)!r}" for t in trashed)
    return [f"{deed} at the source: {names}"] if names else []


def _sentence(stages: Mapping[str, str], error: str | None) -> str:
    """Say in one sentence what was done, or what failed; the JSON has every stage."""
    if error:
        return error
    words = stages.values()
    done = [note for word in words if (note := word.removeprefix("done: ")) != word]
    blank = [word.removeprefix("skip: ") for word in words if word.startswith("skip: blank: ")]
    # Two stages may say the same: that there is no transcript.
    return "; ".join(dict.fromkeys([*done, *blank[:1]]))


def _preview_row(item: PreviewItem) -> tuple[Any, ...]:
    size = megabytes(item.download_bytes) if item.download_bytes else None
    stages = ", ".join(
        _stage_words(stage, item.stage_times.get(stage))
        for stage, word in item.stages.items()
        if word == "run"
    )
    takes = _takes(item.estimated_time)
    return (item.action, shown_name(item.name), item.template, stages, size, takes, item.reason)


def _stage_words(stage: str, takes: timedelta | None) -> str:
    is_told = takes is not None and takes >= _SECOND
    return f"{stage} {span(takes)}" if is_told else stage


def _takes(time: timedelta | None) -> str | None:
    return span(time) if time is None or time >= _SECOND else "under 1 s"


def _run_row(run: Run, zone: str) -> tuple[Any, ...]:
    took = run.finished_at - run.started_at if run.finished_at else None
    return (
        run.id,
        run.job_name,
        run.trigger,
        clock(run.scheduled_for, zone),
        clock(run.started_at, zone),
        span(took),
        _status_words(run, zone),
        run.error,
    )


def _status_words(run: Run, zone: str) -> str:
    if run.status is RunStatus.RUNNING and run.next_attempt_at is not None:
        return f"tried again from {clock(run.next_attempt_at, zone)} on"
    if run.status is RunStatus.SKIPPED and run.missed_count and run.missed_count > 1:
        return f"{run.status} ({run.skip_reason}, {run.missed_count} times)"
    if run.status is RunStatus.SKIPPED and run.skip_reason:
        return f"{run.status} ({run.skip_reason})"
    return str(run.status)


def _stored_row(item: Mapping[str, Any]) -> tuple[Any, ...]:
    name = shown_name(item.get("name", ""))
    what = _sentence(item.get("stages", {}), item.get("error"))
    return (item.get("recording_id"), name, item.get("template"), item.get("status"), what)

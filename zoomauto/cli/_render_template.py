"""Templates as they are shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoomauto.cli._call import Call
from zoomauto.cli._render import Answer, Facts, Table, iso, show
from zoomauto.domain.recipe import Verdict
from zoomauto.domain.template import Template

if TYPE_CHECKING:  # only one command tries a template
    from zoomauto.usecases.try_template import Trial


def template_document(template: Template) -> dict[str, Any]:
    """Give a template as JSON has it."""
    rules, output = template.rules, template.output
    return {
        "id": template.id,
        "owner": template.owner,
        "name": template.name,
        "description": template.description,
        "is_active": template.is_active,
        "is_draft": template.is_draft,
        "matching_rules": {
            "exact_matches": list(rules.exact_matches),
            "keywords": list(rules.keywords),
            "patterns": list(rules.patterns),
            "exclude_keywords": list(rules.exclude_keywords),
            "exclude_patterns": list(rules.exclude_patterns),
            "source_ids": list(rules.source_ids),
            "case_sensitive": rules.case_sensitive,
        },
        "processing_config": dict(template.processing_config),
        "output_config": {
            "destinations": list(output.destinations),
            "artifacts": {place: list(kinds) for place, kinds in output.artifacts.items()},
            "naming": output.naming,
            "metadata": dict(output.metadata),
            "delete_from_source": output.delete_from_source,
            "grace_days": output.grace_days,
        },
        "created_at": iso(template.created_at),
        "updated_at": iso(template.updated_at),
    }


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Give what one template says to one name as JSON has it."""
    return {
        "template_id": verdict.template_id,
        "template": verdict.template_name,
        "accepted": verdict.accepted,
        "decided": verdict.decided,
        "rule": verdict.rule,
        "text": verdict.text,
        "reason": verdict.reason,
    }


def templates(call: Call, found: Sequence[Template]) -> None:
    """Show all templates."""
    rows = [(t.id, t.name, _state(t), _rules(t), t.output.destinations) for t in found]
    table = Table(columns=("id", "name", "state", "rules", "destinations"), rows=rows)
    show(
        call,
        Answer(
            data=[template_document(template) for template in found],
            parts=[table] if rows else (),
            remarks=() if rows else ["no templates yet; zoomauto template create --help"],
        ),
    )


def template(call: Call, found: Template) -> None:
    """Show one template."""
    rules = found.rules
    facts = {
        "template": found.name,
        "id": found.id,
        "description": found.description,
        "state": _state(found),
        "exact names": rules.exact_matches,
        "keywords": rules.keywords,
        "patterns": rules.patterns,
        "exclude keywords": rules.exclude_keywords,
        "exclude patterns": rules.exclude_patterns,
        "sources": rules.source_ids,
        "case sensitive": rules.case_sensitive,
        "destinations": found.output.destinations,
        **{f"given to {d}": kinds for d, kinds in found.output.artifacts.items()},
        "naming": found.output.naming,
        **{f"metadata {key}": pattern for key, pattern in found.output.metadata.items()},
        "delete from source": _fate(found),
        **found.processing_config,
    }
    show(call, Answer(data=template_document(found), parts=[Facts(facts=facts)]))


def changed_template(call: Call, found: Template, deed: str) -> None:
    """Say what became of a template."""
    text = f"template {found.id} {found.name!r} {deed}"
    show(call, Answer(data=template_document(found), parts=[text]))


def trial(call: Call, name: str, found: "Trial") -> None:
    """Say which rule accepted or rejected a name, and what a recording of it would be called."""
    said = found.verdict
    word = "accepted" if said.accepted else "rejected" if said.decided else "not decided"
    text = f"{word} by {said.template_name!r} ({said.rule}): {said.reason}"
    told = {key: value.replace("\n", " / ") for key, value in found.metadata.items()}
    preview = Facts(facts={"published as": found.name, **told})
    data = {
        "name": name,
        **verdict_document(said),
        "name_preview": found.name,
        "metadata_preview": dict(found.metadata),
    }
    show(call, Answer(data=data, parts=[text, preview] if said.accepted else [text]))


def _state(template: Template) -> str:
    if template.is_draft:
        return "draft"
    return "active" if template.is_active else "disabled"


def _fate(template: Template) -> str | None:
    output = template.output
    if output.delete_from_source == "never":
        return None
    return f"{output.delete_from_source}, {output.grace_days} days after publication"


def _rules(template: Template) -> str:
    rules = template.rules
    words = {
        "exact": rules.exact_matches,
        "keyword": rules.keywords,
        "pattern": rules.patterns,
        "not": (*rules.exclude_keywords, *rules.exclude_patterns),
        "source": rules.source_ids,
    }
    shown = [f"{word} {', '.join(map(str, texts))}" for word, texts in words.items() if texts]
    return "; ".join(shown) or "every name"

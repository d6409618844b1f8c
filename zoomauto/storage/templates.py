"""Templates of all owners."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from zoomauto.domain.template import MatchingRules, OutputConfig, Template
from zoomauto.storage.row import table_of
from zoomauto.storage.statements import changed, first, unique
from zoomauto.storage.tables import TemplateRow

_TEMPLATES = table_of(TemplateRow)


@dataclass(frozen=True, slots=True)
class SqlTemplates:
    """Implements :class:`zoomauto.ports.store.Templates`."""

    connection: Connection

    def add(self, draft: Template) -> Template:
        """Save a new template (its ``id`` is ignored). Raise AlreadyExists for a taken name."""
        query = insert(_TEMPLATES).values(_values(draft)).returning(_TEMPLATES)
        with unique(self.connection, "template", draft.name):
            return _template(self.connection.execute(query).one())

    def get(self, template_id: int) -> Template | None:
        """Give a template, or None."""
        row = first(self.connection, select(_TEMPLATES).where(_TEMPLATES.c.id == template_id))
        return None if row is None else _template(row)

    def list(self, owner: str) -> Sequence[Template]:
        """Give the owner's templates, by id."""
        query = select(_TEMPLATES).where(_TEMPLATES.c.owner == owner).order_by(_TEMPLATES.c.id)
        return [_template(row) for row in self.connection.execute(query)]

    def replace(self, template: Template) -> Template:
        """Save a changed template. Raise AlreadyExists for a taken name, NotFound for none."""
        query = update(_TEMPLATES).where(_TEMPLATES.c.id == template.id).values(_values(template))
        with unique(self.connection, "template", template.name):
            return _template(changed(self.connection, query, _TEMPLATES, "template"))

    def remove(self, template_id: int) -> None:
        """Forget the template. Recordings it matched no longer name it."""
        self.connection.execute(delete(_TEMPLATES).where(_TEMPLATES.c.id == template_id))


def _values(template: Template) -> dict[str, Any]:
    return {
        "owner": template.owner,
        "name": template.name,
        "description": template.description,
        "is_active": template.is_active,
        "is_draft": template.is_draft,
        "rules": asdict(template.rules),
        "processing_config": dict(template.processing_config),
        "output": asdict(template.output),
        "created_at": template.created_at,
        "updated_at": template.updated_at,
    }


def _template(row: Row[Any]) -> Template:
    return Template(
        id=row.id,
        owner=row.owner,
        name=row.name,
        description=row.description,
        is_active=row.is_active,
        is_draft=row.is_draft,
        rules=MatchingRules(**_tuples(row.rules)),
        processing_config=row.processing_config,
        output=OutputConfig(**_tuples(row.output)),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _tuples(document: Mapping[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to the tuples of a frozen value."""
    return {key: _frozen(value) for key, value in document.items()}


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _tuples(value)
    return tuple(value) if isinstance(value, list) else value

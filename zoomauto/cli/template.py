"""``zoomauto template``: which recordings are taken, and what becomes of them."""

from typing import Annotated, Any

import typer

from zoomauto.cli import _template_options as options
from zoomauto.cli._call import Call
from zoomauto.cli._grammar import Noun
from zoomauto.cli._options import SettingPairs, Yes, confirm, given, pairs

app = Noun("Named recipes: matching rules and what to do with what they match.")

TemplateName = Annotated[str, typer.Argument(metavar="TEMPLATE", help="Id or name of a template.")]


@app.verb("create")
def create(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    exact: options.Exact = None,
    keyword: options.Keyword = None,
    pattern: options.Pattern = None,
    exclude_keyword: options.ExcludeKeyword = None,
    exclude_pattern: options.ExcludePattern = None,
    source: options.Source = None,
    case_sensitive: options.CaseSensitive = None,
    destination: options.Destination = None,
    naming: options.Naming = None,
    artifacts: options.Artifacts = None,
    metadata: options.Metadata = None,
    delete_from_source: options.DeleteFromSource = None,
    grace_days: options.GraceDays = None,
    settings: SettingPairs = None,
    description: options.Description = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="For tests alone; no job uses it yet.")
    ] = False,
) -> None:
    """Make a template that takes recordings by their names.

    Excludes come first, then exact names, keywords and patterns.
    Without a name rule it takes every name.

    Example:
        zoomauto template create lectures --keyword lecture --destination folder:/srv/lectures
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_template as render
    from zoomauto.usecases.edit_templates import TemplateChange

    call = Call.of(context)
    change = TemplateChange(
        name=name,
        description=description,
        exact_matches=given(exact),
        keywords=given(keyword),
        patterns=given(pattern),
        exclude_keywords=given(exclude_keyword),
        exclude_patterns=given(exclude_pattern),
        sources=given(source),
        case_sensitive=case_sensitive,
        destinations=given(destination),
        naming=naming,
        artifacts=pairs(artifacts, flag="--artifacts", at_last=True),
        metadata=pairs(metadata, flag="--metadata"),
        delete_from_source=delete_from_source.value if delete_from_source else None,
        grace_days=grace_days,
        settings=pairs(settings, flag="--set"),
        is_draft=draft,
    )
    with open_app(call.settings) as opened:
        created = opened.create_template()(call.owner, change)
    render.changed_template(call, created, "created")


@app.verb("list")
def list_templates(context: typer.Context) -> None:
    """Show the templates.

    Example:
        zoomauto template list
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_template as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        templates = opened.list_templates()(call.owner)
    render.templates(call, templates)


@app.verb("show")
def show(context: typer.Context, template: TemplateName) -> None:
    """Show one template with its rules.

    Example:
        zoomauto template show lectures
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_template as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        found = opened.show_template()(call.owner, template)
    render.template(call, found)


@app.verb("update")
def update(
    context: typer.Context,
    *,
    template: TemplateName,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A new name.")] = None,
    exact: options.Exact = None,
    keyword: options.Keyword = None,
    pattern: options.Pattern = None,
    exclude_keyword: options.ExcludeKeyword = None,
    exclude_pattern: options.ExcludePattern = None,
    source: options.Source = None,
    case_sensitive: options.CaseSensitive = None,
    destination: options.Destination = None,
    naming: options.Naming = None,
    artifacts: options.Artifacts = None,
    metadata: options.Metadata = None,
    delete_from_source: options.DeleteFromSource = None,
    grace_days: options.GraceDays = None,
    settings: SettingPairs = None,
    description: options.Description = None,
) -> None:
    """Change a template.

    A rule that is named takes the place of all of its kind; an empty text clears it.
    The rest stays as it is.

    Example:
        zoomauto template update lectures --keyword lecture --keyword seminar --pattern ""
    """
    from zoomauto.usecases.edit_templates import TemplateChange

    change = TemplateChange(
        name=name,
        description=description,
        exact_matches=given(exact),
        keywords=given(keyword),
        patterns=given(pattern),
        exclude_keywords=given(exclude_keyword),
        exclude_patterns=given(exclude_pattern),
        sources=given(source),
        case_sensitive=case_sensitive,
        destinations=given(destination),
        naming=naming,
        artifacts=pairs(artifacts, flag="--artifacts", at_last=True),
        metadata=pairs(metadata, flag="--metadata"),
        delete_from_source=delete_from_source.value if delete_from_source else None,
        grace_days=grace_days,
        settings=pairs(settings, flag="--set"),
    )
    _change(context, template, change, "changed")


@app.verb("enable")
def enable(context: typer.Context, template: TemplateName) -> None:
    """Let jobs use a template; this ends a draft too.

    Example:
        zoomauto template enable lectures
    """
    from zoomauto.usecases.edit_templates import TemplateChange

    _change(context, template, TemplateChange(is_active=True, is_draft=False), "enabled")


@app.verb("disable")
def disable(context: typer.Context, template: TemplateName) -> None:
    """Keep a template, but let no job use it.

    Example:
        zoomauto template disable lectures
    """
    from zoomauto.usecases.edit_templates import TemplateChange

    _change(context, template, TemplateChange(is_active=False), "disabled")


@app.verb("delete")
def delete(context: typer.Context, template: TemplateName, yes: Yes = False) -> None:
    """Forget a template that no job uses.

    Example:
        zoomauto template delete lectures --yes
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_template as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        found = opened.show_template()(call.owner, template)
        confirm(f"Delete template {found.id} {found.name!r}?", is_confirmed=yes)
        deleted = opened.delete_template()(call.owner, template)
    render.changed_template(call, deleted, "deleted")


@app.verb("test")
def try_name(
    context: typer.Context,
    template: TemplateName,
    recording_name: Annotated[
        str, typer.Argument(metavar="RECORDING_NAME", help="A name to try, in quotes.")
    ],
    source: Annotated[
        str | None, typer.Option("--source", metavar="S", help="Where it would come from.")
    ] = None,
) -> None:
    """Say which rule accepts or rejects a name, and preview what comes out.

    The preview takes the recording to begin now: its published name by the naming pattern, and
    what destinations would be told.

    Example:
        zoomauto template test lectures "Lecture 7: Trees"
    """
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_template as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        trial = opened.try_template()(call.owner, template, recording_name, source)
    render.trial(call, recording_name, trial)


def _change(context: typer.Context, template: str, change: Any, deed: str) -> None:
    from zoomauto.bootstrap import open_app
    from zoomauto.cli import _render_template as render

    call = Call.of(context)
    with open_app(call.settings) as opened:
        changed = opened.update_template()(call.owner, template, change)
    render.changed_template(call, changed, deed)

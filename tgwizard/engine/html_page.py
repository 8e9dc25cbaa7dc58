"""Pages for people to open and print, from the templates in ``resources/templates``: no script, nothing fetched."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tgwizard.model.text import printable, sanitize
from tgwizard.paths import resources

if TYPE_CHECKING:
    from jinja2 import Environment

_LONGEST = 2000


def render_page(template: str, **values: object) -> str:
    """The page that a template makes of these values.

    Every value is taken for foreign text: it becomes one line, at most 2000 characters long, without anything that
    could hide or turn its neighbours round, and is escaped. What a template shows ``| as_is`` keeps its spaces and
    lines and is escaped all the same.
    """
    return printable(_environment().get_template(template).render(values))


@cache
def _environment() -> Environment:
    """Made for the first page: jinja2 takes longer to import than a command may lose before its first word."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    def one_line(value: object) -> object:
        # What is markup was made by a macro or by ``as_is``, out of values that came through here or were escaped.
        return value if isinstance(value, Markup) else sanitize(value, _LONGEST)

    made = Environment(
        loader=FileSystemLoader(resources() / "templates"),
        autoescape=True,
        finalize=one_line,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["as_is"] = lambda value: escape(str(value))
    return made

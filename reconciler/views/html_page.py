"""Pages from templates: escaped by themselves, and closed to everything that is not in them."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from reconciler.views.page import safe

if TYPE_CHECKING:
    import jinja2


def render(name: str, *, data: str = "", **values: object) -> str:
    """The page of a template, with its style and script inside; `data` is JSON that is safe in a script.

    A page may run and look as these hashes say, and nothing else: a name that was smuggled in as markup
    would neither run nor load anything. (https://www.w3.org/TR/CSP3/)
    """
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2, which loads slowly

    style = _text("page.css") + _text(f"{name}.css")
    script = _text(f"{name}.js")
    return (
        _environment()
        .get_template(f"{name}.html.j2")
        .render(
            style=Markup(style),  # noqa: S704 - ours
            script=Markup(script),  # noqa: S704 - ours
            data=Markup(data),  # noqa: S704 - JSON without a `<`
            hashes={"style": _hash(style), "script": _hash(script)},
            **values,
        )
    )


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - loads slowly

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
    )


def _finalize(value: object) -> object:
    """A text as a terminal may see it, too: what comes from exports can turn a line round, or colour it."""
    return "\n".join(map(safe, value.split("\n"))) if type(value) is str else value


@cache
def _text(name: str) -> str:
    """A file of the templates, '' where a page needs none of that kind."""
    file = files("reconciler.views").joinpath("templates", name)
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

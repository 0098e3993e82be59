"""Regular expressions and name templates: whether they can be used at all, checked file by file."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.config.fields import TEMPLATE_VARIABLES
from reconciler.config.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.sandbox import SandboxedEnvironment

    from reconciler.config.document import Document, KeyPath

# Patterns are checked by Python and matched by Rust's regex, which has no look-around, no references back and
# fewer escapes. What is harmless is consumed first, so that `\\\\1` is a backslash and a one.
_TOKEN = re.compile(
    r"\\[^0-9NZ<>\x80-\U0010ffff]"
    r"|\[\^?\]?(?:\\[^0-9NZ]|[^\]\\])*\]"
    r"|\(\?(?::|P<[A-Za-z_]|[ims]+[:)])"
    r"|(?P<bad>\\.|\(\?(?:P[=>]|<[=!]|.|)|[*+?}]\+)",
    re.DOTALL,
)


def check_patterns(document: Document) -> None:
    """Note each regular expression and each name template of the file that cannot work."""
    for path, text in _find(document.data, ()):
        if path in document.taints or not isinstance(text, str):
            continue
        problem = _PROBLEMS.get(str(path[-1]), regex_problem)(text)
        if problem is None and path[-1] == "name":
            problem = variable_problem(text, str(path[-2]))
        if problem:
            document.note(path, *problem)


def regex_problem(pattern: str) -> tuple[str, str] | None:
    """What is wrong with a regular expression, and what to do; None where nothing is."""
    for token in _TOKEN.finditer(pattern):
        if bad := token["bad"]:
            return (
                f"a regular expression cannot have '{bad}' here",
                "look-around and references are not taken",
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        return f"not a regular expression: {error}", "put a \\ before a sign that stands for itself"
    return None


def template_problem(template: str) -> tuple[str, str] | None:
    """What is wrong with a jinja2 template, and what to do; None where nothing is."""
    from jinja2 import TemplateSyntaxError, nodes  # noqa: PLC0415  templates are the only use of it here

    environment = _sandbox()
    try:
        # Parsed and no more: compiling would work out constants, and 10**10**10 takes for ever.
        tree = environment.parse(template)
    except TemplateSyntaxError as error:
        return (
            f"not a template: {(error.message or '').rstrip('.')}",
            "write {{ name }} for a value; see jinja2's documentation",
        )
    except (ValueError, OverflowError, RecursionError):
        return (
            "not a template: it cannot be parsed",
            "write {{ name }} for a value; see jinja2's documentation",
        )
    for kind, known in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        for used in tree.find_all(kind):
            if used.name not in known:
                word = kind.__name__.lower()
                return f"the template has an unknown {word} '{used.name}'", did_you_mean(used.name, known)
    return None


def variable_problem(template: str, kind: str) -> tuple[str, str] | None:
    """Which variable a template of this kind of groups cannot have, and what it may use; None for none."""
    from jinja2 import nodes  # noqa: PLC0415  as above

    known = TEMPLATE_VARIABLES.get(kind)
    if known is None:  # the kind itself is the mistake
        return None
    names = list(_sandbox().parse(template).find_all(nodes.Name))
    set_here = {name.name for name in names if name.ctx != "load"}
    for name in names:
        if name.name not in {*known, *set_here, *_sandbox().globals}:
            may = f"a template of {kind} may use {', '.join(known)}"
            return f"the template has an unknown variable '{name.name}'", did_you_mean(
                name.name, known
            ) or may
    return None


@cache
def _sandbox() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined  # noqa: PLC0415  as above
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415  as above

    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def _find(data: dict[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    for key, value in data.items():
        here = (*path, key)
        if isinstance(value, dict):
            yield from _find(value, here)
        elif isinstance(value, list):
            yield from _find_in_list(value, here)
        elif _is_pattern(here):
            yield here, value


def _find_in_list(values: list[Any], path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    if path == ("protected", "host_ids"):
        yield from (((*path, index), value) for index, value in enumerate(values))


def _is_pattern(path: KeyPath) -> bool:
    match path:
        case ("members", _, "id_pattern") | ("groups", "templates", _, "name"):
            return True
        case ("tables", _, *_, "filters", _, "known"):
            return True
    return False


_PROBLEMS = {"name": template_problem}
"""What else than a regular expression a setting is."""

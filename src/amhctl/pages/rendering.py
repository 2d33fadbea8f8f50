"""Templates, and how a view becomes a page. Knows nothing of what is shown.

A page is one HTML file without scripts, with the stylesheet inside, and follows the reader's choice of light or dark.
Whatever stands in a view is text: the template escapes it.
"""

import base64
import importlib
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, view: object) -> str:
    """Return a template filled with a view.

    Parameters
    ----------
    template : str
        Name of a file in ``templates``.
    view : object
        A frozen value. The template may name its fields and properties only.
    """
    return _environment().get_template(template).render(view=view)


@cache
def _environment() -> "Environment":
    # Commands that can make a page mostly do not: the library is loaded when the first page is made.
    jinja2 = importlib.import_module("jinja2")
    environment: Environment = jinja2.Environment(
        loader=jinja2.PackageLoader("amhctl.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = format_number
    return environment


def format_number(value: float | None, form: str) -> str:
    """Return a number in a form such as ``.2f``; nothing of one that was not measured."""
    return "" if value is None else format(value, form)


def data_url(content: bytes, kind: str) -> str:
    """Return a file as an address that holds it (RFC 2397)."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"

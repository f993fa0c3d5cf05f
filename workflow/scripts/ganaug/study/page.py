"""What every page has in common: how a template becomes one HTML file that carries all it shows."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.templates import html_templates

if TYPE_CHECKING:
    from markupsafe import Markup


def render_page(template: str, values: Mapping[str, Any]) -> str:
    """A template of this folder as HTML; every text is escaped, since class and file names come from users.

    A header in a table is that of its column: which it says, for those who hear a page instead of seeing it.
    """
    environment = html_templates(Path(__file__).parent)
    environment.filters["evidence"] = _evidence
    html = environment.get_template(template).render(**values)
    return re.sub(r"<th(?=[ >])(?! scope)", '<th scope="col"', html)


def _evidence(text: str) -> Markup:
    """``text`` escaped, with its brackets of evidence set apart from the claim."""
    from markupsafe import Markup, escape

    return Markup(
        re.sub(r"\((?:[\d.]+% interval|\d+ repeat)[^()]*\)", r'<span class="evidence">\g<0></span>', str(escape(text)))
    )


def base64_of(path: Path) -> str:
    """The bytes of a file as a ``data:`` address holds them."""
    return base64.b64encode(path.read_bytes()).decode("ascii")

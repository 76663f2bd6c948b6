"""The pages of the documentation, and the Python examples in them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(
    r'^```python(?: title="(?P<title>[^"]*)")?\n(?P<source>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```$)?',
    re.MULTILINE | re.DOTALL,
)
_NOT_RUN = ("not run by the tests", "run by ")


@dataclass(frozen=True)
class Example:
    """One block of Python.

    Attributes:
        source: what stands in it.
        title: above it; says why the tests do not run it, if they do not.
        printed: the block of text right behind it, which it has to print; None where there is none.
        line: 1-based line of its page.
    """

    source: str
    title: str
    printed: str | None
    line: int

    @property
    def is_run(self) -> bool:
        return not self.title.startswith(_NOT_RUN)


@dataclass(frozen=True)
class Page:
    """A page by its path below docs/."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(DOCS).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def examples(self) -> list[Example]:
        text = self.text
        return [
            Example(m["source"], m["title"] or "", m["printed"], text.count("\n", 0, m.start()) + 2)
            for m in _BLOCK.finditer(text)
        ]

    def code(self, example: Example) -> object:
        """Compiled so that a traceback shows the line of the page."""
        source = "\n" * (example.line - 1) + example.source
        return compile(source, str(self.path), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def pages() -> list[Page]:
    return [Page(path) for path in sorted(DOCS.rglob("*.md"))]

"""axe-core, a judge of accessibility, put into a page by the tests; the page itself never has it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.browser.open_widget import OpenWidget

SCRIPT = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
JUDGE = """async part => {
  const { violations } = await axe.run(part, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ` + nodes
      .map(node => `${node.html.slice(0, 160)} (${node.any.concat(node.all)[0]?.message ?? ""})`).join(" | "));
}"""


def violations(page: OpenWidget, part: str = ".sw-root") -> list[str]:
    """What is serious or critical in the widget, or another part of the page, as it stands, with its elements."""
    if page.page.evaluate("() => typeof window.axe") == "undefined":
        page.page.evaluate(_script())
    found: list[str] = page.page.evaluate(JUDGE, part)
    return found


@cache
def _script() -> str:
    if not SCRIPT.exists():
        raise RuntimeError(f"{SCRIPT} is missing: cd js && npm ci")
    return SCRIPT.read_text(encoding="utf-8")

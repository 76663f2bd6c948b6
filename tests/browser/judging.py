"""Views of the page, judged in both themes."""

from __future__ import annotations

from tests.browser.accessibility import violations
from tests.browser.open_notebook import OpenNotebook
from tests.browser.screens import THEMES, picture, use


def judge(nb: OpenNotebook, view: str) -> None:
    """Takes a picture in each theme, and asks axe-core."""
    found = []
    for theme in THEMES:
        use(nb, theme)
        picture(nb, f"{view}-{theme}")
        found += [f"{theme}: {one}" for one in violations(nb)]
    assert found == []

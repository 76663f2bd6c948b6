"""Pictures of the main views for people to look at: ``picture(nb, "done")`` writes light and dark, 900 px wide."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.open_notebook import OpenNotebook

WIDTH_PX = 900
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def picture(nb: OpenNotebook, view: str, *, width_px: int = WIDTH_PX) -> None:
    """Writes build/screens/VIEW-light.png and VIEW-dark.png; the theme is light afterwards."""
    for theme in ("dark", "light"):
        use(nb, theme)
        nb.screenshot(f"{view}-{theme}", nb.sw("root").first, part_width=width_px)


def use(nb: OpenNotebook, theme: str) -> None:
    """Switches to the light or the dark theme; the widget has followed when this returns."""
    nb.use_theme(THEMES[theme])
    expect(nb.sw("root").first).to_have_attribute("data-theme", theme)

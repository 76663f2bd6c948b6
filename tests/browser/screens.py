"""Pictures of the main views for people to look at, light and dark: build/screens/VIEW-THEME.png."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.open_notebook import OpenNotebook

WIDTH_PX = 900
THEMES = {"dark": "JupyterLab Dark", "light": "JupyterLab Light"}


def pictures(nb: OpenNotebook, view: str, *, width_px: int = WIDTH_PX) -> None:
    """Writes VIEW-dark.png and VIEW-light.png of the widget at this width; the theme is light afterwards."""
    for theme in THEMES:
        use(nb, theme)
        picture(nb, f"{view}-{theme}", width_px=width_px)


def picture(nb: OpenNotebook, name: str, *, width_px: int = WIDTH_PX) -> None:
    """Writes NAME.png of the widget at this width, in the theme that is on."""
    nb.screenshot(name, nb.sw("root").first, part_width=width_px)


def use(nb: OpenNotebook, theme: str) -> None:
    """Switches to the light or the dark theme; the widget has followed when this returns."""
    root = nb.sw("root").first
    if root.get_attribute("data-theme") != theme:
        nb.use_theme(THEMES[theme])
        expect(root).to_have_attribute("data-theme", theme)

"""A run's own page, opened from the disk as a reader does who got it by mail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tests.browser.open_widget import HEIGHT, WIDTH, OpenWidget


class OpenFile(OpenWidget):
    """A page from the disk.

    Attributes:
        page: the page.
        asked: every address that it asked for, its own the first.
        said: what it wrote to the console, and errors thrown by its code.
    """

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self.said: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(path.as_uri())


@contextmanager
def opened_file(
    browser: Browser,
    path: Path,
    *,
    theme: Literal["light", "dark"] = "light",
    scripts: bool = True,
) -> Iterator[OpenFile]:
    """Opens a page without a network; at the end it has asked for nothing but itself, and said nothing."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme=theme,
        java_script_enabled=scripts,
        offline=True,
    )
    try:
        file = OpenFile(context.new_page(), path)
        yield file
        assert file.asked == [path.as_uri()]
        assert file.said == []
    finally:
        context.close()

"""The widget in a page of whatever host."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page

WIDTH, HEIGHT = 1280, 1000
ROOM_AROUND = 260
SCREENS = Path("build") / "screens"


class OpenWidget:
    """A page that shows a widget.

    Attributes:
        page: the page.
    """

    page: Page

    def sw(self, test_id: str) -> Locator:
        """A part of the widget by its test id, without the prefix."""
        return self.page.get_by_test_id(f"sw-{test_id}")

    def screenshot(self, name: str, part: Locator | None = None, *, part_width: int | None = None) -> Path:
        """Saves a picture of the page, or of a part of it, into build/screens.

        Args:
            name: the file's, without its ending.
            part: what to draw; the page where None.
            part_width: how wide the part shall be, in pixels; as it is where None.
        """
        SCREENS.mkdir(parents=True, exist_ok=True)
        path = SCREENS / f"{name}.png"
        if part is None:
            self.page.screenshot(path=path)
            return path
        width = self._fit(part, part_width) if part_width is not None else WIDTH
        # hosts scroll inside the page: only in a window tall enough is all of a part drawn
        height = max(HEIGHT, round(self._box(part)["height"]) + ROOM_AROUND)
        self.page.set_viewport_size({"width": width, "height": height})
        part.scroll_into_view_if_needed()
        part.screenshot(path=path, animations="disabled")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        return path

    def _fit(self, part: Locator, part_width: int) -> int:
        """Makes the window so wide that a part has a width; how wide that is. Hosts' margins vary with the window."""
        width = WIDTH
        for _ in range(4):
            missing = part_width - round(self._box(part)["width"])
            if missing == 0:
                break
            width += missing
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
        return width

    @staticmethod
    def _box(part: Locator) -> dict[str, float]:
        box = part.bounding_box()
        assert box is not None, f"{part} is not shown"
        return {"width": box["width"], "height": box["height"]}

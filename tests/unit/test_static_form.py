"""What readers without a kernel see of a displayed widget: renewed by runs, seldom, and within bounds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import msgspec
import pytest

import steer_widget as sw
from steer_widget import static_form
from steer_widget.fallback import MAX_CELLS, static_bundle
from steer_widget.protocol import StaticCopy
from steer_widget.result import RunResult
from steer_widget.static_form import StaticForm
from steer_widget.widget import SteerWidget
from tests.history.results import a_result
from tests.unit.measured_run import measured_run
from tests.unit.page import wait_until


class Notebook:
    """Keeps what is displayed, and what is told to pages."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.published: list[tuple[str, str, bool]] = []
        self.told: list[StaticCopy] = []
        self.latest: RunResult | None = None
        monkeypatch.setattr(static_form, "publish_display", self._publish)
        monkeypatch.setattr(static_form, "on_cell_end", self._on_cell_end)
        monkeypatch.setattr(static_form, "PERIOD_S", 0.2)
        self.ends: list[Callable[[], None]] = []
        self.form = StaticForm(lambda: self.latest, self.told.append)

    def _publish(self, bundle: dict[str, str], display: str, *, is_update: bool) -> None:
        self.published.append((display, bundle["text/html"], is_update))

    def _on_cell_end(self, call: Callable[[], None]) -> Callable[[], None]:
        self.ends.append(call)
        return lambda: self.ends.remove(call)

    def end_cell(self) -> None:
        for call in list(self.ends):
            call()

    @property
    def updates(self) -> list[tuple[str, str]]:
        return [(display, html) for display, html, is_update in self.published if is_update]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    return Notebook(monkeypatch)


def test_what_was_displayed_before_a_run_holds_it_afterwards(notebook: Notebook) -> None:
    notebook.form.show()
    [(display, html, is_update)] = notebook.published
    assert not is_update
    assert "<table" not in html
    notebook.latest = a_result(text="after the run")
    notebook.form.renew()
    wait_until(lambda: len(notebook.told) == 1)
    [(renewed, html)] = notebook.updates
    assert renewed == display
    assert "after the run" in html
    [copy] = notebook.told
    assert copy.bundle["text/html"] == html
    assert copy.mark in html
    assert "after the run" in copy.bundle["text/plain"]


def test_nothing_is_sent_where_nothing_is_displayed(notebook: Notebook) -> None:
    notebook.latest = a_result()
    notebook.form.renew()
    notebook.form.show()
    notebook.form.close()
    notebook.form.renew()
    time.sleep(0.3)
    assert notebook.updates == []
    assert notebook.told == []


def test_runs_that_end_one_after_another_are_sent_seldom_and_the_last_always(notebook: Notebook) -> None:
    notebook.form.show()
    for number in range(50):
        notebook.latest = a_result(text=f"text {number} of 50")
        notebook.form.renew()
        time.sleep(0.005)
    wait_until(lambda: any("text 49 of 50" in html for _, html in notebook.updates))
    assert len(notebook.updates) <= 4


def test_the_last_displays_are_renewed(notebook: Notebook) -> None:
    for _ in range(5):
        notebook.form.show()
    shown = [display for display, _, _ in notebook.published]
    notebook.latest = a_result()
    notebook.form.renew()
    wait_until(lambda: len(notebook.told) == 1)
    assert [display for display, _ in notebook.updates] == shown[-3:]


def test_the_cell_that_waited_for_a_run_takes_it_along(notebook: Notebook) -> None:
    notebook.form.show()
    notebook.latest = msgspec.structs.replace(a_result(), state="running")
    notebook.end_cell()
    assert notebook.updates == []
    notebook.latest = a_result(text="whole")
    notebook.end_cell()
    assert ["whole" in html for _, html in notebook.updates] == [True]
    notebook.form.renew()
    notebook.end_cell()
    time.sleep(0.3)
    assert len(notebook.updates) == 1, "what is there already is not sent again"
    notebook.form.close()
    assert notebook.ends == []


def test_a_display_that_came_later_keeps_none_before_it_from_being_renewed(notebook: Notebook) -> None:
    notebook.form.show()
    notebook.latest = a_result()
    notebook.form.show()
    notebook.end_cell()
    first, second = (display for display, _, is_update in notebook.published if not is_update)
    assert [display for display, _ in notebook.updates] == [first, second]


def test_of_a_large_run_the_first_prompts_are_kept_and_the_rest_is_told() -> None:
    result = measured_run(MAX_CELLS // 10 + 2)
    bundle = static_bundle(result, "mark")
    for text in bundle.values():
        assert "Plan 29 for the weekend is" in text
        assert "Plan 30 for the weekend is" not in text
        assert "… and 2 more prompts" in text
    assert len(bundle["text/html"]) < 300_000


def test_it_reads_without_styles_as_on_github() -> None:
    html = static_bundle(a_result(text="one\ntwo", prompt="first\nsecond"), "mark")["text/html"]
    bare = re.sub(r' (?:style|class|title)="[^"]*"', "", html)
    assert "one<br>two" in bare
    assert "<em>first<br>second</em>" in bare
    assert not re.search(r"<(?:script|style|link)|\n", bare)


def test_outside_of_notebooks_the_text_is_shown(steerer: sw.Steerer, widget: SteerWidget) -> None:
    for shown in (steerer, widget):
        with pytest.raises(NotImplementedError):
            shown._ipython_display_()

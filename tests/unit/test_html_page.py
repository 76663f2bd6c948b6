"""A result as a page of its own: what is in the file, how large it is, and that nothing in it can break out."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from steer_widget.errors import MissingPath
from steer_widget.html_page import html_page
from steer_widget.html_table import html_table
from steer_widget.packed_tokens import ONE, pack_tokens
from steer_widget.protocol import ErrorInfo, PackedTokens, RunFile
from steer_widget.result import RunResult
from tests.history.results import NASTY, a_result
from tests.unit.measured_run import measured_run

BREAKING_OUT = "</script><script>alert(1)</script><!--\u2028\u2029 & <\x00"
HALF = "\ud83d"  # of a surrogate pair: a token may be no more


class Scripts(HTMLParser):
    """Every script element of a page, as a browser takes it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], str]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script"
        if self._inside:
            self.found.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            attributes, text = self.found[-1]
            self.found[-1] = attributes, text + data


def held(page: str) -> RunFile:
    [data, _script] = Scripts(page).found
    return msgspec.convert(json.loads(data[1]), RunFile)


def unpacked(packed: str) -> PackedTokens:
    return msgspec.convert(json.loads(zlib.decompress(base64.b64decode(packed))), PackedTokens)


def test_sixty_texts_with_all_measures_stay_below_500_kb() -> None:
    assert len(html_page(measured_run()).encode()) < 500_000


def test_it_holds_the_run_and_a_table_for_readers_without_scripts() -> None:
    result = measured_run(1)
    page = html_page(result, "Food", ("tag",))
    file = held(page)
    assert file.title == "Food"
    assert [cell.text for cell in file.run.cells] == [cell.text for cell in result.cells]
    assert [cell.measures.perplexity for cell in file.run.cells] == pytest.approx(
        [cell.measures.perplexity for cell in result.cells], rel=1e-3
    )
    assert (file.model, file.saes) == (result.model, result.saes)
    assert ("tags", "tag") in [(fact.name, fact.value) for fact in file.facts]
    assert html_table(result) in page


def test_tokens_come_back_as_they_were_in_the_digits_that_are_shown() -> None:
    cells = measured_run(1).cells
    packed = unpacked(pack_tokens(cells))
    for cell, kept in zip(cells, packed.cells, strict=True):
        tokens = cell.token_measures
        assert "".join(packed.texts[number] for number in kept.texts) == cell.text
        assert kept.kl == pytest.approx(tokens.kl, rel=6e-3)
        assert kept.surprise == pytest.approx(tokens.surprise, rel=6e-3)
        assert len(kept.activations) == len(tokens.activations)
        texts = [[packed.texts[number] for number in of_token] for of_token in kept.alternatives]
        assert texts == [[one.text for one in of_token] for of_token in tokens.alternatives]
        every = [one for of_token in tokens.alternatives for one in of_token]
        assert [part / ONE for part in kept.steered] == pytest.approx(
            [one.steered for one in every], abs=1 / ONE
        )
        assert [part / ONE for part in kept.unsteered] == pytest.approx(
            [one.unsteered for one in every], abs=1 / ONE
        )


def test_a_probability_above_none_never_becomes_none() -> None:
    cell = measured_run(1).cells[0]
    token = msgspec.structs.replace(cell.token_measures.alternatives[0][0], steered=1e-9, unsteered=0.0)
    tokens = msgspec.structs.replace(cell.token_measures, alternatives=((token,),))
    packed = unpacked(pack_tokens([msgspec.structs.replace(cell, token_measures=tokens)]))
    assert (packed.cells[0].steered, packed.cells[0].unsteered) == ((1,), (0,))


@pytest.mark.parametrize("text", [NASTY, BREAKING_OUT])
def test_nothing_in_it_can_break_out_of_its_place(text: str) -> None:
    page = html_page(a_result("abc1", text=text + HALF, prompt=text, label=text), text, (text,))
    page.encode()
    file = held(page)
    assert (file.run.cells[0].text, file.run.prompts[0], file.title) == (text + HALF, text, text)
    [data, _script] = Scripts(page).found
    assert not re.search(r"[<>&\u2028\u2029]", data[1])
    assert "alert(1)</script>" not in page


def test_it_fetches_nothing_and_runs_its_own_script_alone() -> None:
    page = html_page(a_result("abc1"))
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    [_data, (attributes, script)] = Scripts(page).found
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert attributes == {"type": "module"}
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )
    assert not re.search(r"\b(?:src|href)=", page.replace(script, ""))


def test_what_json_does_not_have_is_left_out() -> None:
    result = a_result("abc1")
    cell = result.cells[1]
    measures = msgspec.structs.replace(cell.measures, perplexity=math.inf, kl_mean=math.nan)
    broken = msgspec.structs.replace(cell, measures=measures)
    file = held(html_page(msgspec.structs.replace(result, cells=(result.cells[0], broken))))
    assert (file.run.cells[1].measures.perplexity, file.run.cells[1].measures.kl_mean) == (None, None)


def test_errors_travel_without_their_details() -> None:
    result = a_result("abc1")
    failure = ErrorInfo("OutOfMemory", "Too big.", "/home/me")
    cell = msgspec.structs.replace(result.cells[1], state="failed", failure=failure)
    page = html_page(
        msgspec.structs.replace(result, state="failed", failure=failure, cells=(result.cells[0], cell))
    )
    file = held(page)
    assert file.run.error is not None
    assert file.run.error.message == "Too big."
    assert "/home/me" not in page


def test_a_run_that_was_under_way_is_read_as_one_that_was_stopped() -> None:
    result = a_result("abc1")
    running = msgspec.structs.replace(result.cells[1], state="running")
    page = html_page(msgspec.structs.replace(result, state="running", cells=(result.cells[0], running)))
    run = held(page).run
    assert (run.state, [cell.state for cell in run.cells]) == ("stopped", ["done", "stopped"])


@pytest.mark.parametrize("name", ["run.html", "run.HTM"])
def test_save_writes_the_page_where_the_name_says_so(tmp_path: Path, name: str) -> None:
    result = a_result("abc1")
    path = result.save(tmp_path / name)
    assert path.read_text(encoding="utf-8") == html_page(result)


def test_to_html_writes_a_page_with_a_title(tmp_path: Path) -> None:
    result: RunResult = a_result("abc1")
    assert "<h1>Walks</h1>" in result.to_html(tmp_path / "page", "Walks").read_text(encoding="utf-8")
    with pytest.raises(MissingPath, match="a file in a folder that exists"):
        result.to_html(tmp_path / "none" / "page.html")

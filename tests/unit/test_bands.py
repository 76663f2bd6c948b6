"""Bands that are kept: on cards, in other kernels, as the unit auto."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import msgspec
import pytest

import steer_widget as sw
from steer_widget.bands import BandBook
from steer_widget.protocol import Answer, Calibrate, Calibrated, NextTokenOf, StartRun, Status
from steer_widget.spec import Band, BandPoint, Control, Feature
from tests.unit.page import Page, wait_until
from tests.unit.scripted import MODEL, SAE, ScriptedBackend

BAND = Band(6.5, 45.0, None, (BandPoint(45.0, 0.3, 0.4, 1.0), BandPoint(90.0, 0.6, collapsed=0.25)))
OTHER = Band(-7.0, -40.0, -90.0)
VECTOR = sw.Vector([1.0, 2.0], "mine")  # type: ignore[arg-type]


def status() -> Status:
    return Status("ready", model=MODEL, saes=(SAE,))


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path / "data"))


@pytest.fixture
def book(tmp_path: Path) -> BandBook:
    return BandBook(status, tmp_path)


def test_a_band_is_kept_whole_for_other_books(book: BandBook, tmp_path: Path) -> None:
    for direction in (Feature(3), VECTOR):
        assert book.band_of(direction) is None
        book.keep(direction, BAND)
        book.keep(direction, OTHER, negative=True)
        for one in (book, BandBook(status, tmp_path)):
            assert one.band_of(direction) == BAND
            assert one.band_of(direction, negative=True) == OTHER
            assert one.band_of(Control(direction)) == BAND
    assert book.band_of(Feature(4)) is None
    assert book.band_of(Feature(3, sae="tiny-sae")) == BAND
    assert book.band_of(Feature(3, label="other words")) == BAND


def test_a_vector_is_known_by_its_content(book: BandBook) -> None:
    book.keep(VECTOR, BAND)
    assert book.band_of(sw.Vector(VECTOR.values, "another name")) == BAND
    assert book.band_of(sw.Vector(VECTOR.values, hook_name=SAE.hook_name)) == BAND
    assert book.band_of(sw.Vector(VECTOR.values, hook_name="blocks.1.hook_resid_post")) is None
    assert book.band_of(sw.Vector([2.0, 1.0])) is None  # type: ignore[arg-type]


def test_another_process_reads_and_writes_the_same_file(book: BandBook, tmp_path: Path) -> None:
    book.keep(Feature(3), BAND)
    code = (
        "import sys; from pathlib import Path; from tests.unit.test_bands import *\n"
        "other = BandBook(status, Path(sys.argv[1]))\n"
        "assert other.band_of(Feature(3)) == BAND\n"
        "other.keep(Feature(5), OTHER)\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=root)
    assert book.band_of(Feature(5)) is None, "read once, not at every look"
    book.refresh()
    assert book.band_of(Feature(5)) == OTHER


def test_another_model_has_other_bands(book: BandBook, tmp_path: Path) -> None:
    book.keep(Feature(3), BAND)
    larger = Status("ready", model=msgspec.structs.replace(MODEL, n_parameters=1), saes=(SAE,))
    assert BandBook(lambda: larger, tmp_path).band_of(Feature(3)) is None
    assert BandBook(Status, tmp_path).band_of(Feature(3)) is None, "nothing is loaded"


def test_damage_costs_the_damaged_alone(
    book: BandBook, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book.keep(Feature(3), BAND)
    book.keep(Feature(4), BAND)
    with sqlite3.connect(tmp_path / "bands.db") as db:
        db.execute("UPDATE bands SET body = x'00' WHERE direction LIKE '% 4'")
    db.close()
    other = BandBook(status, tmp_path)
    assert other.band_of(Feature(3)) == BAND
    assert other.band_of(Feature(4)) is None
    assert "damaged" in caplog.text
    (tmp_path / "bands.db").write_bytes(b"no database at all, but long enough to look at")
    assert BandBook(status, tmp_path).band_of(Feature(3)) is None
    assert "could not be read" in caplog.text


def test_what_cannot_be_written_is_said_and_holds_in_this_session(book: BandBook, tmp_path: Path) -> None:
    (tmp_path / "bands.db").mkdir()
    with pytest.raises(sw.HistoryError, match="could not be written"):
        book.keep(Feature(3), BAND)
    assert book.band_of(Feature(3)) == BAND


# ---- through a steerer


def calibrated(steerer: sw.Steerer, backend: ScriptedBackend, band: Band = BAND) -> None:
    backend.on_send = lambda command: (
        backend.say(Answer(command.request, result=Calibrated((band,) * len(command.directions))))
        if isinstance(command, Calibrate)
        else None
    )
    steerer.calibrate(3)


def test_cards_tell_the_band(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    assert steerer.card(3).band is None
    calibrated(steerer, backend)
    assert steerer.card(3).band == BAND
    assert steerer.band(3) == BAND
    assert steerer.card(4).band is None


def test_several_are_asked_for_at_once(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    calibrated(steerer, backend)
    found = steerer.calibrate([3, VECTOR], prompts="I think", negative=True)
    asked = backend.sent(Calibrate)[-1]
    assert (asked.directions, asked.prompts, asked.negative) == ((Feature(3), VECTOR), ("I think",), True)
    assert found == [BAND, BAND]
    assert steerer.band(VECTOR, negative=True) == BAND


def test_auto_is_made_raw_where_a_run_starts(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    calibrated(steerer, backend)
    f = steerer.feature(3)
    run = steerer.compare("She", [f.at(1, unit="auto"), f.control().at(2)], unit="auto", baseline=False)
    edits = [column.edits[0] for column in backend.sent(StartRun)[-1].grid.steerings]
    assert [(edit.strength, edit.unit) for edit in edits] == [(45.0, "raw"), (90.0, "raw")]
    assert run.grid == backend.sent(StartRun)[-1].grid


def test_a_negative_strength_takes_its_own_band_where_there_is_one(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    calibrated(steerer, backend)
    f = steerer.feature(3)
    steerer.compare("She", [f.at(-2, unit="auto")], baseline=False)
    assert backend.last_run().grid.steerings[0].edits[0].strength == -90.0
    backend.on_send = lambda command: (
        backend.say(Answer(command.request, result=Calibrated((OTHER,))))
        if isinstance(command, Calibrate)
        else None
    )
    steerer.calibrate(3, negative=True)
    run = steerer.compare("She", [f.at(-2, unit="auto")], baseline=False)
    assert run.grid.steerings[0].edits[0].strength == -80.0


@pytest.mark.parametrize("ask", ["compare", "next_token"])
def test_auto_of_what_is_not_calibrated_is_refused_and_says_how(
    steerer: sw.Steerer, backend: ScriptedBackend, ask: str
) -> None:
    edit = steerer.feature(3).at(1, unit="auto")
    with pytest.raises(sw.InvalidInput, match=r"unit: got 'auto'.*steerer\.calibrate\(feature\)"):
        steerer.compare("She", edit) if ask == "compare" else steerer.next_token("She", edit)
    assert backend.sent(StartRun) == []
    assert backend.sent(NextTokenOf) == []


def test_auto_without_an_iso_kl_strength_or_with_another_method_is_refused(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    calibrated(steerer, backend, Band(1.0, None, None))
    f = steerer.feature(3)
    with pytest.raises(sw.InvalidInput, match="has no iso-KL strength"):
        steerer.compare("She", f.at(1, unit="auto"))
    with pytest.raises(sw.InvalidInput, match="not for clamp"):
        steerer.compare("She", f.at(1, unit="auto", method="clamp"))


@pytest.mark.parametrize("given", [[], [3] * 201, [3, None], 10**9])
def test_bad_input_is_refused_before_any_work(
    steerer: sw.Steerer, backend: ScriptedBackend, given: object
) -> None:
    with pytest.raises(sw.InvalidInput):
        steerer.calibrate(given)  # type: ignore[call-overload]
    assert backend.sent(Calibrate) == []


def test_a_band_that_cannot_be_kept_is_given_all_the_same(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    folder = steerer.history().folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bands.db").mkdir()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        calibrated(steerer, backend)
    assert any("could not be written" in str(one.message) for one in said)
    assert steerer.card(3).band == BAND


def test_the_page_asks_for_a_band_and_for_what_is_known(
    steerer: sw.Steerer, backend: ScriptedBackend, page: Page
) -> None:
    feature = {"kind": "feature", "index": 3, "label": "", "sae": ""}
    assert page.ask("ReadBand", direction=feature)["result"]["band"] is None
    page.post({"id": "b", "command": {"type": "FindBand", "direction": feature}})
    (asked,) = backend.sent(Calibrate)
    assert len(steerer.status.tasks) == 1
    backend.say(Answer(asked.request, result=Calibrated((BAND,))))
    wait_until(lambda: any(reply["id"] == "b" for reply in page.of("Reply")))
    (reply,) = (reply for reply in page.of("Reply") if reply["id"] == "b")
    assert reply["result"]["band"]["iso_kl"] == 45.0
    assert page.ask("ReadBand", direction=feature)["result"]["band"]["onset"] == 6.5


def test_a_band_prints_what_was_measured() -> None:
    head, columns, *rows = str(BAND).splitlines()
    assert head == "onset 6.5, iso_kl 45, collapse not reached"
    assert columns.split() == ["strength", "dose", "KL", "mean", "KL", "p95", "perplexity", "collapsed"]
    assert [row.split() for row in rows] == [["45", "0.3", "0.4", "1"], ["90", "0.6", "25%"]]

"""Disks that are full, read-only, damaged or taken: the run goes on, and is written once that works."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.controller import Controller
from steer_widget.history import History, Recorder
from steer_widget.history.database import Database
from steer_widget.history.places import data_folder, kind_of_mount
from steer_widget.protocol import ErrorInfo
from steer_widget.run import Run
from tests.history.child import Child, kernel
from tests.unit.grids import grid
from tests.unit.page import wait_until
from tests.unit.scripted import READY, ScriptedBackend

Record = Callable[..., Recorder]


def mount(folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    mounted = subprocess.run(  # noqa: PLW1510 - a refusal is looked at below
        ["mount", "-t", "tmpfs", *options, "none", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not let root mount: {mounted.stderr}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    yield from mount(tmp_path / "small", "-o", "size=2m")


@pytest.fixture
def locked_disk(tmp_path: Path) -> Iterator[Path]:
    yield from mount(tmp_path / "locked", "-o", "size=4m")


def run_one(controller: Controller, backend: ScriptedBackend, text: str = "one two") -> Run:
    job = controller.submit(grid(), {})
    backend.started()
    for cell in range(3):
        backend.end_cell(cell, text)
    backend.end()
    return Run(controller, job)


def fill(path: Path) -> None:
    """Writes until nothing fits any more."""
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(os.urandom(1024))


def make_history(folder: Path, n_runs: int = 30) -> None:
    with kernel(folder, "many", n_runs) as child:
        child.end()


def damaged_files(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.glob("history.db.damaged-*") if not path.name.endswith(("-wal", "-shm"))
    )


def test_a_full_disk_is_told_once_and_everything_is_written_when_there_is_room(
    small_disk: Path,
    ready: Controller,
    backend: ScriptedBackend,
    record: Record,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[ErrorInfo | None] = []
    recorder = record(ready, small_disk / "data", on_problem=told.append)
    first = run_one(ready, backend)
    assert recorder.flush()
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        fill(filler)
    runs = [run_one(ready, backend, os.urandom(60_000).hex()[:60_000]) for _ in range(2)]
    assert not recorder.flush()
    assert recorder.problem is not None
    assert "full" in recorder.problem.message
    assert str(small_disk) in recorder.problem.message
    time.sleep(0.6)
    assert told == [recorder.problem]
    assert len([r for r in caplog.records if "Runs go on in memory" in r.message]) == 1
    assert [run.result().state for run in runs] == ["done", "done"]
    filler.unlink()
    deadline_s = time.monotonic() + 10  # nothing else happens: it tries again by itself
    while recorder.problem is not None:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    history = History(small_disk / "data")
    assert [entry.result() for entry in history] == [run.partial() for run in (*reversed(runs), first)]
    assert told[-1] is None


def test_a_file_size_limit_ends_no_kernel(folder: Path, history: History) -> None:
    with kernel(folder, "full", 200_000) as child:
        run = child.line()[1]
        _, is_written, *problem = child.line()
        assert is_written == "False"
        assert "disk" in " ".join(problem)
        assert history[run].result().cells[0].text == "whole text"
        assert child.process.stdin is not None
        child.process.stdin.write("\n")
        child.process.stdin.flush()
        assert child.line() == ["room", "True", "None"]
        assert history[run].state == "done"
        assert len(history[run].result().cells[1].text) == 2_000_000


@pytest.mark.parametrize("where", ["/proc/steer_widget/data", "file/data", "file"])
def test_a_folder_that_cannot_be_made_is_told_and_the_run_goes_on(
    where: str, tmp_path: Path, ready: Controller, backend: ScriptedBackend, record: Record
) -> None:
    (tmp_path / "file").write_text("no folder")
    recorder = record(ready, tmp_path / where)
    run = run_one(ready, backend)
    assert not recorder.flush()
    assert recorder.problem is not None
    assert where in recorder.problem.message
    assert run.result().state == "done"
    assert len(History(tmp_path / where)) == 0


def test_a_read_only_folder_can_be_read_and_is_written_once_it_may_be(
    locked_disk: Path, ready: Controller, backend: ScriptedBackend, record: Record
) -> None:
    folder = locked_disk / "data"
    make_history(folder, 2)
    subprocess.run(["mount", "-o", "remount,ro", locked_disk], check=True)
    recorder = record(ready, folder)
    run = run_one(ready, backend)
    assert not recorder.flush()
    assert recorder.problem is not None
    assert "read-only" in recorder.problem.message.lower()
    history = History(folder)
    assert [entry.state for entry in history] == ["done", "done"]
    with pytest.raises(sw.HistoryError, match=r"(?i)read-?only"):
        history[0].save("x")
    subprocess.run(["mount", "-o", "remount,rw", locked_disk], check=True)
    assert recorder.flush()
    assert (recorder.problem, history[0].run) == (None, run.id)


def test_without_a_data_folder_the_run_goes_on(
    ready: Controller,
    backend: ScriptedBackend,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    recorder = record(ready, Path("~nobody/data"))
    run_one(ready, backend)
    assert not recorder.flush()
    assert recorder.problem is not None
    assert "STEER_WIDGET_DATA" in recorder.problem.message
    assert list(tmp_path.iterdir()) == []


def damage_head(path: Path) -> None:
    path.write_bytes(os.urandom(4096) + path.read_bytes()[4096:])


def damage_middle(path: Path) -> None:
    size = path.stat().st_size // 4096
    body = path.read_bytes()
    path.write_bytes(body[:4096] + os.urandom(4096 * (size - 2)) + body[4096 * (size - 1) :])


def damage_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


DAMAGES = [damage_head, damage_middle, damage_end]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_set_aside_and_named(
    damage: Callable[[Path], None], folder: Path, ready: Controller, backend: ScriptedBackend, record: Record
) -> None:
    make_history(folder)
    damage(folder / "history.db")
    before = (folder / "history.db").read_bytes()
    recorder = record(ready)
    run = run_one(ready, backend)
    assert recorder.flush()
    deadline_s = time.monotonic() + 10
    while not damaged_files(folder):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    assert recorder.flush()
    (aside,) = damaged_files(folder)
    assert len(aside.read_bytes()) >= len(before) // 2
    assert recorder.problem is not None
    assert aside.name in recorder.problem.message
    history = History(folder)
    assert [entry.result() for entry in history] == [run.partial()]
    again = run_one(ready, backend)
    assert recorder.flush()
    assert [entry.run for entry in history] == [again.id, run.id]


@pytest.mark.parametrize("damage", [damage_head, damage_end])
def test_reading_a_damaged_database_sets_it_aside_too(damage: Callable[[Path], None], folder: Path) -> None:
    make_history(folder)
    damage(folder / "history.db")
    history = History(folder)
    with pytest.raises(sw.HistoryError, match=r"set aside as history\.db\.damaged-"):
        [entry.result() for entry in history]
    assert len(damaged_files(folder)) == 1
    assert list(history) == []


def test_damage_while_a_kernel_writes_loses_nothing_that_is_in_memory(
    folder: Path, ready: Controller, backend: ScriptedBackend, recorder: Recorder
) -> None:
    runs = [run_one(ready, backend) for _ in range(3)]
    assert recorder.flush()
    recorder._shelf._drop()  # the log goes into the file
    damage_head(folder / "history.db")
    runs.append(run_one(ready, backend))
    assert recorder.flush()
    assert [entry.result() for entry in History(folder)] == [run.partial() for run in reversed(runs)]


def test_a_file_that_somebody_removed_is_written_anew(
    folder: Path, ready: Controller, backend: ScriptedBackend, recorder: Recorder
) -> None:
    runs = [run_one(ready, backend)]
    assert recorder.flush()
    # At once: while it is removed file by file, the recorder may be looking after the database.
    folder.rename(folder.with_name("removed"))
    runs.append(run_one(ready, backend))
    assert recorder.flush()
    assert {entry.run for entry in History(folder)} == {run.id for run in runs}


def test_kernels_that_find_the_damage_at_once_set_aside_one_file(folder: Path) -> None:
    make_history(folder)
    for _ in range(3):
        for old in damaged_files(folder):
            old.unlink()
        damage_head(folder / "history.db")
        children = [Child(folder, "many", 3) for _ in range(3)]
        for child in children:
            told, errors = child.end()
            assert told == [["written", "True"]], errors
        assert len(damaged_files(folder)) == 1
        assert [entry.state for entry in History(folder)] == ["done"] * 9


def test_a_late_finder_leaves_the_new_file_alone(folder: Path) -> None:
    make_history(folder, 1)
    database = Database(folder)
    old = database.identity()
    assert database.put_aside(old) is not None
    make_history(folder, 1)
    assert database.put_aside(old) is None
    assert len(History(folder)) == 1


def test_a_database_that_is_locked_for_long_is_told_and_written_afterwards(
    folder: Path, ready: Controller, backend: ScriptedBackend, recorder: Recorder
) -> None:
    make_history(folder, 1)
    recorder._database.busy_timeout_s = 0.2
    with closing(sqlite3.connect(folder / "history.db", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        run = run_one(ready, backend)
        assert not recorder.flush()
        assert recorder.problem is not None
        assert "locked" in recorder.problem.message
        db.execute("ROLLBACK")
    assert recorder.flush()
    assert recorder.problem is None
    assert History(folder)[0].result() == run.partial()


@pytest.mark.parametrize(
    ("change", "what"),
    [("PRAGMA user_version = 7", "version 7.*upgrade"), ("PRAGMA application_id = 7", "another program")],
)
def test_what_a_newer_version_or_another_program_wrote_is_left_as_it_is(
    change: str, what: str, folder: Path, ready: Controller, backend: ScriptedBackend, record: Record
) -> None:
    make_history(folder, 1)
    with closing(sqlite3.connect(folder / "history.db", isolation_level=None)) as db:
        db.execute(change)
    before = (folder / "history.db").read_bytes()
    recorder = record(ready)
    run = run_one(ready, backend)
    assert not recorder.flush()
    assert recorder.problem is not None
    with pytest.raises(sw.HistoryError, match=what):
        raise recorder.problem.rebuild()
    with pytest.raises(sw.HistoryError, match=what):
        len(History(folder))
    assert (folder / "history.db").read_bytes() == before
    assert run.result().state == "done"


def test_where_no_log_is_possible_the_journal_serves(
    folder: Path, ready: Controller, backend: ScriptedBackend, recorder: Recorder
) -> None:
    (folder / "history.db-shm").mkdir(parents=True)  # no memory to share
    run = run_one(ready, backend)
    assert recorder.flush()
    assert recorder.problem is None
    with closing(sqlite3.connect(folder / "history.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert History(folder)[0].result() == run.partial()


def test_elsewhere_there_is_a_log_that_is_synchronised_with_each_cell(folder: Path) -> None:
    with Database(folder).writing() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_the_file_system_of_a_folder_is_the_one_mounted_last_and_nearest() -> None:
    mounts = [("/", "ext4"), ("/home", "nfs4"), ("/home/me/local", "xfs"), ("/mnt", "ext4"), ("/mnt", "CIFS")]
    kinds = {
        place: kind_of_mount(Path(place), mounts)
        for place in ("/home/me", "/home/me/local/x", "/homely", "/mnt/y", "/var")
    }
    assert kinds == {
        "/home/me": "nfs4", "/home/me/local/x": "xfs", "/homely": "ext4", "/mnt/y": "cifs", "/var": "ext4",
    }  # fmt: skip


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path / "mine"))
    assert data_folder() == tmp_path / "mine"
    monkeypatch.delenv("STEER_WIDGET_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert data_folder() == tmp_path / "share" / "steer_widget"


def test_a_listener_that_fails_does_not_end_the_recorder(
    tmp_path: Path, ready: Controller, backend: ScriptedBackend, record: Record
) -> None:
    (tmp_path / "file").write_text("no folder")

    def fail(_problem: ErrorInfo | None) -> None:
        raise RuntimeError("of the listener")

    recorder = record(ready, tmp_path / "file", on_problem=fail)
    run_one(ready, backend)
    assert not recorder.flush()
    (tmp_path / "file").unlink()
    assert recorder.flush()
    assert threading.active_count() > 1
    assert len(History(tmp_path / "file")) == 1


def test_the_page_is_told_while_runs_cannot_be_written_and_when_they_can_again(tmp_path: Path) -> None:
    backend = ScriptedBackend()
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file where the folder should be")
    steerer = sw.load("a/b", "c/d", backend=backend, history=in_the_way / "history")
    try:
        backend.say(READY)
        run = steerer.compare("x", [sw.Feature(3).at(4)])
        backend.finish()
        wait_until(lambda: steerer.widget.status.history_problem is not None)
        assert str(in_the_way) in steerer.widget.status.history_problem.message  # type: ignore[union-attr]
        assert run.result().state == "done"
        in_the_way.unlink()
        steerer.compare("y", [sw.Feature(3).at(4)])
        backend.finish()
        wait_until(lambda: steerer.widget.status.history_problem is None)
        assert len(steerer.history()) == 2
    finally:
        steerer.widget.close()
        steerer.close()

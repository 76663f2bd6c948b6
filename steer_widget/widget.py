"""The widget: its state as traits that Python sets and observes, the page's requests as typed messages."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anywidget
import traitlets

from ._kernel import answer_every_page, in_kernel, show_bundle, warn_if_broken
from .arguments import make_grid
from .desk import Later, handlers_of
from .errors import InvalidInput, StaleValue, SteerError
from .fallback import fallback_html, hint_html
from .feed import Feed
from .layout import columns_of, selection_of
from .protocol import (
    Ack,
    Answered,
    ErrorInfo,
    PageCommand,
    PageEvent,
    Reply,
    Retry,
    RunSnapshot,
    SetGeneration,
    SetPrompts,
    SetSelection,
    Started,
    Status,
    Stop,
    Sync,
    read_page_request,
    to_page,
)
from .protocol import Run as RunCommand
from .result import RunResult
from .run import Run
from .run_states import RUN_ENDED
from .spec import Generation, Grid, Selection
from .starter import Starter
from .static_form import StaticForm
from .traits import (
    Prompts,
    ValueTrait,
    generation_from,
    prompts_from,
    selection_from,
    snapshot_from,
    status_from,
)
from .views import brief, brief_status

if TYPE_CHECKING:
    from .steerer import Steerer

_STATIC = Path(__file__).with_name("static")


class SteerWidget(anywidget.AnyWidget):
    """The page of a steerer. All its views, in any number of tabs, show the same.

    What is chosen is in traits: set, observe and link them; the page follows, and changes made in
    the page arrive here. Runs that code starts on the steerer appear in the page, and `run` is the
    latest one, whoever started it. Observers are called on the thread that made the change.

    Args:
        steerer: whose runs it starts and shows.

    Attributes:
        prompts: trait; texts or chats of the next run.
        selection: trait; its columns: features with strengths, layout, baseline, samples.
        generation: trait; how its texts are generated.
        status: trait, read only; state of the worker.
        snapshot: trait, read only; the latest run whole, as it was when it started or ended.
    """

    _esm = _STATIC / "widget.js"
    _css = _STATIC / "widget.css"

    prompts: ValueTrait[Prompts] = ValueTrait(
        (),
        prompts_from,
        help="Prompts of the next run: texts or chats. Takes a single one too. Default: none.",
    )
    selection: ValueTrait[Selection] = ValueTrait(
        Selection(),
        selection_from,
        help="Columns of the next run: features with strengths (in raw units unless they say otherwise), their "
        "layout, the baseline, samples per column. Takes a list of edits too. Default: the baseline.",
    )
    generation: ValueTrait[Generation] = ValueTrait(
        Generation(), generation_from, help="How texts are generated. Default: greedy, 60 tokens."
    )
    status: ValueTrait[Status] = ValueTrait(
        Status(),
        status_from,
        read_only=True,
        help="State of the worker: loading, ready, what it has, last error.",
    )
    snapshot: ValueTrait[RunSnapshot] = ValueTrait(
        RunSnapshot(0),
        snapshot_from,
        read_only=True,
        help="The latest run whole, as it was when it started or ended: enough to draw it without a kernel. Of a run "
        "with more than half a million characters, the last texts are left out; `n_left_out` says how many.",
    )

    def __init__(self, steerer: Steerer) -> None:
        # Before the first trait is set: every change to a trait takes this lock.
        self._trait_lock = threading.RLock()
        self._starter = Starter(steerer, lambda: self.run)
        self._steerer = steerer
        self._handlers = handlers_of(self, steerer)
        warn_if_broken()
        super().__init__()
        answer_every_page(self.comm)
        self.on_msg(self._on_page)
        self._static_form = StaticForm(self._latest, self._tell)
        self._feed = Feed(
            steerer.controller,
            send=self._tell,
            publish_run=self._publish_run,
            publish_status=self._publish_status,
        )

    # ---- runs

    @property
    def run(self) -> Run | None:
        """The latest run, started in the page or from code; None before the first."""
        job = self._feed.job
        return Run(self._steerer.controller, job) if job is not None else None

    def start(self) -> Run:
        """Starts what is selected, as the Run button does. Returns at once.

        Raises:
            InvalidInput: a value is refused, or the latest run has not ended.
            SteererClosed: the steerer is closed.
        """
        return self._start(ask_worker=True)

    def stop(self) -> None:
        """Stops the latest run, as the Stop button does; texts so far are kept."""
        run = self.run
        if run is not None:
            run.cancel()

    def show(self, result: RunResult) -> Run:
        """Takes a past run in: its prompts, columns and settings are chosen, its texts are shown.

        `run.retry()`, or Retry in the page, runs the cells that it lacks.

        Raises:
            InvalidInput: the latest run has not ended (field "run"), or the columns of this one are none that a
                selection can hold, or of features that are not loaded; nothing is changed then.
            SteererClosed: the steerer is closed.
        """
        if self.run is not None and not self.run.done:
            raise InvalidInput("run", self.run.state, "a run that has ended", hint="Stop the one that is on.")
        grid = result.grid
        selection = selection_of(grid.steerings, grid.samples)
        self._steerer.check_edits(selection.edits)
        run = self._steerer.reopen(result)
        with self.hold_sync():
            self.prompts, self.selection, self.generation = grid.prompts, selection, grid.generation
        return run

    def close(self) -> None:
        """Takes the widget off the page; the steerer and its runs go on."""
        feed: Feed | None = getattr(self, "_feed", None)
        if feed is not None:
            feed.close()
            self._static_form.close()
        super().close()

    @contextmanager
    def hold_sync(self) -> Iterator[None]:
        """Sends changes of traits in one message, at the end of the block."""
        # Two threads inside the same hold would lose each other's changes.
        with self._trait_lock, super().hold_sync():
            yield

    # ---- display

    def mimebundle(self, *, plain: str) -> tuple[dict[str, object], dict[str, object]]:
        """The widget's view, and beside it what readers without a kernel see."""
        view, metadata = self._view()
        return {**view, "text/plain": plain, "text/html": fallback_html(plain, self._latest())}, metadata

    def show_in_cell(self, *, plain: str) -> None:
        """Displays the view, and below it for readers without a kernel the latest run, which follows the runs.

        Raises:
            NotImplementedError: there is no notebook; IPython then takes the text.
        """
        if not in_kernel():
            raise NotImplementedError
        view, metadata = self._view()
        bundle = {**view, "text/plain": plain, "text/html": hint_html(plain)}
        show_bundle(bundle, metadata)
        self._static_form.show()

    def _view(self) -> tuple[dict[str, object], dict[str, object]]:
        return (super()._repr_mimebundle_() if self.comm is not None else None) or ({}, {})

    def _latest(self) -> RunResult | None:
        run = self.run
        return run.partial() if run is not None else None

    def _ipython_display_(self) -> None:
        self.show_in_cell(plain=repr(self))

    def _repr_mimebundle_(self, **_choice: object) -> tuple[dict[str, object], dict[str, object]]:
        return self.mimebundle(plain=repr(self))

    def __repr__(self) -> str:
        run = self.run
        return f"<SteerWidget of {self._steerer!r}, run {run.state if run else 'none'}>"

    # ---- to the page

    def _tell(self, message: PageEvent) -> None:
        self.send(to_page(message))

    def _publish_run(self, snapshot: RunSnapshot) -> None:
        with self._trait_lock:
            # Notebooks save traits where the user asks for it: logs and tracebacks are not meant for that.
            self.set_trait("snapshot", brief(snapshot))
        if snapshot.run is not None and snapshot.run.state in RUN_ENDED:
            self._static_form.renew()

    def _publish_status(self) -> None:
        with self._trait_lock:
            self.set_trait("status", brief_status(self._steerer.status))

    def _tell_traits(self) -> None:
        """Says again what the traits hold: of a connection that was lost, a page may have missed changes."""
        with self._trait_lock:
            self.send_state(["prompts", "selection", "generation", "status"])

    # ---- from the page

    def _on_page(self, _widget: object, content: object, _buffers: object) -> None:
        """Takes a request of the page, on whatever thread the kernel picks: never waits, never prints."""
        try:
            request = read_page_request(content)
        except SteerError as error:
            self._tell(Reply(_request_id(content), ErrorInfo.of(error)))
            return
        if isinstance(request.command, Ack):
            self._feed.acknowledge(request.command.seq)
            return
        answer: Answered | Later | SteerError | None
        try:
            answer = self._perform(request.command)
        except SteerError as error:
            answer = error
        except Exception as error:  # noqa: BLE001 - the page must get an answer whatever happened
            self._tell(Reply(request.id, ErrorInfo.of(error, traceback.format_exc())))
            return
        if isinstance(answer, Later):
            answer.begin(partial(self._reply, request.id))
        else:
            self._reply(request.id, answer)

    def _reply(self, request: str, answer: Answered | SteerError | None) -> None:
        if isinstance(answer, SteerError):
            self._tell(Reply(request, ErrorInfo.of(answer)))
        else:
            self._tell(Reply(request, result=answer))

    def _perform(self, command: PageCommand) -> Answered | Later | None:
        if isinstance(command, Sync):
            self._tell_traits()
            self._feed.sync()
        elif isinstance(command, SetPrompts):
            self._choose("prompts", command.prompts, command.instead_of)
        elif isinstance(command, SetSelection):
            self._choose("selection", command.selection, command.instead_of)
        elif isinstance(command, SetGeneration):
            self._choose("generation", command.generation, command.instead_of)
        elif isinstance(command, Stop):
            self._run_of(command.run).cancel()
        elif isinstance(command, Retry):
            self._run_of(command.run).retry(command.cells)
        elif isinstance(command, RunCommand):
            return Started(self._start(ask_worker=False, replaces=command.replaces).id)
        else:
            return self._handlers[type(command)](command)
        return None

    def _choose(self, name: str, value: object, instead_of: object | None) -> None:
        """Sets a trait, unless somebody else has set it since the page saw it."""
        with self._trait_lock:
            held = getattr(self, name)
            if instead_of is not None and held not in (instead_of, value):
                raise StaleValue(
                    name, value, "a change of what is held now", hint="It was changed elsewhere."
                )
            self.set_trait(name, value)

    def _run_of(self, run_id: str) -> Run:
        run = next((run for run in self._steerer.runs if run.id == run_id), None)
        if run is None:
            raise InvalidInput("run", run_id, "the id of a run of this steerer", hint="Reload the page.")
        return run

    def _start(self, *, ask_worker: bool, replaces: str = "") -> Run:
        return self._starter.start(self._chosen, ask_worker=ask_worker, replaces=replaces)

    def _chosen(self) -> Grid:
        return make_grid(
            list(self.prompts),
            columns_of(self.selection),
            generation=self.generation,
            samples=self.selection.samples,
        )

    @traitlets.validate("selection")
    def _check_selection(self, proposal: traitlets.Bunch) -> Selection:
        selection: Selection = proposal["value"]
        self._steerer.check_edits(selection.edits)
        return selection


def _request_id(content: object) -> str:
    found = content.get("id") if isinstance(content, dict) else None
    return found if isinstance(found, str) else ""

"""Statistics of every feature on the user's own texts."""

from __future__ import annotations

import time
import uuid
import warnings
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .arguments import as_count, as_seconds, as_switch
from .calibrator import Calibrator
from .catalog import Catalog
from .controller import Controller
from .errors import HistoryError, InvalidInput, SteerError, TaskStopped, WorkerTimeout
from .profiles import Chunk, Corpus, Profile, ProfileBook, ProfileCards, ProfileHead
from .progress_line import ProgressLine
from .protocol import Gives, ProfiledTexts, ProfileTexts, SaeInfo
from .task import Task

MAX_EXAMPLES: Final = 100
_N_IN_FLIGHT = 2  # one is read while the next one waits
_CHUNK_S = 2.0
_FIRST_CHARS, _MOST_CHARS = 20_000, 5_000_000
_SNAPSHOT_S = 30.0


class Profiler(Calibrator):
    """Profiles of the user's own texts; arguments as of `Calibrator`."""

    def __init__(self, controller: Controller, catalog: Catalog, folder: Path) -> None:
        super().__init__(controller, catalog, folder)
        self._profiles = ProfileBook(lambda: controller.status, folder)
        for place, sae in enumerate(catalog.saes):
            catalog.learn(ProfileCards(self._profiles, place), sae)

    def profile(
        self,
        texts: Iterable[str] | str | Path,
        *,
        sae: str = "",
        n_examples: int = 5,
        context: int = 256,
        name: str = "",
        resume: bool = False,
        comes_first: bool = False,
        timeout: float = 86_400,
    ) -> Profile:
        """Density, maximum activation and best examples of every feature, and residual norms, in one pass over texts.

        Waits for the worker. Texts are read as they come, some at a time; the model stops at the hook point. Special
        tokens and attention sinks do not count. Runs and questions go first. What was counted is written down every
        30 s, so that `resume` goes on after a crash; Ctrl-C ends it and gives what was counted until then.

        Cards have the numbers at once, and in later sessions with this model and SAE: the unit ``max_act`` works
        then, also of an SAE that came without statistics. Where the SAE's own table knows a number, that one
        stands, unless `comes_first`.

        Args:
            texts: any iterable of texts, such as a list, a generator, the lines of an open file, a data set's
                column; or a path as `sw.read_prompts` takes it. Empty texts count as texts without tokens.
            sae: name of the SAE; '' is the first.
            n_examples: how many texts are kept of each feature, different ones, 1 to 100.
            context: tokens at most that are read at once; longer texts are cut. Never more than the model can hold.
            name: of the texts, shown with the numbers; '' takes the file's name.
            resume: whether to go on after the texts that were counted last time; the texts must begin with them.
            comes_first: whether cards have these numbers in place of the SAE's own, in this session.
            timeout: seconds, loading included. What was counted until then is written down.

        Returns:
            The profile; `is_whole` of its head is False where it was stopped.

        Raises:
            InvalidInput: a value is refused, or the texts do not begin with those that were counted.
            MissingPath: the file cannot be read.
            SaeMismatch: the SAE has no encoder.
            TaskStopped: it was stopped before anything was counted.
            WorkerTimeout: it took longer; go on with `resume`.
            SteerError: the worker could not load, or died; go on with `resume`.
        """
        corpus = Corpus(texts)
        place = self._place(sae)
        k = as_count("n_examples", n_examples)
        if k > MAX_EXAMPLES:
            raise InvalidInput("n_examples", n_examples, f"1 to {MAX_EXAMPLES}")
        n_window = as_count("context", context)
        if n_window < _SHORTEST:
            raise InvalidInput("context", context, f"a whole number from {_SHORTEST} up")
        if not isinstance(name, str):
            raise InvalidInput("name", name, "a text")
        goes_on, first = as_switch("resume", resume), as_switch("comes_first", comes_first)
        deadline_s = time.monotonic() + as_seconds("timeout", timeout)
        self.ready(timeout)
        info = self._controller.status.saes[place]
        key = self._profiles.key(info)
        if key is None:
            raise SteerError("The worker was restarted just now. Try it again.")
        before = self._before(key, k) if goes_on else None
        if before is not None:
            corpus.skip(before.n_texts, before.head.digest)
        made = _Profiling(self._controller, self._profiles, corpus, info, key, name, k, n_window, before)
        with ProgressLine() as line:
            found = made.run(deadline_s, line)
        self._profiles.use(key, found, comes_first=first)
        _keep(self._profiles, key, found)
        return found

    def use_profile(self, profile: Profile, *, sae: str = "", comes_first: bool = False) -> None:
        """Cards have a profile's numbers from now on, in this session: one that was loaded, or made before another.

        Args:
            profile: of this SAE.
            sae: name of the SAE; '' is the first.
            comes_first: whether its numbers stand in place of the SAE's own.

        Raises:
            InvalidInput: it is none, or of another number of features.
            SteerError: no model is loaded yet.
        """
        place = self._place(sae)
        saes = self._controller.status.saes
        key = self._profiles.key(saes[place]) if saes else None
        if key is None:
            raise SteerError("No model is loaded yet. Wait for it: steerer.ready().")
        if not isinstance(profile, Profile) or profile.d_sae != saes[place].d_sae:
            raise InvalidInput("profile", profile, f"a profile of {saes[place].d_sae:,} features")
        self._profiles.use(key, profile, comes_first=as_switch("comes_first", comes_first))

    def _place(self, sae: str) -> int:
        return self._catalog.saes.index(self._named(sae) or self._catalog.saes[0])

    def _before(self, key: str, n_examples: int) -> Profile | None:
        """What was counted last time."""
        store = self._profiles.store
        found = store.read(key, part=True) or store.read(key)
        if found is not None and found.n_examples != n_examples:
            raise InvalidInput(
                "n_examples",
                n_examples,
                f"{found.n_examples}, as last time",
                hint="Or begin anew: resume=False.",
            )
        return found


_SHORTEST = 16


@dataclass(frozen=True)
class _Sent:
    """A chunk on its way."""

    task: Task[ProfiledTexts]
    chunk: Chunk
    gives: Gives


class _Profiling:
    """One call of `Profiler.profile`: feeds the worker, and writes down how far it is."""

    def __init__(
        self,
        controller: Controller,
        book: ProfileBook,
        corpus: Corpus,
        sae: SaeInfo,
        key: str,
        name: str,
        n_examples: int,
        n_window: int,
        before: Profile | None,
    ) -> None:
        self._controller = controller
        self._book = book
        self._corpus = corpus
        self._sae = sae
        self._key = key
        self._name = name or corpus.name or (before.name if before is not None else "") or "your texts"
        self._id = uuid.uuid4().hex
        self._n_examples = n_examples
        self._n_window = n_window
        self._state = b"" if before is None else before.state
        # What has been counted for sure, and what is on its way behind it.
        self._done = Chunk((), *((0, "") if before is None else (before.n_texts, before.head.digest)))
        self._sent_last = self._done
        self._on_way: deque[_Sent] = deque()
        self._is_at_end = False
        self._n_chars = _FIRST_CHARS
        self._counted_s = self._written_s = time.monotonic()

    def run(self, deadline_s: float, line: ProgressLine) -> Profile:
        """To the end of the texts, or until it is stopped.

        Raises:
            TaskStopped, WorkerTimeout, SteerError: see `Profiler.profile`.
        """
        try:
            while self._fill():
                self._take(deadline_s, line)
        except (KeyboardInterrupt, TaskStopped):
            self._drain()
            self._is_at_end = False
            if self._done.n_after == 0:
                raise
        except WorkerTimeout:
            self._drain()
            if self._done.n_after:
                _keep(self._book, self._key, self._finished(), part=True)
            raise
        except BaseException:
            self._drain()
            raise
        return self._finished()

    def _fill(self) -> bool:
        """Sends what there is room for; False when all is done."""
        while len(self._on_way) < _N_IN_FLIGHT and not self._is_at_end:
            chunk = self._corpus.take(self._n_chars)
            if chunk is None:
                self._is_at_end = True
                break
            is_due = time.monotonic() - self._written_s > _SNAPSHOT_S
            if is_due:
                self._written_s = time.monotonic()
            gives: Gives = "state" if is_due else "count"
            self._on_way.append(_Sent(self._begin(chunk, gives), chunk, gives))
            self._sent_last = chunk
        return bool(self._on_way)

    def _begin(self, chunk: Chunk, gives: Gives) -> Task[ProfiledTexts]:
        command = ProfileTexts(
            0,
            self._id,
            chunk.texts,
            self._sae.name,
            self._sent_last.n_after,
            self._corpus.n_total,
            self._n_examples,
            self._n_window,
            self._state,
            gives,
        )
        self._state = b""  # the worker has it from the first chunk on
        return Task(self._controller, command, ProfiledTexts, lambda found: found, f"profiling {self._name}")

    def _take(self, deadline_s: float, line: ProgressLine) -> None:
        """Waits for the first one on its way."""
        sent = self._on_way[0]
        found = sent.task.result(max(0.0, deadline_s - time.monotonic()), line.show)
        self._on_way.popleft()
        self._counted(sent)
        took_s, self._counted_s = time.monotonic() - self._counted_s, time.monotonic()
        grown = min(2.0, max(0.5, _CHUNK_S / max(took_s, 1e-3)))
        self._n_chars = min(_MOST_CHARS, max(1, int(self._n_chars * grown)))
        if sent.gives == "state":
            _keep(self._book, self._key, self._profile(found, is_whole=False), part=True)

    def _counted(self, sent: _Sent) -> None:
        self._done = sent.chunk

    def _drain(self) -> None:
        """Stops what is on its way, the last one first, and notes what was counted all the same."""
        for sent in reversed(self._on_way):
            sent.task.cancel()
        while self._on_way:
            sent = self._on_way.popleft()
            try:
                sent.task.result(_DRAIN_S)
            except SteerError:
                continue
            self._counted(sent)

    def _finished(self) -> Profile:
        """All that was counted, with its examples' texts."""
        self._sent_last = self._done
        found = self._begin(Chunk((), self._done.n_after, self._done.digest), "all").result()
        return self._profile(found, is_whole=self._is_at_end)

    def _profile(self, found: ProfiledTexts, *, is_whole: bool) -> Profile:
        model = self._controller.status.model
        head = ProfileHead(
            self._name,
            "" if model is None else model.name,
            self._sae.name,
            self._sae.hook_name,
            self._done.n_after,
            self._done.digest,
            is_whole,
        )
        return Profile.of(head, found)


_DRAIN_S = 60.0


def _keep(book: ProfileBook, key: str, profile: Profile, *, part: bool = False) -> None:
    """Writes it down; where that fails, it is said, and all else goes on."""
    try:
        book.store.keep(key, profile, part=part)
    except HistoryError as error:
        warnings.warn(error.message, RuntimeWarning, stacklevel=4)

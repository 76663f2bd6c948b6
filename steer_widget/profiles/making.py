"""A profile while it is made: feeds the worker with chunks, and writes down how far it is."""

from __future__ import annotations

import time
import uuid
import warnings
from collections import deque
from dataclasses import dataclass
from typing import Final

from ..controller import Controller
from ..errors import HistoryError, SteerError, TaskStopped, WorkerTimeout
from ..progress_line import ProgressLine
from ..protocol import Gives, ProfiledTexts, ProfileTexts, SaeInfo
from ..task import Task
from .corpus import NO_DIGEST, Chunk, Corpus
from .profile import Profile, ProfileHead
from .store import ProfileStore

N_IN_FLIGHT: Final = 2  # one is read while the next one waits
CHUNK_S: Final = 2.0
FIRST_CHARS: Final = 20_000
MOST_CHARS: Final = 5_000_000
SNAPSHOT_S: Final = 30.0
_DRAIN_S = 60.0


@dataclass(frozen=True)
class Aim:
    """What a profile is made of: `key` names model and SAE, `n_window` is the tokens read at once; else `ProfileTexts`."""

    sae: SaeInfo
    key: str
    name: str
    n_examples: int
    n_window: int


@dataclass(frozen=True)
class _Sent:
    """A chunk on its way."""

    task: Task[ProfiledTexts]
    chunk: Chunk
    gives: Gives


class Making:
    """One call of `Steerer.profile`.

    Args:
        controller: takes chunks to the worker, which has loaded.
        store: where it is written down.
        corpus: the texts, those of `before` passed over.
        aim: what of.
        before: what was counted last time.
    """

    def __init__(
        self,
        controller: Controller,
        store: ProfileStore,
        corpus: Corpus,
        aim: Aim,
        before: Profile | None,
    ) -> None:
        self._controller = controller
        self._store = store
        self._corpus = corpus
        self._aim = aim
        self._name = aim.name or corpus.name or (before.name if before is not None else "") or "your texts"
        self._id = uuid.uuid4().hex
        self._state = b"" if before is None else before.state
        # What has been counted for sure, and what is on its way behind it.
        self._done = Chunk((), *((0, NO_DIGEST) if before is None else (before.n_texts, before.head.digest)))
        self._sent_last = self._done
        self._on_way: deque[_Sent] = deque()
        self._is_at_end = False
        self._n_chars = FIRST_CHARS
        self._counted_s = self._written_s = time.monotonic()

    def run(self, deadline_s: float, line: ProgressLine) -> Profile:
        """To the end of the texts, or until it is stopped.

        Raises:
            TaskStopped, WorkerTimeout, SteerError: see `Steerer.profile`.
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
                keep(self._store, self._aim.key, self._finished(), part=True)
            raise
        except BaseException:
            self._drain()
            raise
        return self._finished()

    def _fill(self) -> bool:
        """Sends what there is room for; False when all is done."""
        while len(self._on_way) < N_IN_FLIGHT and not self._is_at_end:
            chunk = self._corpus.take(self._n_chars)
            if chunk is None:
                self._is_at_end = True
                break
            is_due = time.monotonic() - self._written_s > SNAPSHOT_S
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
            self._aim.sae.name,
            self._sent_last.n_after,
            self._corpus.n_total,
            self._aim.n_examples,
            self._aim.n_window,
            self._state,
            gives,
        )
        return Task(self._controller, command, ProfiledTexts, lambda found: found, f"profiling {self._name}")

    def _take(self, deadline_s: float, line: ProgressLine) -> None:
        """Waits for the first one on its way."""
        sent = self._on_way[0]
        found = sent.task.result(max(0.0, deadline_s - time.monotonic()), line.show)
        self._on_way.popleft()
        self._counted(sent)
        took_s, self._counted_s = time.monotonic() - self._counted_s, time.monotonic()
        grown = min(2.0, max(0.5, CHUNK_S / max(took_s, 1e-3)))
        self._n_chars = min(MOST_CHARS, max(1, int(self._n_chars * grown)))
        if sent.gives == "state":
            keep(self._store, self._aim.key, self._profile(found, is_whole=False), part=True)

    def _counted(self, sent: _Sent) -> None:
        self._done = sent.chunk
        self._state = b""  # the worker has it now; before, the chunk may have been stopped where it waited

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
            self._aim.sae.name,
            self._aim.sae.hook_name,
            self._done.n_after,
            self._done.digest,
            is_whole,
        )
        return Profile.of(head, found)


def keep(store: ProfileStore, key: str, profile: Profile, *, part: bool = False) -> None:
    """Writes it down; where that fails, it is said, and all else goes on."""
    try:
        store.keep(key, profile, part=part)
    except HistoryError as error:
        warnings.warn(error.message, RuntimeWarning, stacklevel=4)

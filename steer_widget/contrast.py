"""A vector out of two lists of texts: the worker reads them, the kernel takes the difference of means."""

from __future__ import annotations

from typing import get_args

import msgspec

from .asking import ask_worker, unfitting
from .controller import Controller
from .errors import InvalidInput
from .passages import as_passages
from .protocol import Activations, Passage, Pool, ReadMeans
from .spec import Vector
from .spec.checks import text


class Contrast(msgspec.Struct, frozen=True):
    """What is to be told apart, and where."""

    positive: tuple[Passage, ...]
    negative: tuple[Passage, ...]
    hook_name: str
    pool: Pool
    name: str

    @classmethod
    def of(
        cls, positive: object, negative: object, hook_name: object, pool: object, name: object
    ) -> Contrast:
        """A contrast out of what users write.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
        """
        return cls(
            as_passages("positive", positive, answers=True),
            as_passages("negative", negative, answers=True),
            text("hook_name", hook_name, "a hook point such as blocks.15.hook_resid_post, or ''"),
            as_pool(pool),
            text("name", name),
        )

    def ask(self, controller: Controller, timeout_s: float) -> Vector:
        """Waits until the worker has read the texts, and takes the difference of the means.

        Raises:
            WorkerTimeout: it took longer.
            InvalidInput: the worker refuses the hook point or a text, or both means are the same.
            SteerError: the worker died.
            ProtocolError: its answer does not fit the question.
        """
        found = ask_worker(
            controller, self.question, Activations, timeout_s, call="contrast_vector", what=self.what
        )
        return self.vector(found)

    @property
    def question(self) -> ReadMeans:
        """What the worker is to read."""
        return ReadMeans(0, self.positive + self.negative, self.hook_name, self.pool)

    @property
    def what(self) -> str:
        """What it does, in words."""
        return f"read {len(self.positive) + len(self.negative)} texts"

    def vector(self, found: Activations) -> Vector:
        """The difference of the means that were read.

        Raises:
            InvalidInput: both means are the same.
            ProtocolError: there are not as many as texts.
        """
        rows, n_positive = found.values, len(self.positive)
        if len(rows) != n_positive + len(self.negative):
            raise unfitting(self.what)
        return Vector.from_contrast(
            rows[:n_positive], rows[n_positive:], name=self.name, hook_name=found.hook_name
        )


def as_pool(pool: object) -> Pool:
    """Over which tokens of a text a mean is taken.

    Raises:
        InvalidInput: unknown.
    """
    for known in get_args(Pool):
        if pool == known:
            return known  # type: ignore[no-any-return]
    raise InvalidInput("pool", pool, ", ".join(get_args(Pool)))

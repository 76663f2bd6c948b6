from __future__ import annotations

import pytest

import steer_widget as sw
from tests.unit.scripted import LOAD_FAILED, READY, ScriptedBackend


def test_ready_waits_and_raises_what_went_wrong(backend: ScriptedBackend, opened: list[sw.Steerer]) -> None:
    steerer = sw.load("a/b", "c/d", backend=backend)
    opened.append(steerer)
    with pytest.raises(sw.WorkerTimeout, match=r"steerer\.ready\(timeout=60\)"):
        steerer.ready(timeout=0.1)
    backend.say(LOAD_FAILED)
    for _ in range(2):
        with pytest.raises(sw.LoadError, match="No such model") as caught:
            steerer.ready()
        assert caught.value.details == "the traceback"
    steerer.reload()
    assert backend.n_loads == 2
    backend.say(READY)
    steerer.ready()
    backend.die()
    with pytest.raises(sw.WorkerTimeout):
        steerer.ready(timeout=0)
    assert backend.calls == ["start", "start"], "asking for a worker that died starts one"
    backend.die()
    with pytest.raises(sw.WorkerDied, match="while it was loading"):
        steerer.ready()


@pytest.mark.parametrize("timeout", [-1, float("nan"), "60", None, True])
def test_a_timeout_is_seconds(timeout: object, backend: ScriptedBackend, opened: list[sw.Steerer]) -> None:
    opened.append(sw.load("a/b", "c/d", backend=backend))
    with pytest.raises(sw.InvalidInput, match="timeout"):
        opened[0].ready(timeout)  # type: ignore[arg-type]

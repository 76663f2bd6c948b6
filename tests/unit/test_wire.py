from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steer_widget import protocol
from steer_widget.errors import InvalidInput, PromptTooLong, ProtocolError, SteerError, WorkerDied
from steer_widget.protocol import (
    Command,
    ErrorInfo,
    Event,
    PageEvent,
    PageRequest,
    Status,
    decode_command,
    decode_event,
    encode,
    read_page_request,
    to_page,
)
from tests.unit.strategies import of

COMMANDS, EVENTS, PAGE_EVENTS = get_args(Command), get_args(Event), get_args(PageEvent)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_commands_come_back_as_they_were(kind: type) -> None:
    @quick
    @given(of(kind))
    def round_trip(command: Any) -> None:
        assert decode_command(encode(command)) == command

    round_trip()


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_events_come_back_as_they_were(kind: type) -> None:
    @quick
    @given(of(kind))
    def round_trip(event: Any) -> None:
        assert decode_event(encode(event)) == event

    round_trip()


@pytest.mark.parametrize("kind", [*PAGE_EVENTS, Status], ids=lambda kind: kind.__name__)
def test_messages_for_the_page_are_plain_json(kind: type) -> None:
    @quick
    @given(of(kind))
    def round_trip(message: Any) -> None:
        plain = to_page(message)
        assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(plain)), kind) == message

    round_trip()


@quick
@given(of(PageRequest))
def test_requests_of_the_page_come_back_as_they_were(request: PageRequest) -> None:
    plain = msgspec.json.decode(msgspec.json.encode(request))
    assert read_page_request(plain) == request


def test_every_struct_of_the_wire_is_in_a_union() -> None:
    travelling = {
        *COMMANDS,
        *EVENTS,
        *PAGE_EVENTS,
        *get_args(protocol.PageCommand),
        *get_args(protocol.Answered),
        *get_args(protocol.Known),
    }
    assert {
        kind for kind in protocol.Wire.__subclasses__() if kind.__module__.startswith(protocol.__name__)
    } == travelling


@given(st.binary(max_size=200))
def test_noise_is_a_protocol_error_and_nothing_else(body: bytes) -> None:
    for decode in (decode_command, decode_event):
        with pytest.raises(ProtocolError):
            decode(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_noise_of_the_page_is_refused(content: object) -> None:
    with pytest.raises(SteerError):
        read_page_request(content)


def test_a_value_the_page_got_wrong_is_named() -> None:
    command = {"type": "SetGeneration", "generation": {"top_p": 7}}
    with pytest.raises(InvalidInput) as caught:
        read_page_request({"id": "1", "command": command})
    assert caught.value.field == "top_p"


@pytest.mark.parametrize(
    "error",
    [
        PromptTooLong("prompt", "9000 tokens", "at most 8192"),
        WorkerDied("It died.", details="the log"),
        InvalidInput("strength", float("nan"), "a finite number", hint="Try 4."),
    ],
)
def test_errors_of_ours_are_rebuilt_whole(error: SteerError) -> None:
    again = decode_event(encode(protocol.Fault(ErrorInfo.of(error))))
    assert isinstance(again, protocol.Fault)
    rebuilt = again.error.rebuild()
    assert type(rebuilt) is type(error)
    assert vars(rebuilt) == vars(error)


def test_a_strange_error_keeps_its_name() -> None:
    info = ErrorInfo.of(KeyError("x"), "the traceback")
    assert (info.kind, info.details) == ("GenerationError", "the traceback")
    assert "KeyError" in str(info.rebuild())


def test_an_error_of_a_newer_version_is_still_an_error() -> None:
    rebuilt = ErrorInfo("QuantumError", "It decohered.").rebuild()
    assert type(rebuilt) is SteerError
    assert "QuantumError: It decohered." in str(rebuilt)

"""The bodies of HumanLayer's API, as its package 0.7.9 sends them."""

from typing import Annotated, Any

from pydantic import Field

from webui.asks import Body, Name, Prose

CallId = Annotated[Name, Field(max_length=150)]
_Options = Annotated[list["Option"], Field(max_length=50)]


class Option(Body):
    """One prepared answer."""

    name: Name
    title: Name | None = None
    description: Prose | None = None
    prompt_fill: Prose | None = None
    interactive: bool = False


class Function(Body):
    """The call."""

    fn: Name
    kwargs: dict[str, Any]
    channel: dict[str, Any] | None = None
    reject_options: _Options | None = None
    state: dict[str, Any] | None = None


class FunctionCallBody(Body):
    """`POST /function_calls`."""

    run_id: Name
    call_id: CallId
    spec: Function
    status: None = None


class Contact(Body):
    """The question."""

    msg: Prose
    subject: Prose | None = None
    channel: dict[str, Any] | None = None
    response_options: _Options | None = None
    state: dict[str, Any] | None = None


class HumanContactBody(Body):
    """`POST /contact_requests`."""

    run_id: Name
    call_id: CallId
    spec: Contact
    status: None = None


class EscalationBody(Body):
    """`POST /agent/.../escalate_email`."""

    escalation_msg: Prose
    additional_recipients: list[dict[str, Any]] | None = None
    channel: dict[str, Any] | None = None

"""From the arguments a reviewer typed to an edit the desk takes; pages and tokens ask here."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from webui.approvals.answering.editing import LONGEST_PLACE, MOST_CHANGES, Edit, check_edit
from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.approvals.call.canonical import canonical, fingerprint_of_canonical, sha256_of
from webui.approvals.call.differing import differences, step_to
from webui.approvals.call.schema_check import faults_by_schema
from webui.approvals.errors import Fault, InvalidError
from webui.marking import told_of
from webui.masking import profile_for
from webui.preview import Profile, StillMaskedError, masked_name, unmasked
from webui.sentences import sentence
from webui.store.keyring import Keyring
from webui.store.models import Approval


def prepare_edit(
    session: Session, keyring: Keyring, approval: Approval, typed: Mapping[str, Any]
) -> Edit:
    """Check and prepare edited arguments.

    Args:
        session: to read what is edited with.
        keyring: to decrypt it.
        approval: which; the arguments of an edit before this one are what is edited.
        typed: all arguments, read strictly; masks of secrets stand where they were shown.

    Raises:
        InvalidError: a mask was changed, nothing was, or the tool could not take it.

    """
    base = effective_arguments(session, keyring, approval)
    asked = open_arguments(session, keyring, approval).value
    profile = profile_for(session, keyring, approval)
    edited = _in_the_clear(typed, base.value, profile)
    written = canonical(edited)
    if sha256_of(written) != approval.edited_hash:  # else it repeats the last edit
        _check(approval, base.value, edited, profile)
    changed = differences(asked, edited)
    return Edit(
        base_hash=sha256_of(base.canonical),
        canonical=written,
        arguments_hash=sha256_of(written),
        fingerprint=fingerprint_of_canonical(
            written,
            org=approval.org_id,
            agent=approval.agent_id,
            tool=approval.tool,
            tool_def=approval.tool_def,
            scope=approval.scope,
            ctx=json.loads(approval.ctx),
            rule_hash=approval.rule_hash,
        ),
        changed=tuple(
            _as_shown(found.pointer, profile)[:LONGEST_PLACE]
            for found in changed[:MOST_CHANGES]
        ),
        changes=len(changed),
        told=told_of(approval, edited, profile, None),
    )


def _check(
    approval: Approval, base: Mapping[str, Any], edited: Mapping[str, Any], profile: Profile
) -> None:
    """Check an edit; faults name their places as they were shown, since names may be secrets."""
    try:
        check_edit(base, edited, faults_by_schema(approval.arguments_schema, edited))
    except InvalidError as error:
        faults = [
            fault._replace(pointer=_as_shown(fault.pointer, profile))
            for fault in error.faults
        ]
        raise InvalidError(error.detail, faults, code=error.code) from None


def _as_shown(pointer: str, profile: Profile) -> str:
    """Return a pointer with the names that are masked where they are shown."""
    shown = ""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        shown = step_to(shown, masked_name(name, profile))
    return shown


def _in_the_clear(
    typed: Mapping[str, Any], base: Mapping[str, Any], profile: Profile
) -> dict[str, Any]:
    try:
        edited: dict[str, Any] = unmasked(dict(typed), base, profile)
    except StillMaskedError as error:
        pointer = "/arguments"
        for step in error.place:
            pointer = step_to(pointer, step)
        raise InvalidError(
            sentence("A masked value was changed only in part."),
            [
                Fault(
                    pointer,
                    sentence("leave the mask as it was, or type the whole value anew"),
                )
            ],
            code="still_masked",
        ) from None
    return edited

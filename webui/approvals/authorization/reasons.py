"""Why: every reason code, and with each its constant sentences, one for each cause.

The sentences are part of the contract and tested word for word: pages, refusals of the API and
orchestrators show the same ones.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from webui.approvals.words import ROLE
from webui.sentences import Sentence, sentence


class Reason(StrEnum):
    """The stable codes; what begins with `allow_` is a yes."""

    LOCAL_BOARD = "allow_local_board"
    INSTANCE_ADMIN = "allow_instance_admin"
    ROLE = "allow_role"
    EXPLICIT_GRANT = "allow_explicit_grant"
    SELF = "allow_self"
    COMPANY_AGENT = "allow_company_agent"
    SIMPLE_MEMBER = "allow_simple_company_member"
    MANAGER_CHAIN = "allow_manager_chain"
    LEGACY_CREATOR = "allow_legacy_agent_creator"
    DELEGATE = "allow_delegate"
    UNAUTHENTICATED = "deny_unauthenticated"
    BOUNDARY = "deny_company_boundary"
    MISSING_MEMBERSHIP = "deny_missing_membership"
    MISSING_GRANT = "deny_missing_grant"
    POLICY_RESTRICTED = "deny_policy_restricted"
    SCOPE = "deny_scope"
    UNSUPPORTED = "deny_unsupported_action"
    AGENT_CANNOT_DECIDE = "deny_agent_cannot_decide"
    AGENT_CONTEXT = "deny_agent_context"
    SELF_APPROVAL = "deny_self_approval"
    RISK_ABOVE_LIMIT = "deny_risk_above_limit"
    WRONG_CHANNEL = "deny_wrong_channel"
    NOT_IN_GROUP = "deny_not_in_required_group"
    ALREADY_DECIDED = "deny_already_decided_by_you"
    SUSPENDED = "deny_account_suspended"


class Cause(NamedTuple):
    """A reason and the sentence that says it to a person."""

    reason: Reason
    sentence: str


LOCAL_ROOT = Cause(Reason.LOCAL_BOARD, sentence("A command of the owner of this instance."))
INSTANCE_ADMIN = Cause(Reason.INSTANCE_ADMIN, sentence("Instance admin."))
OWNS_AGENT = Cause(Reason.ROLE, sentence("You own the agent."))
OWN_ISSUE = Cause(Reason.SELF, sentence("The issue is assigned to the asking agent."))
OWN_CONFIG = Cause(Reason.SELF, sentence("An agent may update its own configuration."))
FREE_ISSUE = Cause(Reason.COMPANY_AGENT, sentence("The issue is assigned to no agent."))
SIMPLE_MEMBER = Cause(
    Reason.SIMPLE_MEMBER,
    sentence("No policy stands against it, so an active member may assign it."),
)
MANAGES = Cause(
    Reason.MANAGER_CHAIN,
    sentence("The asking agent is above the assignee in the reporting chain."),
)
LEGACY_CREATOR = Cause(
    Reason.LEGACY_CREATOR, sentence("The asking agent is a legacy creator of agents.")
)
DELEGATE = Cause(
    Reason.DELEGATE, sentence("You are the delegate of somebody who may decide this.")
)

SIGN_IN = Cause(Reason.UNAUTHENTICATED, sentence("Sign in first."))
NAME_A_MEMBER = Cause(
    Reason.UNAUTHENTICATED,
    sentence("A person has to decide: name an active member with --actor EMAIL."),
)
OTHER_ORG = Cause(Reason.BOUNDARY, sentence("It belongs to another organization."))
FOREIGN_AGENT = Cause(
    Reason.BOUNDARY, sentence("The asking agent is not one of this organization.")
)
NO_SUCH_TARGET = Cause(
    Reason.BOUNDARY, sentence("The target agent is not one of this organization.")
)
TARGET_INACTIVE = Cause(
    Reason.BOUNDARY, sentence("The target agent is not active in this organization.")
)
TARGET_NO_MEMBER = Cause(
    Reason.BOUNDARY,
    sentence("The target user is not an active member of this organization."),
)
SUSPENDED = Cause(Reason.SUSPENDED, sentence("Your account is suspended."))
NO_MEMBER = Cause(
    Reason.MISSING_MEMBERSHIP,
    sentence("You are not an active member of this organization."),
)
ASKER_INACTIVE = Cause(
    Reason.MISSING_MEMBERSHIP,
    sentence("The asking agent is not active in this organization."),
)
AGENT_DECIDES = Cause(Reason.AGENT_CANNOT_DECIDE, sentence("An agent never decides."))
AGENT_CONTEXT = Cause(
    Reason.AGENT_CONTEXT,
    sentence(
        "This session belongs to an agent acting for you; sign in yourself to decide."
    ),
)
ON_YOUR_BEHALF = Cause(
    Reason.SELF_APPROVAL,
    sentence("The agent acts on your behalf here, so somebody else has to decide."),
)
YOUR_AGENT = Cause(
    Reason.SELF_APPROVAL,
    sentence("You own the agent that made this call, so somebody else has to decide."),
)
YOUR_RUN = Cause(
    Reason.SELF_APPROVAL,
    sentence("You started the run that made this call, so somebody else has to decide."),
)
DELEGATOR_INVOLVED = Cause(
    Reason.SELF_APPROVAL,
    sentence(
        "Who made you their delegate may not decide this call, so neither may you for them."
    ),
)
WRONG_CHANNEL = Cause(
    Reason.WRONG_CHANNEL, sentence("This call cannot be decided on the way you came by.")
)
NOT_IN_GROUP = Cause(
    Reason.NOT_IN_GROUP,
    sentence("You are in none of the groups that have to decide this call."),
)
ALREADY_DECIDED = Cause(
    Reason.ALREADY_DECIDED, sentence("You have already decided this call.")
)


def by_role(role: str) -> Cause:
    """Return the yes of a role."""
    return Cause(Reason.ROLE, sentence("Your role is %(role)s.", role=ROLE.get(role, role)))


def by_grant(permission: str) -> Cause:
    """Return the yes of an explicit grant."""
    return Cause(
        Reason.EXPLICIT_GRANT,
        sentence("Explicit grant: %(permission)s.", permission=permission),
    )


def missing(permission: str) -> Cause:
    """Return the no for want of a permission."""
    return Cause(
        Reason.MISSING_GRANT,
        sentence("Missing permission: %(permission)s.", permission=permission),
    )


def not_covered(reason: Reason, permission: str) -> Cause:
    """Return the no of a grant that is held but does not reach this far."""
    return Cause(reason, _NOT_COVERED[reason](permission))


def restricted(sentence: str) -> Cause:
    """Return the no of a protection policy, in its own words."""
    return Cause(Reason.POLICY_RESTRICTED, sentence)


def unknown_action(action: str) -> Cause:
    """Return the no to something nobody can do."""
    return Cause(Reason.UNSUPPORTED, sentence("Unknown action: %(action)s.", action=action))


def not_for_agents(action: str) -> Cause:
    """Return the no to an agent that asks for what is a person's."""
    return Cause(
        Reason.UNSUPPORTED,
        sentence("Not something an agent does: %(action)s.", action=action),
    )


def not_for_people(action: str) -> Cause:
    """Return the no to a person who asks for what is an agent's."""
    return Cause(
        Reason.UNSUPPORTED,
        sentence("Not something a person does without a grant: %(action)s.", action=action),
    )


_NOT_COVERED: dict[Reason, Callable[[str], Sentence]] = {
    Reason.SCOPE: lambda permission: sentence(
        "The grant of %(permission)s does not cover this.", permission=permission
    ),
    Reason.RISK_ABOVE_LIMIT: lambda permission: sentence(
        "The grant of %(permission)s ends below the risk of this call.",
        permission=permission,
    ),
    Reason.WRONG_CHANNEL: lambda permission: sentence(
        "The grant of %(permission)s does not hold on the way you came by.",
        permission=permission,
    ),
}

"""The tables, one file per noun."""

from webui.store.models.agent import Agent, AgentKey, IdempotencyKey
from webui.store.models.approval import Approval, Decision
from webui.store.models.base import Millis, Model, table_of
from webui.store.models.bridge import Bridge
from webui.store.models.chat import ChatChannel, ChatIdentity, PostedMessage
from webui.store.models.consumption import Consumption
from webui.store.models.event import INSTANCE, AuditHead, Checkpoint, Event
from webui.store.models.factor import (
    Ceremony,
    Identity,
    IdentityProvider,
    Passkey,
    ProviderRole,
    RecoveryCode,
    TotpSecret,
)
from webui.store.models.grant import PermissionGrant, StandingGrant, WriteGrant
from webui.store.models.group import Delegation, Group, GroupMember, Invitation
from webui.store.models.insight import InsightCount, InsightCursor
from webui.store.models.job import Job, PolicyShadow
from webui.store.models.message import Message
from webui.store.models.node import Node
from webui.store.models.notice import Destination, Notice
from webui.store.models.org import (
    Membership,
    Org,
    PersonalToken,
    Throttle,
    User,
    WebSession,
)
from webui.store.models.policy import Policy, PolicyCount
from webui.store.models.reply import Reply
from webui.store.models.source import (
    Delivery,
    Endpoint,
    Install,
    Source,
    SourceDelivery,
    SourceMessage,
)
from webui.store.models.view import SavedView
from webui.store.models.work import Issue, Project

__all__ = [
    "INSTANCE",
    "Agent",
    "AgentKey",
    "Approval",
    "AuditHead",
    "Bridge",
    "Ceremony",
    "ChatChannel",
    "ChatIdentity",
    "Checkpoint",
    "Consumption",
    "Decision",
    "Delegation",
    "Delivery",
    "Destination",
    "Endpoint",
    "Event",
    "Group",
    "GroupMember",
    "IdempotencyKey",
    "Identity",
    "IdentityProvider",
    "InsightCount",
    "InsightCursor",
    "Install",
    "Invitation",
    "Issue",
    "Job",
    "Membership",
    "Message",
    "Millis",
    "Model",
    "Node",
    "Notice",
    "Org",
    "Passkey",
    "PermissionGrant",
    "PersonalToken",
    "Policy",
    "PolicyCount",
    "PolicyShadow",
    "PostedMessage",
    "Project",
    "ProviderRole",
    "RecoveryCode",
    "Reply",
    "SavedView",
    "Source",
    "SourceDelivery",
    "SourceMessage",
    "StandingGrant",
    "Throttle",
    "TotpSecret",
    "User",
    "WebSession",
    "WriteGrant",
    "table_of",
]

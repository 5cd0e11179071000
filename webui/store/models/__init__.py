"""The tables, one file per noun."""

from webui.store.models.agent import Agent, AgentKey, IdempotencyKey
from webui.store.models.approval import Approval, Consumption, Decision
from webui.store.models.base import Millis, Model, table_of
from webui.store.models.event import INSTANCE, AuditHead, Checkpoint, Event
from webui.store.models.org import (
    Membership,
    Org,
    PersonalToken,
    Throttle,
    User,
    WebSession,
)
from webui.store.models.source import (
    Delivery,
    Endpoint,
    Install,
    Source,
    SourceDelivery,
    SourceMessage,
)

__all__ = [
    "INSTANCE",
    "Agent",
    "AgentKey",
    "Approval",
    "AuditHead",
    "Checkpoint",
    "Consumption",
    "Decision",
    "Delivery",
    "Endpoint",
    "Event",
    "IdempotencyKey",
    "Install",
    "Membership",
    "Millis",
    "Model",
    "Org",
    "PersonalToken",
    "Source",
    "SourceDelivery",
    "SourceMessage",
    "Throttle",
    "User",
    "WebSession",
    "table_of",
]

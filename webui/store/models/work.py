"""The orchestrator's units of work, as far as authorization asks about them."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model

KNOWN_OUTSIDE = text("external_id IS NOT NULL")


def outside_name(table: str) -> Index:
    """Return the index that keeps an orchestrator's names unique in an org."""
    return Index(
        f"ix_{table}_external",
        "org_id",
        "external_id",
        unique=True,
        sqlite_where=KNOWN_OUTSIDE,
        postgresql_where=KNOWN_OUTSIDE,
    )


class Project(Model):
    """What agents and issues belong to."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    name: Mapped[str]
    protection: Mapped[str] = mapped_column(default="{}")
    """Its protection policy as JSON; empty is none."""
    external_id: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[int]

    __table_args__ = (outside_name("projects"), Index("ix_projects_org_id", "org_id", "id"))


class Issue(Model):
    """One unit of work that may be assigned to an agent or a person."""

    __tablename__ = "issues"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id"), default=None)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("issues.id"), default=None)
    title: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")
    assignee_agent_id: Mapped[str | None] = mapped_column(
        ForeignKey("agents.id"), default=None
    )
    assignee_user_id: Mapped[str | None] = mapped_column(
        ForeignKey("users.id"), default=None
    )
    protection: Mapped[str] = mapped_column(default="{}")
    external_id: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[int]

    __table_args__ = (outside_name("issues"), Index("ix_issues_org_id", "org_id", "id"))

"""Who decides at the command line: a member by their token, or by name in local root mode."""

from typing import NamedTuple

from webui.approvals.agents.keys import AGENT, PERSONAL, PresentedKey, read_key
from webui.approvals.answering.reviewing import Reviewer
from webui.approvals.authorization import DECIDE
from webui.approvals.errors import InvalidError, NotAllowedError, NotFoundError
from webui.approvals.words import HELD_UP
from webui.control.verbs import LOCAL, Office, org_id_of
from webui.store.queries.identity import Signed, key_holder, member, token_holder


class Decider(NamedTuple):
    """A member at the command line."""

    who: Signed
    agent_context: bool
    method: str

    @property
    def reviewer(self) -> Reviewer:
        """Return them as the rules take them."""
        return Reviewer(
            self.who.user_id,
            self.who.display_name,
            "cli",
            session_id=self.method,
            agent_context=self.agent_context,
            method=self.method,
        )


def decider(
    office: Office,
    actor: str | None,
    token: str | None,
    org: str | None,
    needed: tuple[str, ...] = (DECIDE,),
) -> Decider:
    """Return who decides; a token must carry what is `needed`."""
    if token is not None:
        return _by_token(office, token, needed)
    if actor is None:
        raise InvalidError(
            "Deciding needs a person: --token csp_..., or --actor EMAIL on the desk's machine."
        )
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        found = member(session, org_id, actor)
    if found is None:
        raise NotFoundError("member")
    return Decider(found, agent_context=False, method=LOCAL)


def _by_token(office: Office, token: str, needed: tuple[str, ...]) -> Decider:
    presented = read_key(token)
    if presented is not None and presented.prefix == AGENT:
        _refuse_agent(office, presented)
    if presented is not None and presented.prefix == PERSONAL:
        with office.store.reading() as session:
            holder = token_holder(session, presented.id)
        if (
            holder is not None
            and holder.secret_hash == presented.secret_hash
            and holder.works(office.store.now())
        ):
            if holder.held_up:
                raise NotAllowedError("second_factor_required", HELD_UP)
            for permission in needed:
                if not holder.carries(permission):
                    raise NotAllowedError(
                        "scope_missing",
                        f"This token does not carry {permission}; make one that does.",
                    )
            return Decider(holder.person, holder.agent_context, "token")
    raise NotAllowedError("bad_token", "This token is mistyped, expired or revoked.")


def _refuse_agent(office: Office, presented: PresentedKey) -> None:
    """Refuse an agent that tries to decide with its own key, and write it down."""
    with office.store.reading() as session:
        holder = key_holder(session, presented.id)
    if holder is None or holder.secret_hash != presented.secret_hash:
        return
    agent = f"agent:{holder.agent_id}"
    note = {"path": "cli", "key": holder.key_id}
    office.store.write(
        lambda tx: tx.record(holder.org_id, agent, "agent_cannot_decide", agent, note)
    )
    raise NotAllowedError(
        "agent_cannot_decide", "An agent never decides; only a person's own token may."
    )

"""What the databases themselves refuse: changes to the log, whoever asks (details.md, B).

An event may only lose its nonce and payload (erasure). It may only be deleted when it lies at
or before the point up to which its chain was pruned, and that point only moves past an event
`audit.pruned`, which lies after all that it lets go.
"""

SQLITE = (
    """
    CREATE TRIGGER events_unchanged BEFORE UPDATE ON events
    WHEN NOT (NEW.nonce IS NULL AND NEW.payload IS NULL
              AND NEW.org_id = OLD.org_id AND NEW.seq = OLD.seq AND NEW.entry = OLD.entry
              AND NEW.row_hash = OLD.row_hash AND NEW.at = OLD.at AND NEW.actor = OLD.actor
              AND NEW.action = OLD.action AND NEW.subject = OLD.subject)
    BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END
    """,
    # REPLACE deletes without asking the triggers of DELETE
    """
    CREATE TRIGGER events_once BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE org_id = NEW.org_id AND seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END
    """,
    """
    CREATE TRIGGER heads_once BEFORE INSERT ON audit_heads
    WHEN EXISTS (SELECT 1 FROM audit_heads WHERE org_id = NEW.org_id)
    BEGIN SELECT RAISE(ABORT, 'a chain only grows'); END
    """,
    """
    CREATE TRIGGER events_kept BEFORE DELETE ON events
    WHEN OLD.seq > (SELECT pruned_upto FROM audit_heads WHERE org_id = OLD.org_id)
    BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END
    """,
    """
    CREATE TRIGGER heads_forward BEFORE UPDATE ON audit_heads
    WHEN NEW.seq < OLD.seq OR NEW.pruned_upto < OLD.pruned_upto OR NEW.pruned_upto > NEW.seq
    BEGIN SELECT RAISE(ABORT, 'a chain only grows'); END
    """,
    """
    CREATE TRIGGER heads_pruned BEFORE UPDATE ON audit_heads
    WHEN NEW.pruned_upto <> OLD.pruned_upto AND NOT EXISTS (
      SELECT 1 FROM events WHERE org_id = NEW.org_id AND action = 'audit.pruned'
      AND seq > NEW.pruned_upto)
    BEGIN SELECT RAISE(ABORT, 'a chain is never pruned without an event that says so'); END
    """,
    """
    CREATE TRIGGER heads_kept BEFORE DELETE ON audit_heads
    BEGIN SELECT RAISE(ABORT, 'a chain is never deleted'); END
    """,
    """
    CREATE VIRTUAL TABLE approval_search
    USING fts5(words, org_id UNINDEXED, approval_id UNINDEXED, tokenize = 'unicode61')
    """,
)

POSTGRESQL = (
    """
    CREATE FUNCTION events_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.nonce IS NULL AND NEW.payload IS NULL
         AND (NEW.org_id, NEW.seq, NEW.entry, NEW.row_hash, NEW.at, NEW.actor, NEW.action,
              NEW.subject)
           = (OLD.org_id, OLD.seq, OLD.entry, OLD.row_hash, OLD.at, OLD.actor, OLD.action,
              OLD.subject)
      THEN RETURN NEW; END IF;
      RAISE EXCEPTION 'an event is never changed';
    END $$
    """,
    """
    CREATE TRIGGER events_unchanged BEFORE UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION events_unchanged()
    """,
    """
    CREATE FUNCTION events_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.seq <= (SELECT pruned_upto FROM audit_heads WHERE org_id = OLD.org_id)
      THEN RETURN OLD; END IF;
      RAISE EXCEPTION 'an event is never deleted';
    END $$
    """,
    """
    CREATE TRIGGER events_kept BEFORE DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION events_kept()
    """,
    """
    CREATE FUNCTION heads_forward() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a chain is never deleted'; END IF;
      IF NEW.seq < OLD.seq OR NEW.pruned_upto < OLD.pruned_upto
         OR NEW.pruned_upto > NEW.seq
      THEN RAISE EXCEPTION 'a chain only grows'; END IF;
      IF NEW.pruned_upto <> OLD.pruned_upto AND NOT EXISTS (
        SELECT 1 FROM events WHERE org_id = NEW.org_id AND action = 'audit.pruned'
        AND seq > NEW.pruned_upto)
      THEN RAISE EXCEPTION 'a chain is never pruned without an event that says so'; END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER heads_forward BEFORE UPDATE OR DELETE ON audit_heads
    FOR EACH ROW EXECUTE FUNCTION heads_forward()
    """,
    """
    CREATE FUNCTION events_not_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the log is never emptied'; END $$
    """,
    """
    CREATE TRIGGER events_not_truncated BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_not_truncated()
    """,
    """
    CREATE TABLE approval_search(
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      words tsvector NOT NULL, org_id text NOT NULL, approval_id text NOT NULL)
    """,
    "CREATE INDEX ix_approval_search_words ON approval_search USING gin(words)",
)

UNDO_SQLITE = ("DROP TABLE approval_search",)
UNDO_POSTGRESQL = ("DROP TABLE approval_search",)
UNDO_POSTGRESQL_FUNCTIONS = (
    "DROP FUNCTION events_unchanged()",
    "DROP FUNCTION events_kept()",
    "DROP FUNCTION heads_forward()",
    "DROP FUNCTION events_not_truncated()",
)

-- The tables of the audit log. `managed = False` keeps Django's `flush` away from them.

CREATE TABLE system_auditevent (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    user_id uuid,
    actor_id uuid,
    impersonator_id uuid,
    source text NOT NULL,
    reason text NOT NULL,
    request_id text NOT NULL,
    database_user text NOT NULL,
    role text NOT NULL,
    transaction_id bigint NOT NULL,
    table_name text NOT NULL,
    row_key text NOT NULL,
    action text NOT NULL,
    changes json,  -- keeps the text that `changes_digest` was computed from
    changes_digest bytea NOT NULL,
    digest bytea NOT NULL
) PARTITION BY RANGE (id);
CREATE TABLE system_auditevent_default PARTITION OF system_auditevent DEFAULT;
CREATE INDEX system_auditevent_user ON system_auditevent (user_id, id);
CREATE INDEX system_auditevent_row ON system_auditevent (row_key, table_name, id);
CREATE INDEX system_auditevent_request ON system_auditevent (request_id) WHERE request_id <> '';

CREATE TABLE system_auditblock (
    number bigint PRIMARY KEY,
    sealed_at timestamptz NOT NULL,
    oldest_running bigint NOT NULL,
    next_transaction bigint NOT NULL,
    event_ids uuid[] NOT NULL,
    digests bytea NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL
);

-- The signatures of blocks, made with a key that the database does not have (`system.audit_signatures`).
CREATE TABLE system_auditsignature (
    number bigint PRIMARY KEY,
    signed_at timestamptz NOT NULL,
    key_id bytea NOT NULL,
    signature bytea NOT NULL
);

-- The policies also apply to the tables' owner (FORCE ROW LEVEL SECURITY). The owner has access only through the functions in
-- this folder, which run as the owner while the setting `role` still names the caller's role, or in a trigger.
CREATE POLICY keeper ON system_auditevent FOR INSERT
    WITH CHECK (pg_trigger_depth() > 0 OR current_setting('role') <> 'none');
CREATE POLICY reader ON system_auditevent FOR SELECT
    USING (pg_trigger_depth() > 0 OR current_setting('role') <> 'none');
CREATE POLICY eraser ON system_auditevent FOR UPDATE
    USING (current_setting('role') <> 'none')
    WITH CHECK (changes IS NULL);
CREATE POLICY keeper ON system_auditblock
    USING (current_setting('role') <> 'none')
    WITH CHECK (current_setting('role') <> 'none');
CREATE POLICY keeper ON system_auditsignature
    USING (current_setting('role') <> 'none')
    WITH CHECK (current_setting('role') <> 'none');

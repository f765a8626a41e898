-- Enqueue the job that sends the webhooks of a user, unless one waits already.
--
-- A job that waits is locked until the commit, so that no worker runs it before it can read the changes of this transaction.
CREATE FUNCTION users_enqueue_webhooks(customer uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO public.procrastinate_jobs AS waiting (queue_name, task_name, lock, queueing_lock, args)
    VALUES (
        'webhooks', 'users.tasks.send_webhooks', 'webhooks of ' || customer, 'webhooks of ' || customer,
        jsonb_build_object('user', customer)
    )
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET priority = waiting.priority;
END $$;

-- The position of a user was raised: enqueue the job, in the same transaction, if the user has an enabled endpoint.
CREATE FUNCTION users_wake_webhooks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.users_webhookendpoint WHERE user_id = NEW.user_id AND is_enabled) THEN
        PERFORM public.users_enqueue_webhooks(NEW.user_id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER wake_webhooks AFTER INSERT ON core_changeset FOR EACH ROW EXECUTE FUNCTION users_wake_webhooks();

-- The function runs as the owner of the tables, to whom the forced policies apply as well.
CREATE POLICY waker ON users_webhookendpoint FOR SELECT TO CURRENT_USER USING (pg_trigger_depth() > 0);

REVOKE ALL ON FUNCTION users_enqueue_webhooks(uuid), users_wake_webhooks() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users_enqueue_webhooks(uuid) TO mingus_customer, mingus_staff;

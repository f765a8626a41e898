-- Return the sources of a transaction with those that an edit changed as they were before, see `finance.models.edit_runs`.
CREATE FUNCTION finance_sources_before(sources jsonb, before jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(jsonb_object_agg(key, value), '{}')
      FROM (SELECT key, value FROM jsonb_each(sources) WHERE NOT before ? ('sources.' || key)
            UNION ALL
            SELECT substr(key, 9), value FROM jsonb_each(before) WHERE key LIKE 'sources.%' AND value <> 'null') AS kept
);

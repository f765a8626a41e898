-- Return the present name of a category (its slug), payee or tag by its id, also of one that was merged; NULL if it was deleted.
CREATE FUNCTION finance_category_of(owner uuid, key text) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT coalesce(target.slug, named.slug)
          FROM finance_category AS named
          LEFT JOIN finance_category AS target ON target.user_id = owner AND target.id = named.merged_into_id
         WHERE named.user_id = owner AND named.id = key::uuid);
CREATE FUNCTION finance_payee_of(owner uuid, key text) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT coalesce(target.name, named.name)
          FROM finance_payee AS named
          LEFT JOIN finance_payee AS target ON target.user_id = owner AND target.id = named.merged_into_id
         WHERE named.user_id = owner AND named.id = key::uuid);
CREATE FUNCTION finance_tag_of(owner uuid, key text) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT coalesce(target.name, named.name)
          FROM finance_tag AS named
          LEFT JOIN finance_tag AS target ON target.user_id = owner AND target.id = named.merged_into_id
         WHERE named.user_id = owner AND named.id = key::uuid);

-- Return the parts of the action `split` with names in place of ids. The category of a part is "" for none, NULL if it was deleted.
CREATE FUNCTION finance_shown_parts(owner uuid, parts jsonb) RETURNS jsonb LANGUAGE sql STABLE
RETURN (
    SELECT jsonb_agg(part || jsonb_build_object(
               'category', CASE WHEN part ->> 'category' IS NULL THEN '' ELSE finance_category_of(owner, part ->> 'category') END,
               'tags', (SELECT coalesce(jsonb_agg(name ORDER BY place), '[]')
                          FROM (SELECT finance_tag_of(owner, tag) AS name, min(place) AS place
                                  FROM jsonb_array_elements_text(part -> 'tags') WITH ORDINALITY AS each (tag, place)
                                 GROUP BY 1) AS tags
                         WHERE name IS NOT NULL)) ORDER BY number)
      FROM jsonb_array_elements(parts) WITH ORDINALITY AS each (part, number)
);

-- Return the actions of a rule with names in place of ids.
CREATE FUNCTION finance_shown_actions(owner uuid, actions jsonb) RETURNS jsonb LANGUAGE sql STABLE
RETURN (
    SELECT jsonb_agg(jsonb_build_object('type', action -> 'type', 'value', CASE action ->> 'type'
               WHEN 'set_category' THEN to_jsonb(finance_category_of(owner, action ->> 'value'))
               WHEN 'set_payee' THEN to_jsonb(finance_payee_of(owner, action ->> 'value'))
               WHEN 'add_tag' THEN to_jsonb(finance_tag_of(owner, action ->> 'value'))
               WHEN 'remove_tag' THEN to_jsonb(finance_tag_of(owner, action ->> 'value'))
               WHEN 'split' THEN finance_shown_parts(owner, action -> 'value')
               ELSE action -> 'value' END) ORDER BY number)
      FROM jsonb_array_elements(actions) WITH ORDINALITY AS each (action, number)
);

-- Rename a tag in the searches of rules, where it is written as tag:"name".
CREATE FUNCTION finance_rename_in_rules(owner uuid, before text, after text) RETURNS void LANGUAGE sql AS $$
    WITH names AS (
        SELECT '"' || replace(replace(before, '\', '\\'), '"', '\"') || '"' AS old,
               '"' || replace(replace(after, '\', '\\'), '"', '\"') || '"' AS new
    ), renamed AS (
        SELECT id, replace(replace(replace(search, 'tag:' || old, 'tag:' || new), 'tag=' || old, 'tag=' || new),
                           'tag!=' || old, 'tag!=' || new) AS search
          FROM finance_rule, names
         WHERE user_id = owner AND position(old IN search) > 0
    )
    UPDATE finance_rule AS rule
       SET search = renamed.search
      FROM renamed
     WHERE rule.user_id = owner AND rule.id = renamed.id AND rule.search <> renamed.search AND length(renamed.search) <= 1000;
$$;

-- Return tags without some and with others at the end, each once.
CREATE FUNCTION finance_changed_tags(tags text[], removed text[], added text[]) RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN (
    SELECT coalesce(array_agg(tag ORDER BY place), '{}')
      FROM (SELECT tag, min(place) AS place FROM unnest(tags || added) WITH ORDINALITY AS each (tag, place)
             WHERE tag <> ALL (removed) GROUP BY tag) AS kept
);

-- Divide an amount among `parts` with a `percent` or an `amount` without sign; the last part has neither and takes the rest.
-- Return the parts with signed amounts as text, or NULL if a part would be 0 or have the other sign, or if an amount has more
-- decimals than the currency.
CREATE FUNCTION finance_divided(whole numeric, currency text, parts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
RETURN (
    WITH each AS (
        SELECT part, number, units, (part ->> 'amount')::numeric AS fixed,
               CASE WHEN part ->> 'percent' IS NOT NULL THEN round(abs(whole) * (part ->> 'percent')::numeric / 100, units)
                    ELSE round((part ->> 'amount')::numeric, units) END AS size
          FROM (SELECT core_minor_units(currency) AS units OFFSET 0) AS unit,
               jsonb_array_elements(parts) WITH ORDINALITY AS each (part, number)
    ), sized AS (
        SELECT part, number, fixed <> size AS is_rounded,
               coalesce(size, round(abs(whole) - sum(size) OVER (), units)) AS size
          FROM each
    )
    SELECT CASE WHEN bool_and(size > 0) AND NOT coalesce(bool_or(is_rounded), false)
                THEN jsonb_agg(jsonb_build_object('amount', (sign(whole) * size)::text, 'category', coalesce(part ->> 'category', ''),
                                                  'note', part -> 'note', 'tags', part -> 'tags') ORDER BY number) END
      FROM sized
);

-- Return the parts of a transaction, in the same form.
CREATE FUNCTION finance_parts_of(owner uuid, key uuid) RETURNS jsonb LANGUAGE sql STABLE
RETURN (
    SELECT coalesce(jsonb_agg(jsonb_build_object('amount', amount::text, 'category', coalesce(category, ''), 'note', note,
                                                 'tags', tags) ORDER BY number), '[]')
      FROM finance_transactionsplit
     WHERE user_id = owner AND transaction_id = key
);

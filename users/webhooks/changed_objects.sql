-- The objects of a user that changed after one position and until another: for each position and table the number of changed
-- and of deleted rows, and the keys of the first ones. A row that changed several times counts once, with its last change.
WITH last_changes AS (
    SELECT DISTINCT ON (changeset.position, change.table_name, change.row_key)
           changeset.position, changeset.id AS changeset, change.table_name, change.row_key, change.id, change.action = 'delete' AS is_deleted
      FROM core_changeset AS changeset
      JOIN core_change AS change USING (user_id, transaction_id)
     WHERE user_id = %(user)s AND changeset.position > %(after)s AND changeset.position <= %(until)s
       AND change.table_name = ANY(%(tables)s)
     ORDER BY changeset.position, change.table_name, change.row_key, change.id DESC
)
SELECT position, changeset, table_name,
       count(*) FILTER (WHERE NOT is_deleted),
       coalesce((array_agg(row_key ORDER BY id) FILTER (WHERE NOT is_deleted))[1:%(limit)s], '{}'),
       count(*) FILTER (WHERE is_deleted),
       coalesce((array_agg(row_key ORDER BY id) FILTER (WHERE is_deleted))[1:%(limit)s], '{}')
  FROM last_changes
 GROUP BY position, changeset, table_name
 ORDER BY position, table_name

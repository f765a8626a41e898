"""PostgreSQL: SQL expressions, migration operations, partitions, COPY, the connection backend and reads from a replica."""

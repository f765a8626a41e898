-- Return the UUIDv7 of a time. Its random part is that of `random`.
--
-- UUIDs of one time or later are ordered by the microsecond, so that the events of one transaction keep their order.
--
-- It is STABLE, as extract() is: PostgreSQL would not inline an IMMUTABLE function with a STABLE body, which takes 4 times as long.
CREATE FUNCTION core_uuid7(at timestamptz, random uuid) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN encode(
    substring(int8send((extract(epoch FROM at) * 1000000)::bigint / 1000) FROM 3)
    || int2send((28672 + (extract(epoch FROM at) * 1000000)::bigint % 1000 * 512 / 125)::smallint)
    || substring(uuid_send(random) FROM 9), 'hex')::uuid;

-- Return a new UUIDv7.
CREATE FUNCTION core_uuid7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN public.core_uuid7(at, gen_random_uuid());

-- Return the lowest UUIDv7 of a time.
CREATE FUNCTION core_first_key_at(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN at <= 'epoch' THEN '00000000-0000-0000-0000-000000000000' ELSE encode(
    substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) || '\x00000000000000000000'::bytea, 'hex')
END::uuid;

-- Return the lowest UUIDv7 of a time some days later. It is immutable, so that prepared statements skip partitions, too.
CREATE FUNCTION core_first_key_at(at timestamptz, days_later integer) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN public.core_first_key_at(to_timestamp((extract(epoch FROM at) + days_later * 86400)::double precision));

-- Return the first instant of the month of a UUIDv7.
CREATE FUNCTION core_month_of(key uuid) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', timestamp 'epoch'
    + ('x' || left(replace(key::text, '-', ''), 12))::bit(48)::bigint / 1000 * interval '1 second');

-- Return the UUIDv7 of a time in microseconds since 1970. `random` is its last 16 digits, see `core_random_digits`.
--
-- UUIDs of one time or later are ordered by the microsecond, so that the events of one transaction keep their order.
CREATE FUNCTION core_uuid7(microseconds bigint, random text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (lpad(to_hex(((microseconds / 1000) << 16) | 28672 | (microseconds % 1000 * 512 / 125)), 16, '0') || random)::uuid;

-- Return the microseconds from 1970 to a time.
CREATE FUNCTION core_microseconds(at timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN (extract(epoch FROM at) * 1000000)::bigint;

-- Return new random digits for a UUIDv7, which begin with its variant. They contain a hyphen.
CREATE FUNCTION core_random_digits() RETURNS text LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN right(gen_random_uuid()::text, 17);

-- Return a new UUIDv7.
CREATE FUNCTION core_uuid7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN public.core_uuid7(public.core_microseconds(at), public.core_random_digits());

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

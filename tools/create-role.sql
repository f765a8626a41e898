-- The role that serves MINGUS, and its database. Run once by a superuser of PostgreSQL 15 or newer:
--     MINGUS_PASSWORD=… psql -v ON_ERROR_STOP=1 -f tools/create-role.sql
-- It is no superuser and bypasses no policy, because row-level security would not hold for such a role.
\getenv password MINGUS_PASSWORD
CREATE ROLE mingus LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE mingus OWNER mingus;

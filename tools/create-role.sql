-- The roles and the database of MINGUS. Run once as a superuser of PostgreSQL 15 or newer:
--     MINGUS_PASSWORD=… MINGUS_OWNER_PASSWORD=… psql -v ON_ERROR_STOP=1 -f tools/create-role.sql
-- `mingus` serves requests. `mingus_owner` owns and migrates the tables (DATABASE_OWNER_URL). Without MINGUS_OWNER_PASSWORD it
-- is not created, and `mingus` does both. Neither is a superuser or has BYPASSRLS, which would disable row-level security.
-- Statements run as one of three NOLOGIN roles. `mingus` can switch to these but does not inherit their privileges.
\getenv password MINGUS_PASSWORD
\getenv owner_password MINGUS_OWNER_PASSWORD
CREATE ROLE mingus_customer NOLOGIN;
CREATE ROLE mingus_staff NOLOGIN;
CREATE ROLE mingus_accounts NOLOGIN;
CREATE ROLE mingus_serving NOLOGIN NOINHERIT;
GRANT mingus_customer, mingus_staff, mingus_accounts TO mingus_serving;
CREATE ROLE mingus LOGIN PASSWORD :'password';
GRANT mingus_serving TO mingus;
\if :{?owner_password}
CREATE ROLE mingus_owner LOGIN PASSWORD :'owner_password';
GRANT mingus_serving TO mingus_owner;
CREATE DATABASE mingus OWNER mingus_owner;
\else
CREATE DATABASE mingus OWNER mingus;
\endif
-- For psql and other programs: MINGUS sets its own limits (docs/operations.md, Time limits of the database).
ALTER DATABASE mingus SET idle_in_transaction_session_timeout = '10min';
ALTER DATABASE mingus SET lock_timeout = '30s';

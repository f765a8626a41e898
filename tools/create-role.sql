-- The roles of MINGUS, and its database. Run once by a superuser of PostgreSQL 15 or newer:
--     MINGUS_PASSWORD=… MINGUS_OWNER_PASSWORD=… psql -v ON_ERROR_STOP=1 -f tools/create-role.sql
-- `mingus` serves. `mingus_owner` owns the tables and migrates them (DATABASE_OWNER_URL); without its password there is no such
-- role, and `mingus` does both. Neither is a superuser or bypasses policies: row-level security would not hold for such a role.
-- Statements run as one of the three roles without a login, which `mingus` may become but whose powers it does not inherit.
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

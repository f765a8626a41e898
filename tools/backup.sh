#!/usr/bin/env bash
# Backs the database up into a folder:  BACKUP_URL=postgresql://… tools/backup.sh FOLDER
#
# database-<instant>.dump  everything but the users' data keys; keep as many of them as you like.
# datakeys.dump            the data keys; always replaced, so that it holds no key of a user who was erased since, and no old
#                          backup can open what he had sealed. Keep no other copy of it, and keep it apart from the others.
#
# BACKUP_URL logs in as a role with BYPASSRLS: for everybody else the row policies hold, and pg_dump stops.
# To restore: create the roles (tools/create-role.sql), then pg_restore first the one, then the
# other with --data-only --disable-triggers.
set -euo pipefail

folder=${1:?"the folder to write to: tools/backup.sh FOLDER"}
: "${BACKUP_URL:?"set BACKUP_URL to the address of the database, for a role with BYPASSRLS"}"

umask 077
mkdir -p "$folder"
pg_dump --format=custom --exclude-table-data=core_datakey --file="$folder/database-$(date -u +%Y%m%dT%H%M%SZ).dump" "$BACKUP_URL"
pg_dump --format=custom --data-only --table=core_datakey --file="$folder/datakeys.dump.new" "$BACKUP_URL"
mv "$folder/datakeys.dump.new" "$folder/datakeys.dump"

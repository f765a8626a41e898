#!/usr/bin/env bash
# Back up the database to a folder:  BACKUP_URL=postgresql://… tools/backup.sh FOLDER
#
# database-<time>.dump  everything except the users' data keys; store as many of these files as you like.
# datakeys.dump         the data keys. Each backup replaces it, so it contains no key of an erased user, whose encrypted
#                       values in old backups can't be decrypted then. Store no other copy, and store it separately.
#
# BACKUP_URL must log in as a role with BYPASSRLS: row-level security applies to other roles, and pg_dump fails.
# To restore, create the roles (tools/create-role.sql), run pg_restore for the database, and then for the data keys
# with --data-only --disable-triggers.
set -euo pipefail

folder=${1:?"name the folder to write to: tools/backup.sh FOLDER"}
: "${BACKUP_URL:?"set BACKUP_URL to the URL of the database, for a role with BYPASSRLS"}"

umask 077
mkdir -p "$folder"
pg_dump --format=custom --exclude-table-data=core_datakey --file="$folder/database-$(date -u +%Y%m%dT%H%M%SZ).dump" "$BACKUP_URL"
pg_dump --format=custom --data-only --table=core_datakey --file="$folder/datakeys.dump.new" "$BACKUP_URL"
mv "$folder/datakeys.dump.new" "$folder/datakeys.dump"

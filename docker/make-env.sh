#!/bin/sh
# Write docker/.env with secrets of this installation alone: docker/make-env.sh https://ADDRESS
set -eu

address=${1:-}
file=${2:-$(dirname "$0")/.env}

case $address in
    https://*/*) echo "Give the https address of a host, without a path or a slash." >&2; exit 2 ;;
    https://?*) ;;
    *) echo "usage: $0 https://studio.example.org [FILE]" >&2; exit 2 ;;
esac
if [ -e "$file" ]; then
    echo "$file is there already; its secrets are in use. Move it away first." >&2
    exit 1
fi

random() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

umask 077
draft=$file.$$
trap 'rm -f "$draft"' EXIT
cat >"$draft" <<END
# Written by make-env.sh. Keep a copy with the backups: without it they cannot be used.
NETLOOM_PUBLIC_URL=$address
NETLOOM_INSTALLATION_ID=$(random 4)
NETLOOM_SECRET_KEY=$(random 48)
POSTGRES_PASSWORD=$(random 24)
REDIS_PASSWORD=$(random 24)
S3_ACCESS_KEY=$(random 10)
S3_SECRET_KEY=$(random 24)
END
# A hard link refuses to replace, also a file that somebody made meanwhile.
ln "$draft" "$file"
echo "Wrote $file."

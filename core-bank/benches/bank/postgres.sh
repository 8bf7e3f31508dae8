#!/usr/bin/env bash
# The same transfer as one PL/pgSQL function in a PostgreSQL of its own (Debian's: postgresql), asked by
# pgbench with 16 clients. Prints transfers a second. Arguments: a folder on the disk to measure, seconds.
set -euo pipefail
folder=$(mktemp -d -p "$1")
seconds=$2
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
as=()
if [ "$(id -u)" = 0 ]; then
  # PostgreSQL refuses to run as root.
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$folder"
fi
stop() {
  "${as[@]}" "$bin/pg_ctl" --pgdata "$folder/data" stop --mode=immediate >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
"${as[@]}" "$bin/initdb" --pgdata "$folder/data" --username=bank --auth=trust >/dev/null 2>&1
"${as[@]}" "$bin/pg_ctl" --pgdata "$folder/data" --log "$folder/log" start --wait --options \
  "-c listen_addresses= -c unix_socket_directories=$folder -c shared_buffers=256MB -c max_wal_size=4GB" >/dev/null
psql=("$bin/psql" --host "$folder" --username=bank --no-psqlrc -q postgres)
"${psql[@]}" <<'SQL'
CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
CREATE TABLE transfers (id bigserial PRIMARY KEY, payer bigint NOT NULL, payee bigint NOT NULL, amount bigint NOT NULL, at timestamptz NOT NULL);
CREATE TABLE entries (account bigint, transfer bigint, amount bigint NOT NULL, balance_after bigint NOT NULL, PRIMARY KEY (account, transfer));
CREATE TABLE keys (key text PRIMARY KEY, transfer bigint NOT NULL, at timestamptz NOT NULL);
INSERT INTO accounts SELECT id, 100000000 FROM generate_series(1, 100000) id;
CREATE FUNCTION transfer(a bigint, b bigint, much bigint, wanted text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE done bigint; low bigint; high bigint;
BEGIN
  SELECT keys.transfer INTO done FROM keys WHERE keys.key = wanted;
  IF FOUND THEN RETURN done; END IF;
  -- In the order of their numbers, so that two transfers never wait for each other.
  PERFORM 1 FROM accounts WHERE id IN (a, b) ORDER BY id FOR UPDATE;
  UPDATE accounts SET balance = balance - much WHERE id = a RETURNING balance INTO low;
  UPDATE accounts SET balance = balance + much WHERE id = b RETURNING balance INTO high;
  INSERT INTO transfers (payer, payee, amount, at) VALUES (a, b, much, now()) RETURNING id INTO done;
  INSERT INTO entries VALUES (a, done, -much, low), (b, done, much, high);
  INSERT INTO keys VALUES (wanted, done, now());
  RETURN done;
END $$;
VACUUM ANALYZE;
SQL
cat >"$folder/transfer.sql" <<'SQL'
\set a random(1, 50000)
\set b random(50001, 100000)
\set key random(1, 9000000000000000000)
SELECT transfer(:a, :b, 1, 'key-' || :key);
SQL
"$bin/pgbench" --host "$folder" --username=bank --no-vacuum --client=16 --jobs=1 --protocol=prepared \
  --time="$seconds" --file="$folder/transfer.sql" postgres 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p' | tail -1

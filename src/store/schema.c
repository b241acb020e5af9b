/*
 * Written once for both databases: {ID} is a key that the database counts up, {INT} 64 bits,
 * {TEXT} UTF-8 sorted by bytes, {BLOB} bytes. Nothing that is sorted or compared is ever null;
 * times are ms since 1970, 0: never. A reference that is not there is null.
 *
 * A migration that a release had is never changed: what is to be different goes into a new one.
 */
#include "store/schema.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"

/* Only the latest of a user's devices has a name to itself: revoked ones keep theirs. A device's
 * expiry stands with its certificate too; here it is for sorting. */
static const char *const first[] = {
    "CREATE TABLE groups (id {ID}, version {INT} NOT NULL, name {TEXT} NOT NULL UNIQUE,"
    " comment {TEXT}, totp_required {INT} NOT NULL, devices_max {INT} NOT NULL,"
    " connections_max {INT} NOT NULL, session_minutes {INT} NOT NULL, tunnel {INT} NOT NULL,"
    " client_to_client {INT} NOT NULL, dns {TEXT}, created {INT} NOT NULL) {STRICT}",

    "CREATE TABLE users (id {ID}, version {INT} NOT NULL, name {TEXT} NOT NULL UNIQUE,"
    " full_name {TEXT}, email {TEXT}, comment {TEXT}, role {INT} NOT NULL,"
    " enabled {INT} NOT NULL, expires {INT} NOT NULL,"
    " group_id {INT} REFERENCES groups ON DELETE RESTRICT, totp_required {INT} NOT NULL,"
    " devices_max {INT} NOT NULL, connections_max {INT} NOT NULL, session_minutes {INT} NOT NULL,"
    " tunnel {INT} NOT NULL, client_to_client {INT} NOT NULL, dns {TEXT},"
    " created {INT} NOT NULL, last_seen {INT} NOT NULL, password {TEXT},"
    " password_changed {INT} NOT NULL DEFAULT 0, totp {BLOB}, totp_new {BLOB},"
    " totp_last {INT} NOT NULL DEFAULT 0) {STRICT}",
    "CREATE INDEX users_created ON users (created, id)",
    "CREATE INDEX users_last_seen ON users (last_seen, id)",
    "CREATE INDEX users_role ON users (role, name, id)",
    "CREATE INDEX users_group ON users (group_id, name, id)",

    "CREATE TABLE recovery_codes (id {ID},"
    " user_id {INT} NOT NULL REFERENCES users ON DELETE CASCADE,"
    " hash {BLOB} NOT NULL, used {INT} NOT NULL DEFAULT 0, UNIQUE (user_id, hash)) {STRICT}",

    "CREATE TABLE devices (id {ID}, version {INT} NOT NULL,"
    " user_id {INT} NOT NULL REFERENCES users ON DELETE CASCADE, name {TEXT} NOT NULL,"
    " platform {TEXT}, kind {INT} NOT NULL, created {INT} NOT NULL, revoked {INT} NOT NULL,"
    " last_seen {INT} NOT NULL, certificate_id {INT}, expires {INT} NOT NULL,"
    " wrap_key {BLOB}) {STRICT}",
    "CREATE UNIQUE INDEX devices_of_user ON devices (user_id, name) WHERE revoked = 0",
    "CREATE INDEX devices_user ON devices (user_id, name, id)",
    /* with all that a search looks at */
    "CREATE INDEX devices_name ON devices (name, id, user_id, revoked)",
    "CREATE INDEX devices_created ON devices (created, id)",
    "CREATE INDEX devices_last_seen ON devices (last_seen, id)",
    "CREATE INDEX devices_expires ON devices (expires, id)",

    "CREATE TABLE certificates (id {ID}, kind {INT} NOT NULL, serial {TEXT} NOT NULL UNIQUE,"
    " name {TEXT} NOT NULL, issuer {INT} NOT NULL,"
    " device_id {INT} REFERENCES devices ON DELETE SET NULL, certificate {BLOB} NOT NULL,"
    " private_key {BLOB}, not_before {INT} NOT NULL, not_after {INT} NOT NULL,"
    " revoked {INT} NOT NULL, reason {TEXT}, in_use {INT} NOT NULL, retires {INT} NOT NULL)"
    " {STRICT}",
    "CREATE UNIQUE INDEX certificates_in_use ON certificates (kind) WHERE in_use = 1",
    "CREATE INDEX certificates_not_after ON certificates (not_after, id)",
    "CREATE INDEX certificates_kind ON certificates (kind, not_after, id)",
    "CREATE INDEX certificates_device ON certificates (device_id)",

    "CREATE TABLE sessions (id {ID}, user_id {INT} NOT NULL REFERENCES users ON DELETE CASCADE,"
    " hash {BLOB} NOT NULL UNIQUE, address {TEXT} NOT NULL, agent {TEXT}, created {INT} NOT NULL,"
    " seen {INT} NOT NULL, expires {INT} NOT NULL, proved {INT} NOT NULL,"
    " free_until {INT} NOT NULL) {STRICT}",
    "CREATE INDEX sessions_user ON sessions (user_id, id)",
    "CREATE INDEX sessions_expires ON sessions (expires)",

    "CREATE TABLE networks (id {ID}, user_id {INT} NOT NULL REFERENCES users ON DELETE CASCADE,"
    " network {TEXT} NOT NULL, first_seen {INT} NOT NULL, UNIQUE (user_id, network)) {STRICT}",

    "CREATE TABLE tokens (id {ID}, user_id {INT} REFERENCES users ON DELETE CASCADE,"
    " name {TEXT} NOT NULL, hash {BLOB} NOT NULL UNIQUE, hint {TEXT} NOT NULL,"
    " scope {INT} NOT NULL, created {INT} NOT NULL, expires {INT} NOT NULL,"
    " last_used {INT} NOT NULL) {STRICT}",
    "CREATE UNIQUE INDEX tokens_name ON tokens (COALESCE(user_id, 0), name)",
    "CREATE INDEX tokens_user ON tokens (user_id, id)",
    "CREATE INDEX tokens_expires ON tokens (expires)",

    "CREATE TABLE links (id {ID}, kind {INT} NOT NULL, hash {BLOB} NOT NULL UNIQUE,"
    " user_id {INT} REFERENCES users ON DELETE CASCADE,"
    " device_id {INT} REFERENCES devices ON DELETE CASCADE, made_by {TEXT},"
    " created {INT} NOT NULL, expires {INT} NOT NULL, used {INT} NOT NULL,"
    " uses_left {INT} NOT NULL) {STRICT}",
    "CREATE INDEX links_user ON links (user_id, id)",
    "CREATE INDEX links_device ON links (device_id)",
    "CREATE INDEX links_expires ON links (expires)",

    "CREATE TABLE rules (id {ID}, version {INT} NOT NULL, scope {INT} NOT NULL,"
    " group_id {INT} REFERENCES groups ON DELETE CASCADE,"
    " user_id {INT} REFERENCES users ON DELETE CASCADE, place {TEXT} NOT NULL,"
    " position {INT} NOT NULL, action {INT} NOT NULL, destination {TEXT} NOT NULL, protocol {INT} "
    "NOT NULL,"
    " port_from {INT} NOT NULL, port_to {INT} NOT NULL, way {INT} NOT NULL,"
    " comment {TEXT}) {STRICT}",
    "CREATE INDEX rules_place ON rules (place, id)",
    "CREATE INDEX rules_scope ON rules (scope, place, id)",
    "CREATE INDEX rules_group ON rules (group_id, place, id)",
    "CREATE INDEX rules_user ON rules (user_id, place, id)",

    "CREATE TABLE failures (id {ID}, kind {INT} NOT NULL, name {TEXT} NOT NULL,"
    " failed {INT} NOT NULL, first_at {INT} NOT NULL, last_at {INT} NOT NULL,"
    " UNIQUE (kind, name)) {STRICT}",
    "CREATE INDEX failures_last ON failures (last_at)",

    "CREATE TABLE bans (id {ID}, kind {INT} NOT NULL, name {TEXT} NOT NULL,"
    " reason {TEXT} NOT NULL, made_by {TEXT} NOT NULL, created {INT} NOT NULL,"
    " ends {INT} NOT NULL, lifted {INT} NOT NULL) {STRICT}",
    "CREATE INDEX bans_of ON bans (kind, name, ends)",
    "CREATE INDEX bans_ends ON bans (lifted, ends)",

    "CREATE TABLE refusals (id {ID}, time {INT} NOT NULL, place {TEXT} NOT NULL,"
    " user_name {TEXT}, device {TEXT}, address {TEXT}, reason {TEXT} NOT NULL,"
    " remedy {TEXT}) {STRICT}",
    "CREATE INDEX refusals_user ON refusals (user_name, id)",
    "CREATE INDEX refusals_address ON refusals (address, id)",

    /* Each filter has an index in the order of the list. kind: the object's first word. */
    "CREATE TABLE audit (id {INT} PRIMARY KEY, time {INT} NOT NULL, who {TEXT} NOT NULL,"
    " address {TEXT}, action {TEXT} NOT NULL, kind {TEXT}, object {TEXT},"
    " value_before {TEXT}, value_after {TEXT}, mac {BLOB} NOT NULL) {STRICT}",
    "CREATE INDEX audit_time ON audit (time, id)",
    "CREATE INDEX audit_who ON audit (who, id)",
    "CREATE INDEX audit_address ON audit (address, id)",
    "CREATE INDEX audit_action ON audit (action, id)",
    "CREATE INDEX audit_kind ON audit (kind, id)",
    "CREATE INDEX audit_object ON audit (object, id)",

    "CREATE TABLE notices (id {ID}, created {INT} NOT NULL, rule {TEXT} NOT NULL,"
    " subject {TEXT} NOT NULL, body {TEXT} NOT NULL, channel {TEXT} NOT NULL,"
    " attempts {INT} NOT NULL, next_try {INT} NOT NULL, done {INT} NOT NULL,"
    " last_error {TEXT}) {STRICT}",
    "CREATE INDEX notices_due ON notices (next_try, id) WHERE done = 0",

    "CREATE TABLE settings (id {ID}, name {TEXT} NOT NULL UNIQUE, value {TEXT},"
    " version {INT} NOT NULL) {STRICT}",
    NULL,
};

/* An address of the VPN is one device's at most. */
static const char *const second[] = {
    "ALTER TABLE devices ADD COLUMN address {TEXT}",
    "CREATE UNIQUE INDEX devices_address ON devices (address) WHERE revoked = 0",
    NULL,
};

/* Lists that may be long are sorted by more of their columns: by SQL_END(), as in its time. */
#define END_OF(column) "COALESCE(NULLIF(" column ", 0), 9223372036854775807)"
static const char *const third[] = {
    "CREATE INDEX sessions_address ON sessions (address, id)",
    "CREATE INDEX sessions_seen ON sessions (seen, id)",
    "CREATE INDEX sessions_end ON sessions (" END_OF("expires") ", id)",
    "CREATE INDEX bans_name ON bans (name, id)",
    "CREATE INDEX bans_by ON bans (made_by, id)",
    "CREATE INDEX bans_end ON bans (" END_OF("ends") ", id)",
    "CREATE INDEX certificates_not_before ON certificates (not_before, id)",
    "CREATE INDEX certificates_name ON certificates (name, id)",
    "CREATE INDEX links_end ON links (" END_OF("expires") ", id)",
    "CREATE INDEX tokens_by_name ON tokens (name, id)",
    "CREATE INDEX tokens_end ON tokens (" END_OF("expires") ", id)",
    "CREATE INDEX tokens_last_used ON tokens (last_used, id)",
    NULL,
};

/* What a search of devices looks at stands in one column, in the order of the list: to hold each
 * name against a list of users, too, took twice as long. Most searches leave out what is revoked.
 */
static const char *const fourth[] = {
    "ALTER TABLE devices ADD COLUMN search {TEXT} NOT NULL DEFAULT ''",
    "UPDATE devices SET search ="
    " (SELECT u.name FROM users u WHERE u.id = devices.user_id) || '/' || name",
    "DROP INDEX devices_name",
    "CREATE INDEX devices_name ON devices (name, id, search, revoked)",
    "CREATE INDEX devices_search ON devices (name, id, search, revoked) WHERE revoked = 0",
    NULL,
};

static const char *const *const migrations[] = {first, second, third, fourth};

const int schema_newest = COUNT(migrations);

const char *const schema_tables[] = {
    "groups",   "users",  "recovery_codes", "devices",  "certificates", "sessions",
    "networks", "tokens", "links",          "rules",    "failures",     "bans",
    "refusals", "audit",  "notices",        "settings", NULL,
};

/* "{INT}" and its like as the database says them. */
static const char *
in_dialect(const struct store *s, struct arena *memory, const char *sql)
{
	struct buf out = buf_with_cap(1u << 20);
	const char *text;
	bool ok = true;

	for (const char *next; *sql != '\0' && ok; sql = next) {
		const char *const(*word)[2] = s->driver->words;

		next = sql + strcspn(sql, "{");
		ok = buf_append(&out, span_of(sql, (size_t)(next - sql)));
		while (*next == '{' && (*word)[0] != NULL &&
		       !span_starts_with(span_str(next), span_str((*word)[0])))
			word++;
		if (*next == '{') {
			assert((*word)[0] != NULL);
			ok = ok && buf_append(&out, span_str((*word)[1]));
			next += strlen((*word)[0]);
		}
	}
	text = arena_copy(memory, buf_span(&out));
	buf_free(&out);
	return ok ? text : "";
}

static enum store_result
define(struct store *s, const char *sql)
{
	struct arena *memory = arena_new();
	enum store_result r = sql_script(s, in_dialect(s, memory, sql));

	arena_free(memory);
	return r;
}

enum store_result
schema_number(struct store *s, int64_t *number)
{
	int64_t tables;
	enum store_result r = sql_number(s, &tables, s->driver->has_table, SQL(TEXT("migrations")));

	*number = 0;
	if (r == STORE_DONE && tables > 0)
		r = sql_number(s, number, "SELECT COALESCE(max(id), 0) FROM migrations",
			       SQL_NOTHING);
	return r;
}

static enum store_result
migrate_one(struct store *s, int64_t number, const char *const *sql)
{
	enum store_result r = STORE_DONE;

	for (; *sql != NULL && r == STORE_DONE; sql++)
		r = define(s, *sql);
	if (r != STORE_DONE)
		return r;
	return sql_run(s, "INSERT INTO migrations (id, applied, program) VALUES (?, ?, ?)",
		       SQL(INT(number), INT(clock_wall_ms()), TEXT(SALLYPORT_VERSION)));
}

enum store_result
schema_migrate(struct store *s, int64_t to)
{
	enum store_result r =
	    define(s, "CREATE TABLE IF NOT EXISTS migrations (id {INT} PRIMARY KEY,"
		      " applied {INT} NOT NULL, program {TEXT} NOT NULL) {STRICT}");
	int64_t number = 0;

	if (r == STORE_DONE)
		r = schema_number(s, &number);
	for (size_t i = 0; i < COUNT(migrations) && (int64_t)i < to && r == STORE_DONE; i++)
		if ((int64_t)i >= number)
			r = migrate_one(s, (int64_t)i + 1, migrations[i]);
	return r;
}

/* Runs what `head`, a table's name and `tail` are together for each of them; a parameter is the
 * name too. *none: no row came of it. */
static enum store_result
for_each_table(struct store *s, const char *head, const char *tail, bool backwards, bool *none)
{
	size_t count = COUNT(schema_tables) - 1;
	enum store_result r = STORE_DONE;
	char sql[160];
	int64_t number;

	*none = true;
	for (size_t i = 0; i < count && (r == STORE_DONE || r == STORE_NONE); i++) {
		const char *table = schema_tables[backwards ? count - 1 - i : i];

		snprintf(sql, sizeof sql, "%s%s%s", head, table, tail);
		r = sql_number(s, &number, sql,
			       strchr(head, '?') != NULL ? SQL(TEXT(table)) : SQL_NOTHING);
		*none = *none && r == STORE_NONE;
	}
	return r == STORE_NONE ? STORE_DONE : r;
}

enum store_result
schema_is_empty(struct store *s, bool *empty)
{
	return for_each_table(s, "SELECT id FROM ", " LIMIT 1", false, empty);
}

enum store_result
schema_clear(struct store *s)
{
	bool none;
	enum store_result r = for_each_table(s, "DROP TABLE ", "", true, &none);

	if (r == STORE_DONE)
		r = sql_run(s, "DELETE FROM migrations", SQL_NOTHING);
	return r;
}

enum store_result
schema_count_on(struct store *s)
{
	bool none;

	if (s->driver->count_on == NULL)
		return STORE_DONE;
	return for_each_table(s, s->driver->count_on, "))", false, &none);
}

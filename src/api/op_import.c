/* Many users at once, from a table: each row is checked as createUser would. */
#include <stdlib.h>

#include "access/people.h"
#include "api/csv.h"
#include "api/op.h"

#define CSV_MAX      (1024 * 1024)
#define ROWS_MAX     5000
#define ROW_JSON_MAX (16 * 1024)

struct import_body {
	const char *csv;
	bool preview;
};

static const struct shape_member body_members[] = {
    {.name = "csv",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY,
     .offset = offsetof(struct import_body, csv),
     .min = 1,
     .max = CSV_MAX,
     .doc = "The table (RFC 4180). Its first row names the columns: name, and any of full_name, "
	    "email, comment, role, enabled, expires and group. An empty cell says nothing."},
    {.name = "preview",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY,
     .offset = offsetof(struct import_body, preview),
     .doc = "Whether it is only to be said what would be done."},
};
static const struct shape shape_import = {
    .name = "UserImport",
    .doc = "A table of new users.",
    .size = sizeof(struct import_body),
    .members = body_members,
    .count = COUNT(body_members),
};

struct row_view {
	int64_t line;
	const char *name, *field, *problem;
};

#define ROW(member) offsetof(struct row_view, member)
static const struct shape_member row_members[] = {
    {.name = "line",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = ROW(line),
     .max = INT64_MAX,
     .doc = "Where it begins in the table, from 1."},
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = ROW(name),
     .doc = "The user's name."},
    {.name = "field",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = ROW(field),
     .doc = "The column that is at fault, if one is."},
    {.name = "problem",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = ROW(problem),
     .doc = "Why this user cannot be added; null: he can."},
};
static const struct shape shape_row = {
    .name = "ImportedRow",
    .doc = "A row of the table.",
    .size = sizeof(struct row_view),
    .members = row_members,
    .count = COUNT(row_members),
};

struct import_view {
	bool preview;
	int64_t added, problems;
	struct row_view *rows;
	size_t count;
};

#define IMPORT(member) offsetof(struct import_view, member)
static const struct shape_member import_members[] = {
    {.name = "preview",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = IMPORT(preview),
     .doc = "Whether nothing was done, but only said."},
    {.name = "added",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = IMPORT(added),
     .max = INT64_MAX,
     .doc = "How many users were added; of a preview: would be."},
    {.name = "problems",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = IMPORT(problems),
     .max = INT64_MAX,
     .doc = "How many rows cannot be taken: with any, none is."},
    {.name = "rows",
     .kind = SHAPE_LIST,
     .flags = SHAPE_READ_ONLY,
     .offset = IMPORT(rows),
     .count = IMPORT(count),
     .of = &shape_row,
     .doc = "All rows of the table."},
};
static const struct shape shape_import_result = {
    .name = "UserImportResult",
    .doc = "What became of a table of new users.",
    .size = sizeof(struct import_view),
    .members = import_members,
    .count = COUNT(import_members),
};

/* How a column's cells stand in a user's JSON, by whose rules they are read. */
static const struct column {
	const char *name;
	bool bare; /* true and false: no string */
} columns[] = {
    {"name", false}, {"full_name", false}, {"email", false},   {"comment", false},
    {"role", false}, {"enabled", true},    {"expires", false}, {"group", false},
};

struct import {
	struct api_call *c;
	struct csv csv;
	const struct column *head[CSV_CELLS_MAX];
	size_t width;
	struct user *users;
	size_t count;
	struct import_view view;
};

static const struct column *
column_of(struct span name)
{
	for (size_t i = 0; i < COUNT(columns); i++)
		if (span_equal_nocase(name, span_str(columns[i].name)))
			return &columns[i];
	return NULL;
}

static struct outcome
fault_at(size_t line, const char *why)
{
	return outcome_field(OUTCOME_INVALID, "csv", "line %zu: %s", line, why);
}

/* Why they cannot be read; NULL: they can. */
static const char *
take_columns(struct import *im, const struct csv_row *row)
{
	bool named = false;

	for (size_t i = 0; i < row->count; i++) {
		const struct column *is = column_of(row->cells[i]);

		if (is == NULL)
			return "names a column that is none of name, full_name, email, comment, "
			       "role, enabled, expires and group";
		for (size_t k = 0; k < i; k++)
			if (im->head[k] == is)
				return "names a column twice";
		im->head[i] = is;
		named |= is == &columns[0];
	}
	im->width = row->count;
	return named ? NULL : "names no column \"name\"";
}

static struct outcome
read_head(struct import *im)
{
	struct csv_row row;
	const char *why;

	switch (csv_next(&im->csv, im->c->access->memory, &row, &why)) {
	case CSV_END:
		return fault_at(1, "there is no row that names the columns");
	case CSV_ROW:
		why = take_columns(im, &row);
		break;
	case CSV_BAD:
		break;
	}
	return why != NULL ? fault_at(row.line, why) : OUTCOME_OK;
}

static bool
put_cell(const struct column *column, struct span cell, struct buf *out)
{
	if (buf_len(out) > 1 && !buf_byte(out, ','))
		return false;
	if (!json_put_text(out, column->name) || !buf_byte(out, ':'))
		return false;
	if (column->bare &&
	    (span_equal(cell, SPAN_OF("true")) || span_equal(cell, SPAN_OF("false"))))
		return buf_append(out, cell);
	return json_put_span(out, cell);
}

static bool
put_row(const struct import *im, const struct csv_row *row, struct buf *out)
{
	if (!buf_byte(out, '{'))
		return false;
	for (size_t i = 0; i < row->count; i++)
		if (row->cells[i].len > 0 && !put_cell(im->head[i], row->cells[i], out))
			return false;
	return buf_byte(out, '}');
}

static struct outcome
read_user(const struct import *im, const struct csv_row *row, struct user *u)
{
	struct buf json = buf_with_cap(ROW_JSON_MAX);
	struct outcome o;

	if (row->count != im->width)
		return outcome_new(OUTCOME_INVALID, "it has %zu cells, there are %zu columns",
				   row->count, im->width);
	if (put_row(im, row, &json))
		o = shape_read(&shape_user, SHAPE_CREATE, buf_span(&json), im->c->access->memory, u,
			       NULL);
	else
		o = outcome_new(OUTCOME_TOO_LARGE, "it is too long");
	buf_free(&json);
	return o;
}

/* Sorted by name, so that those there twice stand together. */
static int
by_name(const void *a, const void *b)
{
	const struct user *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	return order != 0 ? order : (*x > *y) - (*x < *y);
}

static void
note(struct import *im, size_t row, struct outcome o)
{
	struct row_view *view = &im->view.rows[row];

	if (view->problem != NULL)
		return;
	view->problem = arena_printf(im->c->access->memory, "%s", o.text);
	if (o.field[0] != '\0')
		view->field = arena_printf(im->c->access->memory, "%s", o.field);
	im->view.problems++;
}

static void
find_twins(struct import *im)
{
	struct arena *memory = im->c->access->memory;
	struct user **sorted = arena_get(memory, im->count * sizeof(struct user *));
	size_t count = 0;

	for (size_t i = 0; i < im->count; i++)
		if (im->view.rows[i].problem == NULL)
			sorted[count++] = &im->users[i];
	qsort(sorted, count, sizeof *sorted, by_name);
	for (size_t i = 1; i < count; i++)
		if (strcmp(sorted[i]->name, sorted[i - 1]->name) == 0)
			note(im, (size_t)(sorted[i] - im->users),
			     outcome_field(OUTCOME_TAKEN, "name", "%s is there twice",
					   sorted[i]->name));
}

/* What adding him would say, as far as the store tells now. */
static struct outcome
check_user(struct import *im, struct user *u)
{
	struct access *a = im->c->access;
	struct user other;
	struct group g;
	struct outcome o = actor_manages(&im->c->actor, u);

	if (refused(o))
		return o;
	o = user_find(a, u->name, &other);
	if (!refused(o))
		return outcome_field(OUTCOME_TAKEN, "name", "there is a user %s already", u->name);
	if (o.kind != OUTCOME_UNKNOWN)
		return o;
	if (u->group_name == NULL)
		return OUTCOME_OK;
	o = group_find(a, u->group_name, &g);
	return refused(o) ? outcome_field(o.kind, "group", "%s", o.text) : OUTCOME_OK;
}

/* Whether it is of the database, not of the row. */
static bool
is_down(struct outcome o)
{
	return o.kind == OUTCOME_DOWN || o.kind == OUTCOME_BUSY;
}

static struct outcome
take_row(struct import *im, const struct csv_row *row)
{
	struct arena *memory = im->c->access->memory;
	struct user *u = ARENA_PUSH(memory, im->users, im->count);
	struct row_view *view = ARENA_PUSH(memory, im->view.rows, im->view.count);
	struct outcome o;

	*u = user_new();
	view->line = (int64_t)row->line;
	o = read_user(im, row, u);
	if (!refused(o)) {
		u->name = view->name = arena_lower(memory, span_str(u->name));
		o = check_user(im, u);
	}
	if (is_down(o))
		return o;
	if (refused(o))
		note(im, im->count - 1, o);
	return OUTCOME_OK;
}

static struct outcome
take_rows(struct import *im)
{
	struct csv_row row;
	struct outcome o;
	const char *why;

	for (;;) {
		switch (csv_next(&im->csv, im->c->access->memory, &row, &why)) {
		case CSV_END:
			find_twins(im);
			return OUTCOME_OK;
		case CSV_BAD:
			return fault_at(row.line, why);
		case CSV_ROW:
			break;
		}
		if (im->count == ROWS_MAX)
			return fault_at(row.line, "there are more than 5000 rows: cut it in parts");
		if (refused(o = take_row(im, &row)))
			return o;
	}
}

static struct outcome
first_problem(const struct import *im)
{
	const struct row_view *row = im->view.rows;

	while (row->problem == NULL)
		row++;
	return outcome_field(
	    OUTCOME_INVALID, "csv", "line %lld: %s (%lld of %zu rows cannot be taken, so none was)",
	    (long long)row->line, row->problem, (long long)im->view.problems, im->view.count);
}

static struct outcome
import_users(struct api_call *c)
{
	struct import im = {.c = c};
	struct import_body body = {0};
	struct outcome o;

	if (refused(o = call_body(c, &body, NULL)))
		return o;
	im.csv = csv_of(span_str(body.csv));
	im.view.preview = body.preview;
	if (refused(o = read_head(&im)) || refused(o = take_rows(&im)))
		return o;
	if (!body.preview && im.view.problems > 0)
		return first_problem(&im);
	if (!body.preview && refused(o = users_add(c->access, &c->actor, im.users, im.count)))
		return o;
	im.view.added = im.view.problems == 0 ? (int64_t)im.count : 0;
	return call_answer(c, &im.view, 0, NULL);
}

static const struct operation operations[] = {
    {.method = METHOD_POST,
     .path = "/users/import",
     .id = "importUsers",
     .doc = "Adds all users of a table, or none of them; a preview says what would be done, row "
	    "by row. They have no passwords yet: invite them.",
     .level = LEVEL_OPERATE,
     .flags = OP_SLOW | OP_PROVED | OP_LARGE,
     .also = ALSO_TAKEN,
     .body = &shape_import,
     .use = SHAPE_CREATE,
     .answer = &shape_import_result,
     .run = import_users},
};

const struct operation_group operations_import = {"Users", operations, COUNT(operations)};

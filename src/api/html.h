/*
 * One page of plain HTML in the making: no script, and a style of ours that its policy names by
 * hash. Whatever is not ours is a value, and escaped.
 */
#ifndef API_HTML_H
#define API_HTML_H

#include <stdbool.h>

#include "api/api.h"
#include "base/buf.h"

#define HTML_MAX 16384

struct html {
	struct buf body;
	bool fits;
};

struct html html_begin(void);

/* Adds `text`, which is HTML of ours; each "{}" stands for the next of `values`, which end with
 * NULL. */
void html_put(struct html *h, const char *text, const char *const *values);
#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Answers with it, and frees it. `title` is ours. */
void html_answer(struct html *h, struct arena *memory, unsigned status, const char *title,
		 struct api_answer *out);

/* The Content-Security-Policy of these pages: forms lead back here, and there is our style. */
const char *html_policy(struct arena *memory);

#endif

#include "api/html.h"

#include <string.h>

#include "api/problem.h"
#include "base/encode.h"
#include "tls/digest.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#17212c;--dim:#55606e;--paper:#fff;--ground:#f3f5f8;"
    "--line:#7b8794;--edge:#dde2e8;--deep:#0b5cad;--on-deep:#fff;--bad:#b3261e;"
    "--bad-ground:#fdecea;--code:#eceff3}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6eaef;--dim:#a3afbc;--paper:#181f27;"
    "--ground:#0f141a;--line:#7b8794;--edge:#2b3541;--deep:#7db8f7;--on-deep:#0b1622;"
    "--bad:#ffb4ab;--bad-ground:#3b1f1d;--code:#222b35}}"
    "*{box-sizing:border-box}"
    "body{margin:0;padding:1rem;background:var(--ground);color:var(--ink);"
    "font:1rem/1.5 system-ui,sans-serif}"
    "header{display:flex;gap:.6rem;align-items:center;max-width:36rem;margin:1.5rem auto 1rem;"
    "font-weight:650}"
    "main{max-width:36rem;margin:0 auto;padding:1.75rem;background:var(--paper);"
    "border:1px solid var(--edge);border-radius:.625rem;overflow-wrap:anywhere}"
    "h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.2;letter-spacing:-.01em}"
    "h2{margin:1.5rem 0 .5rem;font-size:1.1rem}"
    "p,dl,pre,ul,ol{margin:0 0 1rem}ul,ol{padding-left:1.25rem}li{margin-bottom:.5rem}"
    "label{display:block;font-weight:600}"
    "input{width:100%;margin:.3rem 0;padding:.6rem .75rem;font:inherit;font-weight:400;"
    "color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.5rem}"
    "input[aria-invalid]{border:2px solid var(--bad)}"
    "input[readonly]{background:var(--ground)}"
    "small{display:block;color:var(--dim)}"
    "button,.button{display:inline-block;padding:.65rem 1.2rem;font:inherit;font-weight:600;"
    "color:var(--on-deep);background:var(--deep);border:0;border-radius:.5rem;"
    "text-decoration:none;cursor:pointer}"
    "a{color:var(--deep)}"
    ":focus-visible{outline:3px solid var(--deep);outline-offset:2px}"
    "[role=alert]{padding:.75rem 1rem;color:var(--bad);background:var(--bad-ground);"
    "border-radius:.5rem}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em;background:var(--code);"
    "border-radius:.3rem}code{padding:.1rem .25rem}"
    "pre{margin-top:.25rem;padding:.6rem .75rem;white-space:pre-wrap}";

/* web/src/ui/icon.svg */
static const char header[] =
    "<header><svg width=\"28\" height=\"28\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">"
    "<rect width=\"32\" height=\"32\" rx=\"8\" fill=\"#0b5cad\"/>"
    "<path d=\"M8 25V15a8 8 0 0 1 16 0v10\" fill=\"none\" stroke=\"#fff\" stroke-width=\"2.6\" "
    "stroke-linecap=\"round\"/><path d=\"M13 25v-7.5a3 3 0 0 1 6 0V25z\" fill=\"#fff\"/></svg>"
    "Sallyport</header>";

struct html
html_begin(void)
{
	return (struct html){.body = buf_with_cap(HTML_MAX), .fits = true};
}

static void
put(struct html *h, struct span text)
{
	h->fits = h->fits && buf_append(&h->body, text);
}

/* As text of a document or value of an attribute. */
static void
put_escaped(struct html *h, const char *text)
{
	for (; *text != '\0'; text++)
		if (strchr("<>&\"'", *text) != NULL)
			h->fits = h->fits && buf_printf(&h->body, "&#%d;", *text);
		else
			h->fits = h->fits && buf_byte(&h->body, (uint8_t)*text);
}

void
html_put(struct html *h, const char *text, const char *const *values)
{
	const char *hole;

	for (; (hole = strstr(text, "{}")) != NULL; text = hole + 2) {
		put(h, span_of(text, (size_t)(hole - text)));
		if (*values != NULL)
			put_escaped(h, *values++);
	}
	put(h, span_str(text));
}

void
html_answer(struct html *h, struct arena *memory, unsigned status, const char *title,
	    struct api_answer *out)
{
	struct html whole = html_begin();

	put(&whole, SPAN_OF("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			    "<meta name=\"viewport\" content=\"width=device-width\">"
			    "<meta name=\"robots\" content=\"noindex\"><title>"));
	html_put(&whole, "{} – Sallyport</title><style>", VALUES(title));
	put(&whole, span_str(style));
	put(&whole, SPAN_OF("</style></head>\n<body>"));
	put(&whole, span_str(header));
	html_put(&whole, "<main><h1>{}</h1>\n", VALUES(title));
	put(&whole, buf_span(&h->body));
	put(&whole, SPAN_OF("</main></body></html>\n"));
	out->status = status;
	answer_field(out, "content-type", "text/html; charset=utf-8");
	answer_page_fields(out);
	if (h->fits && whole.fits)
		out->body = arena_span(memory, buf_span(&whole.body));
	buf_free(&whole.body);
	buf_free(&h->body);
}

/* CSP Level 3 §8.3: the SHA-256 of what is between the tags, in base64. */
const char *
html_policy(struct arena *memory)
{
	uint8_t digest[DIGEST_SIZE];
	struct buf hash = buf_with_cap(64);
	const char *policy = NULL;

	if (digest_of(span_str(style), digest) &&
	    base64_put(&hash, span_of(digest, sizeof digest), 0))
		policy = arena_printf(memory,
				      "default-src 'none'; style-src 'sha256-%.*s'; "
				      "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
				      (int)buf_len(&hash), (const char *)buf_span(&hash).p);
	buf_free(&hash);
	return policy;
}

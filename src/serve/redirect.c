#include "serve/redirect.h"

#include "serve/rewrite.h"

void
redirect_serve(const struct serve *s, struct exchange *ex, const struct site *site,
	       const struct route *route)
{
	(void)s;
	exchange_respond_status(ex, route->status, rewrite_location(ex, site, route));
}

void
respond_serve(const struct serve *s, struct exchange *ex, const struct site *site,
	      const struct route *route)
{
	static const struct field type = {SPAN_INIT("content-type"),
					  SPAN_INIT("text/plain; charset=utf-8")};

	(void)s, (void)site;
	if (status_is_bodiless(route->status))
		exchange_respond_bare(ex, route->status, NULL, 0);
	else if (route->status == 205) /* no content either, but it says so (RFC 9110 §15.3.6) */
		exchange_respond(ex, route->status, NULL, 0, SPAN_NONE);
	else if (route->text != NULL)
		exchange_respond(ex, route->status, &type, 1, span_str(route->text));
	else
		exchange_respond_page(ex, route->status, NULL, 0);
}

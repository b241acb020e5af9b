/* Answers that need nothing but the configuration: elsewhere, and a text of its own. */
#ifndef SERVE_REDIRECT_H
#define SERVE_REDIRECT_H

#include "serve/serve.h"

void redirect_serve(const struct serve *s, struct exchange *ex, const struct site *site,
		    const struct route *route);
void respond_serve(const struct serve *s, struct exchange *ex, const struct site *site,
		   const struct route *route);

#endif

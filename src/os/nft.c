#include "os/nft.h"

#include <nftables/libnftables.h>
#include <string.h>

#define REASON_MAX 160

/* The first line of what it says, which is the reason; what follows shows the place. */
static struct err
refused(struct nft_ctx *ctx)
{
	const char *why = nft_ctx_get_error_buffer(ctx);
	size_t len = why != NULL ? strcspn(why, "\n") : 0;
	const char *text = why;

	if (len > 0 && strstr(why, "Operation not permitted") != NULL)
		return err_new("the packet filter may not be changed: the VPN needs root, or "
			       "CAP_NET_ADMIN");
	if (len == 0) {
		text = "it does not say why";
		len = strlen(text);
	}
	return err_new("nftables: %.*s", (int)(len < REASON_MAX ? len : REASON_MAX), text);
}

static struct err
run(struct nft_ctx *ctx, const char *commands)
{
	if (nft_ctx_buffer_output(ctx) != 0 || nft_ctx_buffer_error(ctx) != 0)
		return err_new("nftables: there is no memory");
	return nft_run_cmd_from_buffer(ctx, commands) == 0 ? ERR_NONE : refused(ctx);
}

struct err
nft_run(const char *commands)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (ctx == NULL)
		return err_new("nftables: there is no memory");
	struct err e = run(ctx, commands);
	nft_ctx_free(ctx);
	return e;
}

struct err
nft_list(struct buf *out)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (ctx == NULL)
		return err_new("nftables: there is no memory");
	nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE);
	struct err e = run(ctx, "list ruleset");
	if (!failed(e) && !buf_append(out, span_str(nft_ctx_get_output_buffer(ctx))))
		e = err_new("nftables: there are too many rules to look at");
	nft_ctx_free(ctx);
	return e;
}

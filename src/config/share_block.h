/* What may stand in "share { }", and in the blocks of its rules. */
#ifndef CONFIG_SHARE_BLOCK_H
#define CONFIG_SHARE_BLOCK_H

#include "config/option.h"

/* Of a struct share; the option's offset is of its door. */
void share_read_door(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void share_read_openvpn(struct reader *r, const struct option *o, const struct directive *d,
			void *into);
void share_read_ssh(struct reader *r, const struct option *o, const struct directive *d,
		    void *into);
void share_print_door(struct printer *p, const struct option *o, const void *from);

/* Of a struct share: rules by name and by protocol. */
void share_read_sni(struct reader *r, const struct option *o, const struct directive *d,
		    void *into);
void share_print_sni(struct printer *p, const struct option *o, const void *from);
void share_read_alpn(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void share_print_alpn(struct printer *p, const struct option *o, const void *from);
void share_read_silent(struct reader *r, const struct option *o, const struct directive *d,
		       void *into);
void share_print_silent(struct printer *p, const struct option *o, const void *from);

/* Of a struct door, in "ssh inetd { }". */
void inetd_read_command(struct reader *r, const struct option *o, const struct directive *d,
			void *into);
void inetd_print_command(struct printer *p, const struct option *o, const void *from);

/* What needs all of the file: whom the silent are taken for, the list of rules. */
void share_complete(struct reader *r);

#endif

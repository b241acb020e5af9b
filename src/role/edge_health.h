/* Connects to back ends from time to time, where `check` asks for it, or asks them for a page, and
 * marks those down that refuse or answer otherwise than they should. */
#ifndef ROLE_EDGE_HEALTH_H
#define ROLE_EDGE_HEALTH_H

struct health;
struct loop;
struct snapshot;

struct health *health_new(struct loop *l);
void health_free(struct health *h);

/* Checks the back ends of `s` from now on, which it shares until the next is given. */
void health_follow(struct health *h, struct snapshot *s);

#endif

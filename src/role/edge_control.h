/* What control asks of edge: which connections are relayed now, and to end one. */
#ifndef ROLE_EDGE_CONTROL_H
#define ROLE_EDGE_CONTROL_H

struct edge_control;
struct loop;
struct worker;

/* In the main thread. */
struct edge_control *edge_control_new(struct loop *l, struct worker **const *workers,
				      const unsigned *count);
void edge_control_free(struct edge_control *c);           /* NULL is fine */
void edge_control_follow(struct edge_control *c, int fd); /* another control: takes `fd` over */

#endif

/* A doubly linked ring whose links live in the elements; no memory, no failure. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>

#include "base/attr.h"

struct list {
	struct list *next, *prev;
};

static inline void
list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool
list_empty(const struct list *l)
{
	return l->next == l;
}

/* A zeroed or removed element is in no list. */
static inline bool
list_linked(const struct list *element)
{
	return element->next != NULL && element->next != element;
}

static inline void
list_append(struct list *l, struct list *element)
{
	element->prev = l->prev;
	element->next = l;
	l->prev->next = element;
	l->prev = element;
}

/* Harmless for an element in no list. */
static inline void
list_remove(struct list *element)
{
	if (!list_linked(element))
		return;
	element->prev->next = element->next;
	element->next->prev = element->prev;
	element->next = element->prev = NULL;
}

#endif

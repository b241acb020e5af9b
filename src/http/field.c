#include "http/field.h"

/* clang-format off */
const uint8_t field_token_lower[256] = {
	[0x20] =
	 0 , '!',  0 , '#', '$', '%', '&', '\'',  0 ,  0 , '*', '+',  0 , '-', '.',  0 ,
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9',  0 ,  0 ,  0 ,  0 ,  0 ,  0 ,
	 0 , 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',  0 ,  0 ,  0 , '^', '_',
	'`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',  0 , '|',  0 , '~',  0 ,
};
/* clang-format on */

bool
field_is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (field_token_lower[s.p[i]] == 0)
			return false;
	return s.len > 0;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct span
field_trim(struct span s)
{
	while (s.len > 0 && is_space(s.p[0]))
		s = span_tail(s, 1);
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool
field_list_next(struct span *list, struct span *element)
{
	while (list->len > 0) {
		size_t comma = span_find(*list, ',');

		*element = field_trim(span_head(*list, comma));
		*list = span_tail(*list, comma + 1);
		if (element->len > 0)
			return true;
	}
	return false;
}

/* Tables: whatever they hold, rows end, and all that is read lies in the text or the arena. */
#include "api/csv.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *memory = arena_new();
	struct csv c = csv_of(span_of(data, size));
	size_t line = 0, bytes = 0;
	enum csv_result result;
	const char *why = NULL;
	struct csv_row row;

	while ((result = csv_next(&c, memory, &row, &why)) == CSV_ROW) {
		check(row.count > 0 && row.count <= CSV_CELLS_MAX && row.line > line);
		line = row.line;
		for (size_t i = 0; i < row.count; i++) {
			bytes += row.cells[i].len;
			(void)span_find(row.cells[i], 0);
		}
	}
	check(bytes <= size && (result == CSV_END || (why != NULL && row.line > line)));
	arena_free(memory);
	return 0;
}

/* Runs a fuzz target over every file of a directory, where there is no libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (1 << 20)

static void
replay(const char *directory, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	if ((file = fopen(path, "rb")) == NULL) {
		perror(path);
		exit(1);
	}
	/* Exactly as large as the input: reading past its end is found. */
	uint8_t *all = malloc(INPUT_MAX);
	size_t size = all != NULL ? fread(all, 1, INPUT_MAX, file) : 0;
	uint8_t *data = malloc(size > 0 ? size : 1);
	for (size_t i = 0; data != NULL && i < size; i++)
		data[i] = all[i];
	free(all);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

int
main(int argc, char **argv)
{
	int count = 0;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 1;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.') {
			replay(argv[1], entry->d_name);
			count++;
		}
	closedir(dir);
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "cli/resource.h"
#include "cli/verb.h"
#include "role/control.h"
#include "role/edge.h"
#include "role/tunnel.h"
#include "role/warden.h"

/* Roles of the program, started by warden alone. */
static const struct role_entry {
	const char *name;
	int (*main)(void);
} roles[] = {{"edge", edge_main},
	     {"resolver", resolver_main},
	     {"control", control_main},
	     {"tunnel", tunnel_main}};

/* What was not written was not told: a token, say, that is shown this once. */
static int
told(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("sallyport: standard output did not take all of it\n", stderr);
	return status == EXIT_DONE ? EXIT_FAILED : status;
}

static int
run(int argc, char **argv)
{
	struct command_line l = {.memory = arena_new()};
	int status;

	if (line_read(argc, argv, &l, &status))
		status = l.verb->run != NULL ? l.verb->run(&l) : resource_run(&l);
	arena_free(l.memory);
	return told(status);
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(roles) && argc == 2; i++)
		if (strcmp(roles[i].name, argv[1]) == 0)
			return roles[i].main();
	return run(argc, argv);
}

/* A setuid root file of a tree: 42 where that made somebody of us. */
#include <unistd.h>

int
main(void)
{
	return geteuid() != getuid() || geteuid() == 0 ? 42 : 0;
}

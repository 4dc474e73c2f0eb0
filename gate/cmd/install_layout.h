#ifndef CMD_INSTALL_LAYOUT_H
#define CMD_INSTALL_LAYOUT_H

struct err;

/*
 * Where a hosting service that keeps its repositories on this machine wants
 * hooks to be. Told by what the service itself put into the repository, unless
 * pacegate-host.type says that it is another one, or none.
 */
struct layout {
	const char *type;    /* as pacegate-host.type, NULL: a plain one */
	char *hooks;         /* the directory */
	const char *drop_in; /* a driver runs NAME.d/ there, this be our name;
				NULL: the hook itself */
};

int layout_find(struct layout *layout, const char *gitdir, struct err *err);
void layout_release(struct layout *layout);

/* Whether a hook that is there and not ours may be moved aside: ERR_INPUT with
 * what to do where the service would put it back. */
int layout_check(const struct layout *layout, const char *name,
		 struct err *err);

#endif

#ifndef WEB_PLACE_H
#define WEB_PLACE_H

/*
 * A path taken apart: `test/perf~sort.html` is `perf~sort` in `test`, with
 * `.html` as its ending. Deeper there is nothing: a further `/` stays in the
 * name, and no page has such a one.
 */
struct web_place {
	char *directory; /* "" for the top */
	char *name;
	const char *ending; /* with the dot, of the path; "" for none */
	const char *root;   /* from there to the top: "" or "../" */
};

/* path is borrowed as long as the place. */
void web_place_read(struct web_place *place, const char *path);
void web_place_release(struct web_place *place);

#endif

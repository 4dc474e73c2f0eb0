#ifndef CMD_TEMPLATES_H
#define CMD_TEMPLATES_H

/* Starting points for `pacegate new`: each runs as it is. */
struct template
{
	const char *language;  /* as --language says it */
	const char *extension; /* that tells the language, or "" */
	const char *text;
	int compiled; /* the file is a source, the test is what is made of it */
};

/* Ends with a NULL language. The first one is meant where nothing says. */
extern const struct template templates[];

#endif

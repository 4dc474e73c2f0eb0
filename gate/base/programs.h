#ifndef BASE_PROGRAMS_H
#define BASE_PROGRAMS_H

/*
 * Where one of our own programs (PROGRAM_..., or a hook's name) lies: in
 * $PACEGATE_LIBEXEC if set, else beside the running program or in the
 * directories that `make install` uses relative to it (../bin,
 * ../libexec/pacegate), else what was compiled in. A freshly allocated
 * absolute path, or NULL when it is nowhere.
 */
char *programs_find(const char *name);

#endif

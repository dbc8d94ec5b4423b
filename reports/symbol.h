/*
 * What keys say of a function, whatever compiler or library it comes from.
 */
#ifndef SM_REPORTS_SYMBOL_H
#define SM_REPORTS_SYMBOL_H

/*
 * FUNCTION without arguments, anonymous namespaces, and the marks of compilers and of symbol
 * versions; NULL for NULL. Borrowed, and valid until the next call.
 */
const char *symbol_name(const char *function);

/* A bit (1 << level) for each enum ignore_level at which a frame of FUNCTION, or NULL, says nothing. */
unsigned symbol_ignored(const char *function);

#endif

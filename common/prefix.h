/*
 * What CI engines, containers, system logs and test drivers put before each line.
 */
#ifndef SM_COMMON_PREFIX_H
#define SM_COMMON_PREFIX_H

#include <stddef.h>

/*
 * Length of all that was put before the line S (S[LEN] is 0, escape sequences are removed), or 0:
 * time stamps (GitHub, GitLab, Jenkins, the kernel), names and numbers of what wrote it (docker
 * compose, ctest, BuildKit, MPI, syslog, logcat), one in the other. *SOURCE is the same for lines of
 * the same writer where the prefix tells, and 0 where it does not.
 */
size_t prefix_length(const char *s, size_t len, unsigned *source);

#endif

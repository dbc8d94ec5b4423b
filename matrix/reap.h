/*
 * Processes below this one: finding, killing and reaping them. Only direct children are ever
 * signalled by number: their numbers cannot be reused before we have reaped them.
 */
#ifndef SM_MATRIX_REAP_H
#define SM_MATRIX_REAP_H

#include <stddef.h>
#include <sys/types.h>

/* The direct children of this process, zombies too; *LIST is owned by the caller. */
size_t children_list(pid_t **list);

/*
 * Reaps every direct child that has ended, but KEEP (0: none is kept), and adds to *KILLED (which
 * may be NULL) how many ended by SIGKILL. Returns how many others are still there.
 */
size_t children_reap(pid_t keep, int *killed);

/*
 * Kills LEADER, its process group and everything below this process, which must be a subreaper
 * with SIGCHLD blocked, and reaps all of it. *STATUS is how LEADER ended, *KILLED is raised by the
 * number of others that had to be killed. Returns how many could not be killed within 10 s.
 */
size_t tree_kill(pid_t leader, int *status, int *killed);

/*
 * Kills and reaps the direct children of this process that are not among KNOWN: what a killed
 * supervisor had below it, when this process is a subreaper.
 */
void orphans_kill(const pid_t *known, size_t count);

/* Bytes of memory that PID and everything below it have resident now. */
size_t tree_rss(pid_t pid);

#endif

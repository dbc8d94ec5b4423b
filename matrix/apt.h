/*
 * apt in a folder of our own: lists, caches, sources and configuration are ours, the machine's stay
 * as they are. From the machine come the mirror, its keyring, and how to reach it (proxies).
 */
#ifndef SM_MATRIX_APT_H
#define SM_MATRIX_APT_H

#include "common/buf.h"
#include "common/error.h"

struct apt {
	char *root;	 /* the folder */
	struct strv env; /* for every apt program */
};

/* Prepares ROOT: finds the mirror of the machine's own release, writes the configuration. */
int apt_open(struct apt *a, const char *root, struct err *e);
void apt_release(struct apt *a);

/*
 * Fetches the indices of source packages unless that was done in the last day. A suite that the
 * mirror does not have is no error; nothing at all is.
 */
int apt_update(struct apt *a, struct err *e);

/* Runs an apt program; what it prints is appended to OUT, errors too. Wait status in *STATUS. */
int apt_run(struct apt *a, const struct strv *argv, const char *cwd, struct buf *out, int *status,
	    struct err *e);

/* The last line of apt's output that begins with "E:" or, without one, "W:" or "Err:"; owned. */
char *apt_complaint(const struct buf *out);

struct mirror {
	char *site, *release, *signed_by; /* SIGNED_BY: as in a .sources file, or NULL */
};

/* For tests: the mirror of CODENAME in what `apt-get indextargets` printed in MIRROR_FORMAT. */
#define MIRROR_FORMAT "$(SITE)|$(CODENAME)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)"
int mirror_find(struct mirror *m, const char *targets, const char *codename);
void mirror_release(struct mirror *m);

/* What entry NUMBER of a .sources text, or line NUMBER of a .list text, is signed by; owned. */
char *mirror_signed_by(const char *text, int deb822, int number);

#endif

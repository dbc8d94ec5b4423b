#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/run.h"
#include "matrix/apt.h"

extern char **environ;

enum { FRESH = 24 * 3600, UPDATE_LIMIT = 900 };

#define WHAT_TO_GIVE "give the source with --with-runtime-src=DIR|TARBALL (make: RUNTIME_SRC=)"

/* How much a line says of what went wrong: "Err:" names only what was fetched. */
static int weight(const char *line)
{
	return strncmp(line, "E:", 2) == 0 ? 3 : strncmp(line, "W:", 2) == 0 ? 2 :
		strncmp(line, "Err:", 4) == 0;
}

char *apt_complaint(const struct buf *out)
{
	struct strv lines = { 0 };
	const char *found = "no message";

	strv_split(&lines, out->data ? out->data : "", "\r\n");
	for (size_t i = 0; i < lines.n; i++)
		if (weight(lines.v[i]) && weight(lines.v[i]) >= weight(found))
			found = lines.v[i];
	char *copy = xstrdup(found);
	strv_release(&lines);
	return copy;
}

int apt_run(struct apt *a, const struct strv *argv, const char *cwd, struct buf *out, int *status,
	struct err *e)
{
	struct run r = { .argv = argv, .env = &a->env, .cwd = cwd, .out = out, .with_stderr = 1,
		.seconds = UPDATE_LIMIT };

	return run_child(&r, status, e);
}

/* Runs ARGV, words separated by spaces, with the machine's own configuration. */
static int machine_apt(const struct strv *argv, struct buf *out, struct err *e)
{
	struct run r = { .argv = argv, .out = out, .seconds = 60 };
	int status;

	if (run_child(&r, &status, e) < 0)
		return err_prefix(e, "no apt here to fetch a source package with; " WHAT_TO_GIVE);
	return 0;
}

/* The value of NAME in /etc/os-release, without quotes; owned; "" when it is not there. */
static char *os_release(const char *name)
{
	struct strv lines = { 0 };
	struct buf text = { 0 };
	char *value = NULL;

	if (file_read("/etc/os-release", &text, 1 << 16, NULL) == 0 && text.data)
		strv_split(&lines, text.data, "\n");
	const char *found = env_get(&lines, name);
	if (found) {
		found += *found == '"';
		value = xstrndup(found, strcspn(found, "\""));
	}
	strv_release(&lines);
	buf_release(&text);
	return value ? value : xstrdup("");
}

static int machine_mirror(struct mirror *m, struct err *e)
{
	char *codename = os_release("VERSION_CODENAME");
	int found = -1, rc = 0;

	/* Before a first `apt-get update` nothing is known but the lines of sources.list. */
	for (int bare = 0; bare < 2 && found < 0 && rc == 0; bare++) {
		struct strv argv = { 0 };
		struct buf out = { 0 };
		strv_split(&argv, "apt-get indextargets --format " MIRROR_FORMAT, " ");
		if (bare)
			strv_push(&argv, "--no-release-info");
		strv_push(&argv, "Created-By: Packages");
		rc = machine_apt(&argv, &out, e);
		if (rc == 0)
			found = mirror_find(m, out.data ? out.data : "", codename);
		strv_release(&argv);
		buf_release(&out);
	}
	if (rc == 0 && found < 0)
		rc = err_set(e, EXIT_INFRASTRUCTURE,
			"apt knows of no mirror for this machine's release ('%s', component main); "
			"run `apt-get update`, or " WHAT_TO_GIVE, codename);
	free(codename);
	return rc;
}

/* Our own release, and what is newer in it; a suite that the mirror does not have does no harm. */
static int write_sources(struct apt *a, const struct mirror *m, struct err *e)
{
	struct buf text = { 0 };
	char *path = xasprintf("%s/mirror.sources", a->root), *id = os_release("ID");
	const char *newer = strcmp(id, "debian") == 0 ? " stable testing unstable" : "";

	buf_addf(&text, "Types: deb-src\nURIs: %s\nSuites: %s%s\nComponents: main\n", m->site,
		m->release, newer);
	if (m->signed_by)
		buf_addf(&text, "Signed-By: %s\n", m->signed_by);
	int rc = file_write(path, text.data, text.len, e);
	buf_release(&text);
	free(path);
	free(id);
	return rc;
}

/* How the machine reaches its mirrors, and nothing else of its configuration: hooks are its own. */
static int add_machine_config(struct buf *config, struct err *e)
{
	struct strv argv = { 0 }, lines = { 0 };
	struct buf out = { 0 };

	strv_split(&argv, "apt-config dump", " ");
	int rc = machine_apt(&argv, &out, e);
	strv_split(&lines, out.data ? out.data : "", "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *s = lines.v[i];
		if (strncmp(s, "Acquire::", 9) == 0 &&
			strncmp(s, "Acquire::IndexTargets", 21) != 0 &&
			strncmp(s, "Acquire::Languages", 18) != 0)
			buf_addf(config, "%s\n", s);
	}
	strv_release(&argv);
	strv_release(&lines);
	buf_release(&out);
	return rc;
}

static int write_config(struct apt *a, const char *path, struct err *e)
{
	struct buf text = { 0 };
	int rc = add_machine_config(&text, e);

	/* Signed, but perhaps long ago: a mirror that is a snapshot is good enough here. */
	buf_addstr(&text, "Dir::Etc::Main \"/dev/null\";\nDir::Etc::Parts \"/dev/null\";\n"
			  "Dir::Etc::Preferences \"/dev/null\";\n"
			  "Dir::Etc::PreferencesParts \"/dev/null\";\n"
			  "Dir::Etc::SourceParts \"/dev/null\";\n"
			  "Acquire::PDiffs \"false\";\nAcquire::Languages \"none\";\n"
			  "Acquire::AllowInsecureRepositories \"false\";\n"
			  "Acquire::Check-Valid-Until \"false\";\n"
			  "APT::Get::AllowUnauthenticated \"false\";\n");
	buf_addf(&text, "Dir::Etc::SourceList \"%s/mirror.sources\";\n", a->root);
	buf_addf(&text, "Dir::State \"%s/state\";\n", a->root);
	buf_addf(&text, "Dir::State::Lists \"%s/lists\";\n", a->root);
	buf_addf(&text, "Dir::Cache \"%s/cache\";\n", a->root);
	/* The user that apt would drop to cannot enter a home folder. */
	if (geteuid() == 0)
		buf_addstr(&text, "APT::Sandbox::User \"root\";\n");
	if (rc == 0)
		rc = file_write(path, text.data, text.len, e);
	buf_release(&text);
	return rc;
}

static int make_folders(const char *root, struct err *e)
{
	static const char *const folders[] = { "lists/partial", "cache/archives/partial", "state" };
	int rc = 0;

	for (size_t i = 0; i < sizeof folders / sizeof *folders && rc == 0; i++) {
		char *path = xasprintf("%s/%s", root, folders[i]);
		rc = dir_make(path, e);
		free(path);
	}
	return rc;
}

int apt_open(struct apt *a, const char *root, struct err *e)
{
	struct mirror m = { 0 };

	*a = (struct apt){ .root = xstrdup(root) };
	char *config = xasprintf("%s/apt.conf", root);
	int rc = machine_mirror(&m, e);
	if (rc == 0)
		rc = make_folders(root, e) < 0 || write_sources(a, &m, e) < 0 ||
			write_config(a, config, e) < 0 ? -1 : 0;
	for (char **s = environ; *s; s++)
		strv_push(&a->env, *s);
	env_set(&a->env, "LC_ALL", "C");
	env_set(&a->env, "APT_CONFIG", config);
	free(config);
	mirror_release(&m);
	if (rc < 0)
		apt_release(a);
	return rc;
}

void apt_release(struct apt *a)
{
	free(a->root);
	strv_release(&a->env);
	*a = (struct apt){ 0 };
}

/* Whether any index has been fetched, now or earlier. */
static int have_lists(const struct apt *a)
{
	char *path = xasprintf("%s/lists", a->root);
	struct strv names = { 0 };
	int have = 0;

	dir_list(path, &names, NULL);
	for (size_t i = 0; i < names.n; i++)
		have |= strstr(names.v[i], "_Sources") != NULL;
	strv_release(&names);
	free(path);
	return have;
}

int apt_update(struct apt *a, struct err *e)
{
	char *stamp = xasprintf("%s/updated", a->root);
	struct strv argv = { 0 };
	struct buf out = { 0 };
	struct stat st;
	int status = 0, rc = 0;

	if (stat(stamp, &st) == 0 && time(NULL) - st.st_mtime < FRESH && have_lists(a))
		goto out;
	warn("fetching the index of source packages (apt-get update in '%s')", a->root);
	strv_split(&argv, "apt-get -q update", " ");
	rc = apt_run(a, &argv, NULL, &out, &status, e);
	if (rc == 0 && have_lists(a)) {
		rc = status == 0 ? file_write(stamp, "", 0, e) : 0;
	} else if (rc == 0) {
		char *complaint = apt_complaint(&out);
		rc = err_set(e, EXIT_INFRASTRUCTURE,
			"cannot fetch the index of source packages: %s; without a network "
			WHAT_TO_GIVE, complaint);
		free(complaint);
	}
out:
	free(stamp);
	strv_release(&argv);
	buf_release(&out);
	return rc;
}

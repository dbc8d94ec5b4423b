#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "matrix/conf.h"
#include "matrix/runtime.h"

cfg_opt_t conf_control[] = {
	CFG_STR("summary", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("command", NULL, CFGF_NODEFAULT),
	CFG_FLOAT("time-limit", 0, CFGF_NODEFAULT),
	CFG_STR("tool", NULL, CFGF_NODEFAULT),
	CFG_STR("kind", NULL, CFGF_NODEFAULT),
	CFG_STR("category", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

cfg_opt_t conf_skip[] = {
	CFG_STR("reason", NULL, CFGF_NODEFAULT),
	CFG_STR("issue", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

cfg_opt_t conf_fact[] = {
	CFG_STR("value", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

cfg_opt_t conf_suite[] = {
	CFG_STR_LIST("units", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

cfg_opt_t conf_when[] = { CONF_RECIPE_MEMBERS, CFG_END() };

cfg_opt_t conf_recipe[] = {
	CONF_RECIPE_MEMBERS,
	CFG_SEC("when", conf_when, CONF_NAMED),
	CFG_END(),
};

/* "3.13" of "3.13.15": as many numbers as LIKE has. */
static char *cut_version(const char *version, const char *like)
{
	size_t dots = 1, len = 0;

	for (; *like; like++)
		dots += *like == '.';
	for (; version[len]; len++)
		if (version[len] == '.' && --dots == 0)
			break;
	return xstrndup(version, len);
}

static int one_condition(const char *word, const char *version, const char *family)
{
	size_t op = strspn(word, "<>=");
	const char *number = word + op;

	if (op == 0)
		return strcmp(word, "clang") == 0 || strcmp(word, "gcc") == 0 ?
			family && strcmp(family, word) == 0 : -1;
	if (!*number || number[strspn(number, "0123456789.")])
		return -1;
	if (op == 2 && strncmp(word, ">=", 2) == 0)
		return version_compare(version, number) >= 0;
	if (op == 1 && *word == '<')
		return version_compare(version, number) < 0;
	if (op != 1 || *word != '=')
		return -1;
	char *cut = cut_version(version, number);
	int equal = version_compare(cut, number) == 0;
	free(cut);
	return equal;
}

int conf_condition(const char *condition, const char *version, const char *family)
{
	struct strv words = { 0 };
	int holds = 1;

	strv_split(&words, condition, " \t");
	if (words.n == 0)
		holds = -1;
	for (size_t i = 0; i < words.n && holds >= 0; i++) {
		int one = one_condition(words.v[i], version, family);
		holds = one < 0 ? -1 : holds && one;
	}
	strv_release(&words);
	return holds;
}

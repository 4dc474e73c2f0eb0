#include "policy/policy.h"

#include <stdlib.h>

#include "policy/keys.h"
#include "policy/settings.h"

static void
tell_setting(const struct setting *setting,
	     void (*fn)(void *data, const char *key, const char *value,
			const char *where),
	     void *data)
{
	char *key = setting_key(setting);

	fn(data, key, setting->value, setting->where);
	free(key);
}

/* Whether a later one of the same key and pattern stands in its place. */
static int
is_overridden(const struct policy *policy, size_t index)
{
	const struct setting *setting = &policy->settings[index];
	int list = key_is_list(setting->row);

	for (size_t i = index + 1; i < policy->count; i++) {
		const struct setting *later = &policy->settings[i];

		if (later->row == setting->row &&
		    settings_are_together(later, setting) &&
		    (!list || !*later->value))
			return 1;
	}
	return list && !*setting->value;
}

void
policy_each(const struct policy *policy,
	    void (*fn)(void *data, const char *key, const char *value,
		       const char *where),
	    void *data)
{
	for (const struct key_row *row = key_rows; row->name; row++) {
		int section_told = 0;
		char *key = mem_text("%s.%s", row->section, row->name);

		for (size_t i = 0; i < policy->count; i++) {
			const struct setting *setting = &policy->settings[i];

			if (setting->row != row || is_overridden(policy, i))
				continue;
			section_told |= !setting->pattern;
			tell_setting(setting, fn, data);
		}
		if (!section_told && row->initial)
			fn(data, key, row->initial, "default");
		free(key);
	}
}

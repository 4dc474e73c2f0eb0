#include "host/host.h"

#include <string.h>

#include "base/err.h"
#include "host/http.h"
#include "host/services.h"

int
host_target_check(const struct host_target *target, struct err *err)
{
	const struct service *service = service_of(target->service);
	const char *url = target->url ? target->url : service->url;
	const char *project = target->project ? target->project : "";
	const char *slash = strchr(project, '/');

	if (!url)
		return err_set(err, ERR_INPUT,
			       "%s has no public API: set pacegate-host.url to "
			       "that of your server",
			       service->name);
	if (http_check_url(url, NULL, err) < 0)
		return err_context(err, "pacegate-host.url");
	if (strpbrk(url, "?#"))
		return err_set(err, ERR_INPUT,
			       "pacegate-host.url: a base of URLs has no ? or "
			       "#");
	/* Gerrit finds a change by its commit. */
	if (target->service == HOST_GERRIT)
		return 0;
	if (target->service == HOST_GITLAB && project[0] &&
	    strspn(project, "0123456789") == strlen(project))
		return 0;
	if (!slash || slash == project || !slash[1] || strstr(project, "..") ||
	    strstr(project, "//") || project[strlen(project) - 1] == '/' ||
	    (target->service != HOST_GITLAB && strchr(slash + 1, '/')))
		return err_set(err, ERR_INPUT,
			       "pacegate-host.project must be %s, not '%.100s'",
			       target->service == HOST_GITLAB
				       ? "group/name or a number"
				       : "owner/name",
			       project);
	return 0;
}

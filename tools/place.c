// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a task runs: a container, a pod, a unit, by the name of its cgroup.
 * Known are the names that docker, containerd, CRI-O and podman make, under
 * systemd and without, those of Kubernetes' pods, of lxc, and of systemd.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp-hup.h"

/* Of a container's id, as people type and "docker ps" shows it. */
#define SHORT_ID 12
#define ID_LENGTH 64

static const struct {
	const char *prefix;
	const char *runtime;
} runtimes[] = {
	{ "docker", "docker" },
	{ "cri-containerd", "containerd" },
	{ "containerd", "containerd" },
	{ "crio", "cri-o" },
	{ "crio-conmon", "cri-o" },
	{ "libpod", "podman" },
	{ "libpod-payload", "podman" },
	{ "libpod-conmon", "podman" },
	{ "nerdctl", "containerd" },
};

static const char *find_runtime(const char *prefix, size_t length)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(runtimes); i++)
		if (strlen(runtimes[i].prefix) == length &&
		    !strncmp(runtimes[i].prefix, prefix, length))
			return runtimes[i].runtime;
	return NULL;
}

static void set(char **field, const char *text, size_t length)
{
	free(*field);
	*field = strndup(text, length);
	must(*field);
}

/* Where 64 hexadecimal digits begin, or NULL. */
static const char *find_id(const char *part)
{
	size_t digits = 0;

	for (; *part; part++) {
		digits = isxdigit((unsigned char)*part) ? digits + 1 : 0;
		if (digits == ID_LENGTH && !isxdigit((unsigned char)part[1]))
			return part + 1 - ID_LENGTH;
	}
	return NULL;
}

/*
 * "docker-ID.scope", "kubepods-...slice:cri-containerd:ID", or only the ID, in
 * a cgroup that is called by the runtime.
 */
static bool take_container(struct place *place, const char *parent, const char *part)
{
	const char *id = find_id(part), *start = part, *name;

	if (!id)
		return false;
	if (id == part) {
		name = parent ? find_runtime(parent, strlen(parent)) : NULL;
	} else {
		for (name = part; name < id - 1; name++)
			if (*name == ':')
				start = name + 1;
		name = find_runtime(start, id - 1 - start);
	}
	set(&place->container, id, ID_LENGTH);
	/* Not that of a container around this one. */
	free(place->runtime);
	place->runtime = NULL;
	if (name)
		set(&place->runtime, name, strlen(name));
	return true;
}

/* "lxc/NAME", "lxc.payload.NAME", "lxc.payload/NAME", and the monitors' of all. */
static void take_lxc(struct place *place, const char *parent, const char *part)
{
	static const char * const prefixes[] = { "lxc.payload.", "lxc.monitor." };
	static const char * const parents[] = { "lxc", "lxc.payload", "lxc.monitor" };
	const char *name = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(part, prefixes[i], strlen(prefixes[i])))
			name = part + strlen(prefixes[i]);
	for (i = 0; i < ARRAY_SIZE(parents); i++)
		if (parent && !strcmp(parent, parents[i]))
			name = part;
	if (!name || !*name)
		return;
	set(&place->container, name, strlen(name));
	set(&place->runtime, "lxc", strlen("lxc"));
}

/*
 * "podUID", or "kubepods-burstable-podUID.slice" with '_' for '-'.  A static
 * pod's uid is a hash without either.
 */
static void take_pod(struct place *place, const char *part)
{
	const char *uid = strstr(part, "pod");
	size_t length;
	char *at;

	while (uid) {
		length = strspn(uid + 3, "0123456789abcdef-_");
		if ((uid == part || uid[-1] == '-') && (length == 36 || length == 32))
			break;
		uid = strstr(uid + 3, "pod");
	}
	if (!uid)
		return;
	set(&place->pod, uid + 3, length);
	for (at = place->pod; *at; at++)
		if (*at == '_')
			*at = '-';
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length > end_length && !strcmp(text + length - end_length, end);
}

/* The lowest unit; a slice only where there is nothing else. */
static void take_unit(struct place *place, const char *part)
{
	if (ends_with(part, ".service") || ends_with(part, ".scope") ||
	    ends_with(part, ".socket") || ends_with(part, ".mount") ||
	    (ends_with(part, ".slice") && (!place->unit || ends_with(place->unit, ".slice"))))
		set(&place->unit, part, strlen(part));
}

static void take_path(struct place *place, const char *path)
{
	char *parts = strdup(path), *part, *saved, *parent = NULL;

	must(parts);
	for (part = strtok_r(parts, "/", &saved); part; part = strtok_r(NULL, "/", &saved)) {
		take_pod(place, part);
		take_unit(place, part);
		if (!take_container(place, parent, part))
			take_lxc(place, parent, part);
		parent = part;
	}
	free(parts);
}

/* A line is "number:controllers:path"; the path may have any character. */
static char *path_of(char *line)
{
	char *colon = strchr(line, ':');

	colon = colon ? strchr(colon + 1, ':') : NULL;
	if (!colon || colon[1] != '/')
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return colon + 1;
}

/*
 * The unified hierarchy's, or the last that is no root.
 * Return: there is one.
 */
bool place_parse(FILE *file, struct place *place)
{
	char *line = NULL, *path;
	bool is_unified;
	size_t size = 0;

	memset(place, 0, sizeof(*place));
	while (getline(&line, &size, file) >= 0) {
		is_unified = !strncmp(line, "0::", 3);
		path = path_of(line);
		if (!path || (place->path && !strcmp(path, "/")))
			continue;
		set(&place->path, path, strlen(path));
		if (is_unified && strcmp(path, "/"))
			break;
	}
	free(line);
	if (place->path)
		take_path(place, place->path);
	return place->path;
}

/* Return: the task is there, and has a cgroup. */
bool place_of(long long pid, struct place *place)
{
	FILE *file = pid > 0 ? open_under("/proc/%lld/cgroup", pid) : NULL;
	bool found;

	memset(place, 0, sizeof(*place));
	if (!file)
		return false;
	found = place_parse(file, place);
	fclose(file);
	return found;
}

void place_free(struct place *place)
{
	free(place->path);
	free(place->runtime);
	free(place->container);
	free(place->pod);
	free(place->unit);
	memset(place, 0, sizeof(*place));
}

static char *container_name(const struct place *place)
{
	bool is_id = find_id(place->container) == place->container;
	char *name = NULL;

	if (asprintf(&name, "%s%s%s%s %.*s", place->pod ? "pod " : "",
		     place->pod ? place->pod : "", place->pod ? " " : "",
		     place->runtime ? place->runtime : "container",
		     is_id ? SHORT_ID : 256, place->container) < 0)
		name = NULL;
	must(name);
	return name;
}

/* In few words: pod and container, or the unit, or all of the path. */
char *place_name(const struct place *place)
{
	char *name = NULL;

	if (place->container)
		return container_name(place);
	if (!place->path)
		return NULL;
	if (!place->pod)
		name = strdup(place->unit ? place->unit : place->path);
	else if (asprintf(&name, "pod %s", place->pod) < 0)
		name = NULL;
	must(name);
	return name;
}

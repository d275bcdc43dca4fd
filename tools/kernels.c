// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp-hup check --kernels: for each installed kernel, whether it would have
 * the module after the next boot.  Modules are looked up and read by libkmod,
 * as modprobe and systemd-modules-load do.
 */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <libkmod.h>
#include <libsmartcols/libsmartcols.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "seccomp-hup.h"

#define MODULE "seccomp_hup"

enum ready {
	READY,
	NOT_READY,
	READY_UNTOLD,
	UNNEEDED,
};

static const char * const ready_words[] = {
	[READY] = "yes",
	[NOT_READY] = "no",
	[READY_UNTOLD] = "unknown",
	[UNNEEDED] = "unneeded",
};

/**
 * struct info - what a module says of itself
 * @version: its own
 * @vermagic: what it has been built for
 * @signature: who has signed it
 */
struct info {
	char version[64];
	char vermagic[256];
	struct signature signature;
};

/**
 * struct kernel - an installed one
 * @release: its name
 * @is_running: it is the one that runs
 * @ready: whether it would have the module
 * @path: of the module; "": none
 * @info: the module's
 * @own: a module's that came with the kernel
 * @trust: whether the kernel takes the module's signature
 * @why: why it is not ready, and what to do
 */
struct kernel {
	char release[256];
	bool is_running;
	enum ready ready;
	char path[PATH_MAX];
	struct info info;
	struct info own;
	enum trust trust;
	char why[512];
};

static bool judge(struct kernel *kernel, enum ready ready, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Return: the next look is worth while. */
static bool judge(struct kernel *kernel, enum ready ready, const char *format, ...)
{
	va_list args;

	kernel->ready = ready;
	va_start(args, format);
	vsnprintf(kernel->why, sizeof(kernel->why), format, args);
	va_end(args);
	return ready == READY;
}

static void take_info(const struct kmod_list *item, struct info *info)
{
	const char *key = kmod_module_info_get_key(item);
	const char *value = kmod_module_info_get_value(item);

	if (!strcmp(key, "version"))
		snprintf(info->version, sizeof(info->version), "%s", value);
	else if (!strcmp(key, "vermagic"))
		snprintf(info->vermagic, sizeof(info->vermagic), "%s", value);
	else if (!strcmp(key, "sig_id"))
		info->signature.is_there = true;
	else if (!strcmp(key, "signer"))
		snprintf(info->signature.signer, sizeof(info->signature.signer), "%s", value);
	else if (!strcmp(key, "sig_key"))
		snprintf(info->signature.key, sizeof(info->signature.key), "%s", value);
}

/* Return: 0, or a negative errno. */
static int read_info(const struct kmod_module *module, struct info *info)
{
	struct kmod_list *list = NULL, *item;
	int ret = kmod_module_get_info(module, &list);

	if (ret < 0)
		return ret;
	kmod_list_foreach(item, list)
		take_info(item, info);
	kmod_module_info_free_list(list);
	return 0;
}

/* One of the modules that came with the kernel: any of them. */
static void read_own(struct kmod_ctx *ctx, struct kernel *kernel)
{
	FILE *file = open_under("/lib/modules/%s/modules.dep", kernel->release);
	struct kmod_module *module;
	char path[PATH_MAX];
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return;
	while (!*kernel->own.vermagic && getline(&line, &size, file) >= 0) {
		line[strcspn(line, ":\n")] = '\0';
		if (strncmp(line, "kernel/", strlen("kernel/")))
			continue;
		path_under(path, sizeof(path), "/lib/modules/%s/%s", kernel->release, line);
		if (kmod_module_new_from_path(ctx, path, &module))
			continue;
		read_info(module, &kernel->own);
		kmod_module_unref(module);
	}
	free(line);
	fclose(file);
}

static bool is_found;

static int is_it(const char *path, const struct stat *stat, int type, struct FTW *where)
{
	const char *name = path + where->base;

	is_found = (type == FTW_F || type == FTW_SL) &&
		   (!strncmp(name, MODULE ".ko", strlen(MODULE ".ko")) ||
		    !strncmp(name, "seccomp-hup.ko", strlen("seccomp-hup.ko")));
	return is_found;
}

/* Compressed or not, wherever DKMS, an RPM or hands have put it. */
static bool is_somewhere(const struct kernel *kernel)
{
	char path[PATH_MAX];

	path_under(path, sizeof(path), "/lib/modules/%s", kernel->release);
	is_found = false;
	nftw(path, is_it, 16, FTW_PHYS);
	return is_found;
}

static bool judge_path(struct kernel *kernel, const struct kmod_module *module)
{
	const char *path = kmod_module_get_path(module);

	if (path && !access(path, F_OK)) {
		snprintf(kernel->path, sizeof(kernel->path), "%s", path);
		return true;
	}
	if (path)
		return judge(kernel, NOT_READY, "modules.dep names a file that is missing: 'depmod -a %s'",
			     kernel->release);
	if (is_somewhere(kernel))
		return judge(kernel, NOT_READY, "the module is there, but not in modules.dep: 'depmod -a %s'; if that does not help, this system's kmod does not know its compression",
			     kernel->release);
	return judge(kernel, NOT_READY, "the module is not built: install this kernel's headers, then 'dkms autoinstall -k %s'",
		     kernel->release);
}

static bool judge_info(struct kernel *kernel, const struct kmod_module *module)
{
	int ret = read_info(module, &kernel->info);

	if (!ret && *kernel->info.vermagic)
		return true;
	if (ret == -EACCES || ret == -EPERM || ret == -ENOSYS)
		return judge(kernel, READY_UNTOLD, "the module cannot be read: %s: try as root, and with a kmod that knows its compression",
			     strerror(-ret));
	return judge(kernel, NOT_READY, "%s is no module: 'dkms install --force -k %s %s'",
		     kernel->path, kernel->release, MODULE);
}

/* With versions of symbols the kernel does not compare the release. */
static bool same_magic(const char *one, const char *other)
{
	if (!strcmp(one, other))
		return true;
	return strstr(one, " modversions ") && strstr(other, " modversions ") &&
	       !strcmp(strchr(one, ' '), strchr(other, ' '));
}

static bool judge_vermagic(struct kernel *kernel)
{
	const char *own = kernel->own.vermagic, *magic = kernel->info.vermagic;
	size_t length = strlen(kernel->release);

	if (strstr(*own ? own : magic, " preempt_rt "))
		return judge(kernel, NOT_READY, "a real-time kernel: the module does not support it");
	if (*own ? same_magic(magic, own) :
	    !strncmp(magic, kernel->release, length) && magic[length] == ' ')
		return true;
	return judge(kernel, NOT_READY, "built for '%s', not for this kernel: 'dkms install --force -k %s %s'",
		     magic, kernel->release, MODULE);
}

/* A kernel's own parameter: a list of names with commas. */
static bool cmdline_forbids(void)
{
	char words[4096], *word, *name, *saved, *saved_name;

	if (!read_text(words, sizeof(words), "/proc/cmdline"))
		return false;
	for (word = strtok_r(words, " ", &saved); word; word = strtok_r(NULL, " ", &saved)) {
		if (strncmp(word, "module_blacklist=", strlen("module_blacklist=")) &&
		    strncmp(word, "modprobe.blacklist=", strlen("modprobe.blacklist=")))
			continue;
		word = strchr(word, '=') + 1;
		for (name = strtok_r(word, ",", &saved_name); name;
		     name = strtok_r(NULL, ",", &saved_name))
			if (!strcmp(name, MODULE))
				return true;
	}
	return false;
}

static bool is_blacklisted(struct kmod_ctx *ctx)
{
	struct kmod_config_iter *iter = kmod_config_get_blacklists(ctx);
	bool found = false;

	while (iter && !found && kmod_config_iter_next(iter))
		found = !strcmp(kmod_config_iter_get_key(iter), MODULE);
	kmod_config_iter_free_iter(iter);
	return found;
}

static bool judge_config(struct kernel *kernel, struct kmod_ctx *ctx,
			 const struct kmod_module *module)
{
	const char *command = kmod_module_get_install_commands(module);

	if (command)
		return judge(kernel, NOT_READY, "modprobe would run '%s' instead: see 'modprobe -c | grep %s'",
			     command, MODULE);
	if (is_blacklisted(ctx))
		return judge(kernel, NOT_READY, "blacklisted, the boot does not load it: see 'grep -r %s /etc/modprobe.d'",
			     MODULE);
	if (cmdline_forbids())
		return judge(kernel, NOT_READY, "blacklisted on the kernel's command line: see /proc/cmdline");
	return true;
}

static bool judge_signature(struct kernel *kernel)
{
	const struct signature *own = &kernel->own.signature;
	const struct signature *signature = &kernel->info.signature;
	enum answer enforced = keys_are_enforced(kernel->release);

	if (*own->key && keys_same(own->key, signature->key) &&
	    !strcmp(own->signer, signature->signer))
		kernel->trust = TRUSTED;
	else
		kernel->trust = keys_trust(signature, kernel->is_running);
	if (kernel->trust == TRUSTED || enforced == NO)
		return true;
	if (enforced == FAILED)
		return judge(kernel, READY_UNTOLD, "whether this machine wants modules signed cannot be told: look at 'mokutil --sb-state'");
	if (kernel->trust == TRUST_UNTOLD)
		return judge(kernel, READY_UNTOLD, "signatures are enforced; whether the key is enrolled cannot be told: compare 'modinfo -k %s seccomp_hup' with 'mokutil --list-enrolled'",
			     kernel->release);
	if (!signature->is_there)
		return judge(kernel, NOT_READY, "signatures are enforced, and the module has none: see Secure Boot in docs/operations.md");
	return judge(kernel, NOT_READY, "signatures are enforced, and the key is not enrolled: 'mokutil --import /var/lib/dkms/mok.pub', then reboot");
}

/* By its number: vendors add what later kernels have, and take nothing out. */
static const char *why_unneeded(const struct kernel *kernel)
{
	unsigned int major, minor;

	if (sscanf(kernel->release, "%u.%u", &major, &minor) != 2)
		return NULL;
	if (major < 5)
		return "needs no module: before 5.0 there are no seccomp listeners";
	if (major > 6 || (major == 6 && minor >= 11))
		return "needs no module: from 6.11 on the kernel does it by itself";
	return NULL;
}

/* Their ftrace can pass hooks by; DKMS does not build for them. */
static bool is_too_old(const struct kernel *kernel)
{
	unsigned int major, minor;

	return sscanf(kernel->release, "%u.%u", &major, &minor) == 2 &&
	       major == 5 && minor < 2;
}

/* libkmod's log; what matters is in WHY. */
static void be_silent(void *data, int priority, const char *file, int line,
		      const char *function, const char *format, va_list args)
{
}

/* Under --sysroot its configuration counts, too. */
static struct kmod_ctx *open_kmod(const struct kernel *kernel)
{
	static const char * const folders[] = {
		"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
		"/usr/lib/modprobe.d", "/lib/modprobe.d",
	};
	char paths[ARRAY_SIZE(folders)][PATH_MAX], modules[PATH_MAX];
	const char *config[ARRAY_SIZE(folders) + 1] = { };
	struct kmod_ctx *ctx;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		path_under(paths[i], sizeof(paths[i]), "%s", folders[i]);
		config[i] = paths[i];
	}
	path_under(modules, sizeof(modules), "/lib/modules/%s", kernel->release);
	ctx = kmod_new(modules, config);
	must(ctx);
	kmod_set_log_fn(ctx, be_silent, NULL);
	return ctx;
}

static void look_at(struct kernel *kernel)
{
	struct kmod_ctx *ctx = open_kmod(kernel);
	struct kmod_module *module = NULL;

	kernel->trust = UNTRUSTED;
	must(!kmod_module_new_from_name(ctx, MODULE, &module));
	read_own(ctx, kernel);
	if (judge_path(kernel, module) && judge_info(kernel, module) &&
	    judge_vermagic(kernel) && judge_config(kernel, ctx, module) &&
	    judge_signature(kernel))
		judge(kernel, READY, "%s", "");
	if (kernel->ready != READY && why_unneeded(kernel))
		judge(kernel, UNNEEDED, "%s", why_unneeded(kernel));
	else if (kernel->ready != READY && is_too_old(kernel))
		judge(kernel, NOT_READY, "5.0 and 5.1 are not supported: install 5.2 or later");
	kmod_module_unref(module);
	kmod_unref(ctx);
}

/* A folder that has only what DKMS left there, or links to headers, is none. */
static int is_kernel(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return name[0] != '.' && (exists_under("/lib/modules/%s/kernel", name) ||
				  exists_under("/lib/modules/%s/modules.builtin", name));
}

typedef void (*look_fn)(const struct kernel *kernel, void *arg);

/* Return: how many; with @look called for each; -1: there is none to be seen. */
static int look_at_each(look_fn look, void *arg)
{
	char path[PATH_MAX];
	struct dirent **entries;
	struct kernel *kernel;
	struct utsname name;
	int i, count;

	uname(&name);
	path_under(path, sizeof(path), "/lib/modules");
	count = scandir(path, &entries, is_kernel, versionsort);
	kernel = malloc(sizeof(*kernel));
	must(kernel);
	for (i = 0; i < count; i++) {
		memset(kernel, 0, sizeof(*kernel));
		snprintf(kernel->release, sizeof(kernel->release), "%s", entries[i]->d_name);
		kernel->is_running = !strcmp(kernel->release, name.release);
		look_at(kernel);
		look(kernel, arg);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	free(kernel);
	return count > 0 ? count : -1;
}

enum {
	KERNEL, RUNNING, READY_COLUMN, VERSION, SIGNER, KEY, WHY, VERMAGIC, PATH,
};

static const struct column columns[] = {
	[KERNEL] = { "KERNEL", "kernel", "an installed kernel", false, true, 0 },
	[RUNNING] = { "RUNNING", "running", "whether it is the one that runs", false, true, 0 },
	[READY_COLUMN] = { "READY", "ready",
			   "whether it would have the module: yes, no, unknown, unneeded",
			   false, true, 0 },
	[VERSION] = { "VERSION", "version", "of the module", false, true, 0 },
	[SIGNER] = { "SIGNER", "signer", "who has signed the module", false, true, 0 },
	[KEY] = { "KEY", "key", "that key here: enrolled, not-enrolled, unknown", false, true, 0 },
	[WHY] = { "WHY", "why", "why it is not ready, and what to do", false, true, 0 },
	[VERMAGIC] = { "VERMAGIC", "vermagic", "what the module is built for", false, false, 0 },
	[PATH] = { "PATH", "path", "the module's file", false, false, 0 },
};

static const char *key_word(const struct kernel *kernel)
{
	static const char * const words[] = {
		[TRUSTED] = "enrolled",
		[UNTRUSTED] = "not-enrolled",
		[TRUST_UNTOLD] = "unknown",
	};

	return kernel->info.signature.is_there ? words[kernel->trust] : "";
}

static char *cell(const void *row, size_t column)
{
	const struct kernel *kernel = row;
	const char *text = "";
	char *copy;

	switch (column) {
	case KERNEL:
		text = kernel->release;
		break;
	case RUNNING:
		text = kernel->is_running ? "yes" : "no";
		break;
	case READY_COLUMN:
		text = ready_words[kernel->ready];
		break;
	case VERSION:
		text = kernel->info.version;
		break;
	case SIGNER:
		text = kernel->info.signature.signer;
		break;
	case KEY:
		text = key_word(kernel);
		break;
	case WHY:
		text = kernel->why;
		break;
	case VERMAGIC:
		text = kernel->info.vermagic;
		break;
	case PATH:
		text = kernel->path;
		break;
	}
	copy = *text ? strdup(text) : NULL;
	if (*text)
		must(copy);
	return copy;
}

static struct sheet sheet = {
	.name = "kernels",
	.columns = columns,
	.count = ARRAY_SIZE(columns),
	.cell = cell,
};

void kernels_columns(FILE *to)
{
	fputs("\nWith --kernels:", to);
	sheet_columns(&sheet, to);
}

/**
 * struct result - of all kernels
 * @answer: the worst
 * @printed: each row has been
 */
struct result {
	enum answer answer;
	bool printed;
};

static void print_kernel(const struct kernel *kernel, void *arg)
{
	struct result *result = arg;

	if (kernel->ready == NOT_READY)
		result->answer = NO;
	else if (kernel->ready == READY_UNTOLD && result->answer == YES)
		result->answer = FAILED;
	if (!sheet_row(&sheet, kernel, kernel->ready == NOT_READY ||
		       kernel->ready == READY_UNTOLD))
		result->printed = false;
}

/* Yes: each kernel would have the module, or needs none. */
int check_kernels(void)
{
	struct result result = { .answer = YES, .printed = true };
	int count;

	if (!sheet_choose(&sheet))
		return USAGE;
	if (!sheet_begin(&sheet))
		return FAILED;
	count = look_at_each(print_kernel, &result);
	if (!sheet_end(&sheet) || !result.printed)
		return FAILED;
	if (count > 0)
		return result.answer;
	complain("no kernel is installed in %s/lib/modules: nothing can be told of the next boot: run it on the host, outside of containers",
		 opts.sysroot);
	return FAILED;
}

static void print_metric(const struct kernel *kernel, void *arg)
{
	FILE *to = arg;

	fputs("seccomp_hup_kernel_info{kernel=", to);
	label_value(to, kernel->release);
	fprintf(to, ",running=\"%s\",ready=\"%s\",version=", kernel->is_running ? "yes" : "no",
		ready_words[kernel->ready]);
	label_value(to, kernel->info.version);
	fputs("} 1\n", to);
}

/* One for each installed kernel. */
void kernels_metrics(FILE *to)
{
	fputs("# HELP seccomp_hup_kernel_info An installed kernel, and whether it would have the module after a boot.\n"
	      "# TYPE seccomp_hup_kernel_info gauge\n", to);
	look_at_each(print_metric, to);
}

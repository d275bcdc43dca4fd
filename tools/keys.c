// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a kernel takes a module's signature.  mokutil lists the keys that the
 * machine's owner has enrolled.  Those built into a kernel are not listed in a
 * form that a signature could be compared with, not even by the running one.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp-hup.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SHIM_IS_LAX "/sys/firmware/efi/efivars/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23"

/* The next hexadecimal digit of a number written "0A:bc"; 0: there is none. */
static int next_digit(const char **number)
{
	while (**number && !isxdigit((unsigned char)**number))
		++*number;
	return **number ? tolower((unsigned char)*(*number)++) : 0;
}

static const char *skip_zeros(const char *number)
{
	const char *at = number;

	while (next_digit(&at) == '0')
		number = at;
	return number;
}

/* Whether two numbers are the same, however they are parted into bytes. */
bool keys_same(const char *one, const char *other)
{
	int digit;

	one = skip_zeros(one);
	other = skip_zeros(other);
	if (!next_digit(&(const char *){ one }))
		return false;
	do {
		digit = next_digit(&one);
		if (digit != next_digit(&other))
			return false;
	} while (digit);
	return true;
}

/* "4660 (0x1234)", or the next line in bytes. */
static bool serial_is(char **line, size_t *size, FILE *list, const char *key)
{
	char *rest = strstr(*line, "Serial Number:") + strlen("Serial Number:");

	rest += strspn(rest, " \t\n");
	if (*rest) {
		rest = strstr(rest, "(0x");
		return rest && keys_same(rest + 3, key);
	}
	return getline(line, size, list) >= 0 && keys_same(*line, key);
}

/* The certificate's issuer is who a signature names. */
static bool issuer_is(const char *line, const char *signer)
{
	size_t length = strlen(signer);
	const char *name;

	/* A certificate may be without one; then the number has to do. */
	if (!length)
		return true;
	for (name = strstr(line, "CN"); name; name = strstr(name, "CN")) {
		name += strlen("CN");
		name += strspn(name, " ");
		if (*name != '=')
			continue;
		name += 1 + strspn(name + 1, " ");
		return !strncmp(name, signer, length) && strchr(",/\n", name[length]);
	}
	return false;
}

/*
 * What "mokutil --list-enrolled" prints, as openssl shows certificates.
 * Return: the signature's is among them.
 */
bool keys_list_has(FILE *list, const struct signature *signature)
{
	bool same = false, found = false;
	char *line = NULL;
	size_t size = 0;

	while (!found && getline(&line, &size, list) >= 0) {
		if (strstr(line, "Serial Number:"))
			same = serial_is(&line, &size, list, signature->key);
		else if (same && strstr(line, "Issuer:"))
			found = issuer_is(line, signature->signer);
	}
	free(line);
	return found;
}

/* Return: what mokutil prints, "" if it cannot tell; it is run once. */
static const char *enrolled_keys(void)
{
	static char *text;
	size_t size = 0;
	FILE *list;

	if (text)
		return text;
	list = popen("LC_ALL=C mokutil --list-enrolled </dev/null 2>/dev/null", "re");
	if (list && getdelim(&text, &size, '\0', list) < 0 && text)
		text[0] = '\0';
	if (!list || pclose(list) || !text) {
		free(text);
		text = calloc(1, 1);
		must(text);
	}
	return text;
}

/* Root sees the kernel's keys, by the names of their certificates. */
static bool kernel_names(const char *signer)
{
	FILE *keys = open_under("/proc/keys");
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	if (!keys)
		return false;
	while (!found && getline(&line, &size, keys) >= 0)
		found = strstr(line, "asymmetri") && strstr(line, signer);
	free(line);
	fclose(keys);
	return found;
}

enum trust keys_trust(const struct signature *signature, bool is_running)
{
	const char *text;
	FILE *list;
	bool found;

	if (!signature->is_there)
		return UNTRUSTED;
	text = enrolled_keys();
	/* Without a number: a libkmod that does not know such signatures. */
	if (!*text || !*signature->key)
		return TRUST_UNTOLD;
	list = fmemopen((char *)text, strlen(text), "r");
	must(list);
	found = keys_list_has(list, signature);
	fclose(list);
	if (found)
		return TRUSTED;
	/* A key of that name is not the key: who makes one anew keeps the name. */
	return is_running && kernel_names(signature->signer) ? TRUST_UNTOLD : UNTRUSTED;
}

static bool is_empty(const char *path)
{
	struct dirent *entry;
	bool empty = true;
	DIR *directory;
	char under[512];

	path_under(under, sizeof(under), "%s", path);
	directory = opendir(under);
	if (!directory)
		return true;
	while (empty && (entry = readdir(directory)))
		empty = entry->d_name[0] == '.';
	closedir(directory);
	return empty;
}

/* A variable's value follows four bytes of attributes.  Return: 1, 0; -1: none. */
static int efi_flag(const char *path)
{
	FILE *file = open_under("%s", path);
	unsigned char bytes[5];
	int flag = -1;

	if (!file)
		return -1;
	if (fread(bytes, sizeof(bytes), 1, file) == 1)
		flag = bytes[4] == 1;
	fclose(file);
	return flag;
}

static bool config_forces(const char *release)
{
	FILE *file = open_under("/boot/config-%s", release);
	bool found = false;
	char line[256];

	if (!file)
		file = open_under("/lib/modules/%s/config", release);
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = !strcmp(line, "CONFIG_MODULE_SIG_FORCE=y\n");
	fclose(file);
	return found;
}

/* What this machine's kernel does now it will do after the next boot, too. */
enum answer keys_are_enforced(const char *release)
{
	char text[64] = "";
	int secure_boot;

	if (config_forces(release))
		return YES;
	if (read_text(text, sizeof(text), "/sys/module/module/parameters/sig_enforce") &&
	    !strcmp(text, "Y"))
		return YES;
	if (read_text(text, sizeof(text), "/sys/kernel/security/lockdown") && strchr(text, '[') &&
	    !strstr(text, "[none]"))
		return YES;
	if (!exists_under("/sys/firmware/efi"))
		return exists_under("/sys/kernel") ? NO : FAILED;
	secure_boot = efi_flag(SECURE_BOOT);
	if (secure_boot < 0)
		return is_empty("/sys/firmware/efi/efivars") ? FAILED : NO;
	return secure_boot && efi_flag(SHIM_IS_LAX) != 1 ? YES : NO;
}

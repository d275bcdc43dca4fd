/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SECCOMP_HUP_H
#define SECCOMP_HUP_H

#include <stdbool.h>
#include <stdio.h>

/**
 * enum answer - the exit status of every verb
 * @YES: what was asked for is so
 * @NO: it is not so
 * @USAGE: the words of the call are off
 * @FAILED: it could not be found out, or done; stderr says why
 */
enum answer {
	YES,
	NO,
	USAGE,
	FAILED,
};

#define SYSFS "/sys/kernel/seccomp_hup/"
#define DEBUGFS "/sys/kernel/debug/seccomp_hup/"

/* Options that every verb takes. */
extern bool opt_json;

/* verbs; argv[0] is the verb */
int verb_check(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_wait(int argc, char **argv);
int verb_metrics(int argc, char **argv);

/* util.c */
int usage(const char *verb);
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool read_text(const char *path, char *text, size_t size);
bool read_value(const char *name, char *text, size_t size);
bool is_loaded(void);
bool parse_number(const char *text, long min, long max, long *number);
long long now_ms(void);
void print_json_string(const char *text);
const char *bold(void);
const char *plain(void);

/**
 * struct row - a line of the module's table of listeners
 * @id: the listener's number
 * @live: live tasks under it
 * @age_ms: since when the module knows of it
 * @unused_ms: since when it is unused; -1: it is in use
 * @pid: a task that holds it; -1: nobody does
 * @fd: that task's fd, or -1
 * @task: a live task under it; -1: none is known
 */
struct row {
	unsigned long long id;
	long live;
	long long age_ms;
	long long unused_ms;
	long pid;
	long fd;
	long task;
};

/**
 * struct table - what listeners there are
 * @rows: one for each fd that holds a listener, and each that no fd holds
 * @count: how many
 */
struct table {
	struct row *rows;
	size_t count;
};

/* table.c */
bool table_read(struct table *table);
void table_free(struct table *table);

#endif /* SECCOMP_HUP_H */

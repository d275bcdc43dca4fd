/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SECCOMP_HUP_H
#define SECCOMP_HUP_H

#include <stdbool.h>
#include <stddef.h>
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

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define SYSFS "/sys/kernel/seccomp_hup/"
#define DEBUGFS "/sys/kernel/debug/seccomp_hup/"

/**
 * struct options - what the command line says
 * @json: print JSON
 * @noheadings: no line of column names
 * @raw: columns parted by one space, for programs
 * @all: everybody's listeners
 * @kernels: look at each installed kernel
 * @columns: which columns; NULL: the usual ones
 * @file: write there; NULL: to standard output
 * @sysroot: look there instead of at this machine's /; "" is this machine
 * @timeout_ms: how long to wait; -1: it was not said
 * @watch: seconds between two tables; 0: once
 */
struct options {
	bool json;
	bool noheadings;
	bool raw;
	bool all;
	bool kernels;
	const char *columns;
	const char *file;
	const char *sysroot;
	long timeout_ms;
	long watch;
};

extern struct options opts;

/**
 * struct verb - what the command can be asked
 * @name: its first word
 * @run: does it; the words are what is left of the call after the options
 * @takes: the keys of the options it has, beside those that all have
 * @words: how to call those words; "": it has none
 * @summary: what it does, in one line
 * @columns: prints the columns that --output knows; NULL: it has none
 */
struct verb {
	const char *name;
	int (*run)(int count, char **words);
	const char *takes;
	const char *words;
	const char *summary;
	void (*columns)(FILE *to);
};

/* options.c */
bool options_parse(const struct verb *verb, int argc, char **argv, int *answer);
int options_usage(const struct verb *verb);
void options_help(FILE *to);

/* verbs; seccomp-hup.c has them all in a table */
extern const struct verb verbs[];
extern const size_t verb_count;
const struct verb *find_verb(const char *name);
int verb_check(int count, char **words);
int verb_status(int count, char **words);
int verb_list(int count, char **words);
int verb_wait(int count, char **words);
int verb_metrics(int count, char **words);

/* kernels.c */
int check_kernels(void);
void kernels_metrics(FILE *to);
void kernels_columns(FILE *to);

/* list.c */
void list_columns(FILE *to);

/* util.c */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
FILE *open_under(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool exists_under(const char *format, ...) __attribute__((format(printf, 1, 2)));
void path_under(char *path, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool read_text(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool parse_number(const char *text, long long min, long long max, long long *number);
long long now_ms(void);
bool has_terminal(void);
const char *bold(void);
const char *plain(void);
void must(bool made);

/**
 * enum presence - whether the module is loaded
 * @LOADED: it is
 * @NOT_LOADED: it is not
 * @UNTOLD: /sys is not mounted here, or hidden
 */
enum presence {
	LOADED,
	NOT_LOADED,
	UNTOLD,
};

enum presence module_presence(void);

#define UNTOLD_ADVICE "there is no /sys/kernel here: mount sysfs ('mount -t sysfs sysfs /sys'), or run it outside of the container"
#define NOT_LOADED_ADVICE "'modprobe seccomp_hup'; if that fails, 'dmesg | grep seccomp_hup' says why"

/* text.c */
char *for_terminal(const char *text);
char *valid_utf8(const char *text);
void json_string(FILE *to, const char *text);
void label_value(FILE *to, const char *text);

/**
 * struct column - one of a table
 * @name: its heading, by which --output knows it
 * @key: its name in JSON
 * @help: what is in it
 * @number: in JSON it is a number; in a table it is set to the right
 * @usual: it is shown unless --output says otherwise
 * @flags: of libsmartcols
 */
struct column {
	const char *name;
	const char *key;
	const char *help;
	bool number;
	bool usual;
	int flags;
};

#define MAX_COLUMNS 32

/**
 * struct sheet - a table that is printed, by libsmartcols or as JSON
 * @name: of the array in JSON
 * @columns: all there are
 * @count: how many
 * @cell: what is in a row's column, from malloc(); NULL: nothing
 * @chosen: the columns that are shown
 * @chosen_count: how many
 * @rows: how many have been printed
 * @scols: libsmartcols' table, unless it is JSON
 */
struct sheet {
	const char *name;
	const struct column *columns;
	size_t count;
	char *(*cell)(const void *row, size_t column);
	size_t chosen[MAX_COLUMNS];
	size_t chosen_count;
	size_t rows;
	void *scols;
};

/* sheet.c */
bool sheet_choose(struct sheet *sheet);
bool sheet_begin(struct sheet *sheet);
bool sheet_row(struct sheet *sheet, const void *row, bool stands_out);
bool sheet_end(struct sheet *sheet);
void sheet_columns(const struct sheet *sheet, FILE *to);

/**
 * struct row - a line of the module's table of listeners
 * @id: the listener's number
 * @live: live tasks under it
 * @age_ms: since when the module knows of it
 * @unused_ms: since when it is unused; -1: it is in use
 * @pid: a task that holds it; 0: none in this pid namespace; -1: nobody does
 * @fd: that task's fd, or -1
 * @task: a live task under it; -1: none is known
 */
struct row {
	long long id;
	long long live;
	long long age_ms;
	long long unused_ms;
	long long pid;
	long long fd;
	long long task;
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

/* An unused listener that is open for longer is dead: its holder forgot it. */
#define DEAD_MS 10000

/* table.c */
bool table_parse(FILE *file, struct table *table);
bool table_read(struct table *table);
void table_free(struct table *table);
bool row_is_dead(const struct row *row);
void table_sort(struct table *table);
void table_sort_by_holder(struct table *table);
size_t table_count_dead(struct table *table);

/**
 * struct hook - a line of the module's table of hooks
 * @function: the kernel's function
 * @kind: observe, redirect or return
 * @offset: from the function's first byte
 * @mechanism: of the kernel's, by which it is placed; "": not known
 */
struct hook {
	char function[128];
	char kind[32];
	long long offset;
	char mechanism[32];
};

bool hook_parse(const char *line, struct hook *hook);

/**
 * struct place - where a task runs, as people call it
 * @path: its cgroup
 * @runtime: the container's runtime, or NULL
 * @container: the container's id or name, or NULL
 * @pod: the pod's uid, or NULL
 * @unit: systemd's unit, or NULL
 */
struct place {
	char *path;
	char *runtime;
	char *container;
	char *pod;
	char *unit;
};

/* place.c */
bool place_parse(FILE *file, struct place *place);
bool place_of(long long pid, struct place *place);
void place_free(struct place *place);
char *place_name(const struct place *place);

/**
 * enum trust - whether a kernel takes a module's signature
 * @TRUSTED: its key is enrolled
 * @UNTRUSTED: it is not, or there is no signature
 * @TRUST_UNTOLD: that cannot be told here
 */
enum trust {
	TRUSTED,
	UNTRUSTED,
	TRUST_UNTOLD,
};

/**
 * struct signature - who has signed a module
 * @is_there: somebody has
 * @signer: the name in the certificate; "": not known
 * @key: the certificate's number, in hex; "": not known
 */
struct signature {
	bool is_there;
	char signer[256];
	char key[256];
};

/* keys.c */
enum trust keys_trust(const struct signature *signature, bool is_running);
bool keys_list_has(FILE *list, const struct signature *signature);
bool keys_same(const char *one, const char *other);
enum answer keys_are_enforced(const char *release);

#endif /* SECCOMP_HUP_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_SYMBOL_H
#define SHUP_SYMBOL_H

/**
 * struct shup_symbol - a function of the running kernel
 * @start: its first byte
 * @size: its length in bytes
 * @site: where ftrace hooks it: past an ENDBR, if it begins with one
 */
struct shup_symbol {
	unsigned long start;
	unsigned long size;
	unsigned long site;
};

int shup_symbol_find(const char *name, struct shup_symbol *symbol);

#endif /* SHUP_SYMBOL_H */

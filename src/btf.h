/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_BTF_H
#define SHUP_BTF_H

#include <linux/types.h>

void *shup_btf_read(size_t *size);
int shup_btf_offset(const void *btf, size_t size, const char *type,
		    const char *member);

#endif /* SHUP_BTF_H */

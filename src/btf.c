// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's own type information (BTF) says of a structure.
 *
 * The kernel's readers of BTF are not exported to modules, and neither are the
 * symbols that bound the BTF in memory.  So the file is read, whose form is part
 * of the ABI.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/btf.h>

#include "btf.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"

/* Ten times what kernels have: a larger file is no BTF. */
#define MAX_BYTES (64UL << 20)

struct view {
	const void *types;
	const void *types_end;
	const char *strings;	/* the last byte is 0 */
	u32 strings_size;
};

/**
 * shup_btf_read() - read the running kernel's BTF
 * @size: set to its length in bytes
 *
 * Context: may sleep; opens a file as the current task.
 * Return: the BTF, which the caller frees by kvfree().  Or an error pointer:
 * -ENOENT if the kernel has no BTF, or the current task's mount namespace does
 * not show it; -ENOMEM, also if the file is too large; or the error of opening
 * or reading it.
 */
void *shup_btf_read(size_t *size)
{
	struct file *file;
	loff_t pos = 0;
	ssize_t got;
	void *btf;

	file = filp_open(BTF_FILE, O_RDONLY, 0);
	if (IS_ERR(file))
		return file;
	*size = i_size_read(file_inode(file));
	btf = *size <= MAX_BYTES ? kvmalloc(*size, GFP_KERNEL) : NULL;
	if (!btf) {
		btf = ERR_PTR(-ENOMEM);
		goto out;
	}
	/* Some kernels' sysfs gives one page for each read. */
	while (pos < *size) {
		got = kernel_read(file, btf + pos, *size - pos, &pos);
		if (got <= 0) {
			kvfree(btf);
			btf = ERR_PTR(got ?: -EIO);
			break;
		}
	}
out:
	filp_close(file, NULL);
	return btf;
}

static bool is_within(u32 offset, u32 length, size_t size)
{
	return offset <= size && length <= size - offset;
}

static int look_at(struct view *view, const void *btf, size_t size)
{
	const struct btf_header *header = btf;
	const void *data;

	if (size < sizeof(*header) || header->magic != BTF_MAGIC ||
	    header->hdr_len < sizeof(*header) || header->hdr_len > size)
		return -EINVAL;
	data = btf + header->hdr_len;
	size -= header->hdr_len;
	if (!is_within(header->type_off, header->type_len, size) ||
	    !is_within(header->str_off, header->str_len, size))
		return -EINVAL;
	view->types = data + header->type_off;
	view->types_end = view->types + header->type_len;
	view->strings = data + header->str_off;
	view->strings_size = header->str_len;
	if (!IS_ALIGNED((unsigned long)view->types, sizeof(u32)) ||
	    !view->strings_size || view->strings[view->strings_size - 1])
		return -EINVAL;
	return 0;
}

static bool is_named(const struct view *view, u32 offset, const char *name)
{
	return offset < view->strings_size &&
	       !strcmp(view->strings + offset, name);
}

/*
 * The length of a type with all that belongs to it; 0: its kind is unknown.
 * Kinds are numbers here, as an old kernel's header has no names for new kinds.
 */
static size_t bytes_of(const struct btf_type *type)
{
	static const struct {
		u8 once;
		u8 each;
	} more[] = {
		[1] = { 4, 0 },		/* int */
		[2] = { 0, 0 },		/* pointer */
		[3] = { 12, 0 },	/* array */
		[4] = { 0, 12 },	/* struct */
		[5] = { 0, 12 },	/* union */
		[6] = { 0, 8 },		/* enum */
		[7] = { 0, 0 },		/* forward */
		[8] = { 0, 0 },		/* typedef */
		[9] = { 0, 0 },		/* volatile */
		[10] = { 0, 0 },	/* const */
		[11] = { 0, 0 },	/* restrict */
		[12] = { 0, 0 },	/* function */
		[13] = { 0, 8 },	/* function prototype */
		[14] = { 4, 0 },	/* variable */
		[15] = { 0, 12 },	/* section */
		[16] = { 0, 0 },	/* float */
		[17] = { 4, 0 },	/* declaration tag */
		[18] = { 0, 0 },	/* type tag */
		[19] = { 0, 12 },	/* enum of 64 bits */
	};
	u32 kind = BTF_INFO_KIND(type->info);

	if (!kind || kind >= ARRAY_SIZE(more))
		return 0;
	return sizeof(*type) + more[kind].once +
	       more[kind].each * BTF_INFO_VLEN(type->info);
}

static int offset_of(const struct view *view, const struct btf_type *type,
		     const char *name)
{
	const struct btf_member *member = (const void *)(type + 1);
	u32 bits, i;

	for (i = 0; i < BTF_INFO_VLEN(type->info); i++, member++) {
		if (!is_named(view, member->name_off, name))
			continue;
		bits = member->offset;
		if (BTF_INFO_KFLAG(type->info)) {
			if (BTF_MEMBER_BITFIELD_SIZE(bits))
				return -EINVAL;
			bits = BTF_MEMBER_BIT_OFFSET(bits);
		}
		return bits % BITS_PER_BYTE ? -EINVAL : bits / BITS_PER_BYTE;
	}
	return -ENOENT;
}

/**
 * shup_btf_offset() - find where a member lies in a structure
 * @btf: BTF; any bytes are safe
 * @size: length of @btf in bytes
 * @type: name of the structure
 * @member: name of the member
 *
 * Context: any.
 * Return: the offset in bytes; -ENOENT if there is no such structure or
 * member; -EEXIST if two structures of that name disagree; -EINVAL if @btf is no
 * BTF, is cut off, has a kind that is unknown here, or has no whole offset.
 */
int shup_btf_offset(const void *btf, size_t size, const char *type,
		    const char *member)
{
	const struct btf_type *at;
	int offset, found = -ENOENT;
	struct view view;
	size_t bytes;

	if (look_at(&view, btf, size))
		return -EINVAL;
	for (at = view.types; (void *)at < view.types_end; at = (void *)at + bytes) {
		size = view.types_end - (void *)at;
		bytes = size < sizeof(*at) ? 0 : bytes_of(at);
		if (!bytes || bytes > size)
			return -EINVAL;
		if (BTF_INFO_KIND(at->info) != BTF_KIND_STRUCT ||
		    !is_named(&view, at->name_off, type))
			continue;
		offset = offset_of(&view, at, member);
		if (found != -ENOENT && offset != found)
			return -EEXIST;
		found = offset;
	}
	return found;
}

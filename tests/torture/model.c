// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "torture.h"

struct actor actors[SLOTS];
struct listener *listeners;
struct process *processes;

struct filter *new_filter(const struct filter *prev)
{
	static int last_id;
	struct filter *filter = calloc(1, sizeof(*filter));

	filter->id = ++last_id;
	filter->prev = prev;
	return filter;
}

struct process *new_process(pid_t pid, struct space *space, bool is_init)
{
	struct process *process = calloc(1, sizeof(*process));

	process->pid = pid;
	process->attaching = -1;
	process->space = space;
	if (is_init) {
		process->space = calloc(1, sizeof(*space));
		process->space->parent = space;
		process->space->init = process;
	}
	process->next = processes;
	processes = process;
	return process;
}

static unsigned int member_bit(unsigned long serial)
{
	return serial % MEMBER_BITS;
}

/* As good as certain: serials so far apart are not in one history. */
bool was_under(const struct listener *listener, unsigned long serial)
{
	return listener->members[member_bit(serial) / 64] >>
	       member_bit(serial) % 64 & 1;
}

static void count_actor(const struct actor *actor)
{
	const struct filter *filter;
	struct listener *listener;

	for (filter = actor->chain; filter; filter = filter->prev) {
		listener = filter->listener;
		if (!listener)
			continue;
		listener->live++;
		listener->members[member_bit(actor->serial) / 64] |=
			1ULL << member_bit(actor->serial) % 64;
	}
}

void count_live(void)
{
	struct listener *listener;
	int i;

	for (listener = listeners; listener; listener = listener->next)
		listener->live = 0;
	for (i = 0; i < SLOTS; i++)
		if (actors[i].live)
			count_actor(&actors[i]);
}

int new_slot(void)
{
	static unsigned long last_serial;
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (actors[i].used)
			continue;
		memset(&actors[i], 0, sizeof(actors[i]));
		actors[i].used = true;
		actors[i].coming = true;
		actors[i].fresh = true;
		actors[i].parent = -1;
		actors[i].serial = ++last_serial;
		/* Its last actor may have died before it read its order. */
		slots[i].order = NOTHING;
		return i;
	}
	return -1;
}

int live_actors(void)
{
	int i, count = 0;

	for (i = 0; i < SLOTS; i++)
		count += actors[i].live;
	return count;
}

int live_in(const struct process *process)
{
	int i, count = 0;

	for (i = 0; i < SLOTS; i++)
		count += actors[i].live && actors[i].process == process;
	return count;
}

/* A pid namespace dies with its init, and those within it, too. */
bool space_is_dead(const struct space *space)
{
	for (; space; space = space->parent)
		if (space->init && space->init->doomed)
			return true;
	return false;
}

static bool doom_one_more(void)
{
	struct process *process;

	for (process = processes; process; process = process->next) {
		if (process->doomed ||
		    (!space_is_dead(process->space) && live_in(process)))
			continue;
		process->doomed = true;
		return true;
	}
	return false;
}

void spread_doom(void)
{
	int i;

	while (doom_one_more())
		;
	for (i = 0; i < SLOTS; i++)
		if (actors[i].live && actors[i].process->doomed)
			actors[i].live = false;
}

/* At the end of a round: forget the dead.  A space outlives its processes. */
void bury(void)
{
	struct process **link = &processes, *process;
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (actors[i].used && !actors[i].live)
			actors[i].used = false;
		actors[i].fresh = false;
	}
	while ((process = *link)) {
		process->attaching = -1;
		process->leaving = false;
		if (!process->doomed || process->traced ||
		    process == (process->space ? process->space->init : NULL)) {
			link = &process->next;
			continue;
		}
		*link = process->next;
		free(process);
	}
}

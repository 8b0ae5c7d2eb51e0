#ifndef SWEEP_SWEEP_DIR_H
#define SWEEP_SWEEP_DIR_H

#include <sys/types.h>

#include "common/sweep/sweep_file.h"
#include "formats/journal.h"

/*
 * The folder of a sweep:
 *
 *     settings.json   the sweep as it was at the first start
 *     machine.json    what the machine was, and the versions of the programs
 *     journal.jsonl   what happened
 *     runs/NAME.rapl  a complete recording a run
 *     bad/NAME.rapl   the last try of a run that was given up
 *     logs/NAME.log   what its programs said
 *     scratch/        where they work; emptied behind each run
 *     lock            held by the sweep at work
 */
struct sweep_dir {
    char *path;  /* absolute */
    int lock_fd; /* -1: not ours */
    struct journal *journal;
};

/* Start with {.lock_fd = -1}.  Make what is missing of the folder, or, where it
 * is to be there, say what it lacks.  0, or -1 with e filled. */
int sweep_dir_open(struct sweep_dir *d, const char *path, bool make,
                   struct err *e);

/* Be the only one at work in it, and open its journal.  0, or -1 with e filled
 * (ERR_SYSTEM). */
int sweep_dir_lock(struct sweep_dir *d, struct err *e);

/* Who is at work in it: a process, 0 for nobody. */
pid_t sweep_dir_holder(const struct sweep_dir *d);

void sweep_dir_close(struct sweep_dir *d);

/* "DIR/FOLDER/NAME.SUFFIX", on the heap. */
char *sweep_dir_file(const struct sweep_dir *d, const char *folder,
                     const char *name, const char *suffix);

/*
 * Keep the text under that name, unless there is one already.  Returns 1 if it
 * was kept, 0 if one was there, -1 with e filled.
 */
int sweep_dir_keep(const struct sweep_dir *d, const char *name,
                   const char *text, struct err *e);

/*
 * Where two trees differ, by lines "- times.run: 45s", "+ times.run: 3s"; no
 * lines: they say the same.
 */
void sweep_diff(const struct node *was, const struct node *is,
                struct strings *lines);

/*
 * Only one sweep a machine: hold the name until we end, in whatever way.
 * Returns 0, or -1 with e filled, which names the process that holds it.
 */
int sweep_machine_lock(const char *name, struct err *e);

/* Bring the file to the disk, and give it the other name.  0, or -1. */
int sweep_dir_move(const char *from, const char *to, struct err *e);

/* Delete what is in scratch/. */
void sweep_dir_clean(const struct sweep_dir *d);

/* Bytes of disk that are free there; INT64_MAX where nobody knows. */
int64_t sweep_dir_free(const struct sweep_dir *d);

#endif

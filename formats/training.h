#ifndef FORMATS_TRAINING_H
#define FORMATS_TRAINING_H

#include "formats/history.h"
#include "formats/input.h"

/*
 * What a training writes to its checkpoint beside the tensors, and takes up
 * from there.  Start with {0}; training_release() it.
 */
struct training {
    struct labels identity;    /* model, data, settings: what must agree for it
                                  to go on */
    struct labels valid, test; /* scores and interval of the best so far */
    struct labels fitted;      /* numbers that were found beside the tensors */
    const char *bytes_name;    /* one tensor more, of bytes: U8; NULL: none */
    const void *bytes;         /* borrowed */
    size_t n_bytes;
    struct labels state; /* "train.*": where it stands; empty where
                            nothing can go on */
    struct history history;
};

/*
 * Write it all to `path`, as checkpoint_write(): with tensors and input, and
 * the split that was trained on.  slim leaves out what only going on needs.
 * Nothing goes in that depends on time, place or number of threads: the same
 * data, model and seed give the same file.
 */
int training_write(const struct training *t, const struct tensors *tensors,
                   const struct input *input, const char *split, bool slim,
                   const char *path, struct err *e);

/*
 * Take up the training that the checkpoint at `path` left.  Its identity must
 * be as it was, but for training.epochs; state, valid and history are filled,
 * and the tensors, as it wrote them.
 * Returns 1; 0 if there is no such file; -1 with e filled, which names the
 * file and says what differs.
 */
int training_resume(struct training *t, const struct tensors *tensors,
                    const char *path, struct err *e);

void training_release(struct training *t);

#endif

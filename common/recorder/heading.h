#ifndef RECORDER_HEADING_H
#define RECORDER_HEADING_H

#include "common/probe/probe.h"
#include "formats/stream.h"

/*
 * The header of a recording: the probe's channels, who the machine is, what
 * was asked for.  `labels` are KEY=VALUE; "run" is now, unless they say it.
 * provenance: the line of the program that records.  Returns 0, or -1 with e
 * filled (ERR_USAGE): a label that is none, or that says a fact.  *h is to be
 * released in either case.
 */
int heading_make(struct stream_header *h, const struct probe *probe,
                 const struct roots *roots, int64_t interval_ns,
                 const struct strings *labels, const char *provenance,
                 struct err *e);

#endif

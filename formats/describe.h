#ifndef FORMATS_DESCRIBE_H
#define FORMATS_DESCRIBE_H

#include <stdio.h>

#include "formats/checkpoint.h"
#include "formats/stream.h"

/*
 * What stands in the head of a file, as YAML that a person reads and that
 * config_parse() reads back.  What could not be written shows in ferror(f).
 */

/* A document: file, segment, kind, channels, metadata, provenance. */
void describe_segment(FILE *f, const char *file, int64_t segment,
                      const struct stream_header *h);

/* Behind a segment: what its trailer says. */
void describe_trailer(FILE *f, const struct labels *facts);

/* Of a recorder's ledger the beginning, to go on a line with; nothing where
 * the facts hold none. */
void describe_ledger(FILE *f, const struct labels *facts);

/* A document: file, kind, sha256, tensors, metadata. */
void describe_checkpoint(FILE *f, const char *file, const struct checkpoint *c);

/* "128x64", the shape of a tensor; "1" for a number. */
void describe_shape(const struct checkpoint_tensor *t, char *out, size_t size);

#endif

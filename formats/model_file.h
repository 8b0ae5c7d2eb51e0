#ifndef FORMATS_MODEL_FILE_H
#define FORMATS_MODEL_FILE_H

#include <stdbool.h>

/*
 * Where a model is that a command line names: in the file of that name; or,
 * where it is called "default" and there is no such file, where `make install`
 * put the one that comes with the programs:
 * ../share/decode-rapl/checkpoints/default.ckpt from the program that runs,
 * then the same below /usr/local and /usr.
 */
bool model_is_default(const char *name);

/* The path, on the heap; of a default model that is nowhere, its name. */
char *model_file(const char *name);

#endif

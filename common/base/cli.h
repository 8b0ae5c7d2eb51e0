#ifndef BASE_CLI_H
#define BASE_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * The command line of every tool: one table of options drives the parsing,
 * the range checks, --help and the options a configuration file may set.
 */
enum opt_type {
    OPT_END = 0,
    OPT_FLAG,     /* bool: present or not */
    OPT_STRING,   /* const char * */
    OPT_INT,      /* int64_t, in min..max */
    OPT_REAL,     /* double, in min..max */
    OPT_DURATION, /* int64_t ns, "16ms"; a bare number is an error */
    OPT_STRINGS,  /* struct strings: may be repeated */
    OPT_CHOICE,   /* int: index into `choices` ("csv|tsv|jsonl") */
};

struct opt {
    enum opt_type type;
    char letter;      /* 0: long name only */
    const char *name; /* long name, without dashes */
    void *target;
    const char *arg; /* what --help calls the argument: "FILE" */
    const char *help;
    double min, max;     /* OPT_INT, OPT_REAL; min == max: any */
    const char *choices; /* OPT_CHOICE: names between bars; of others what
                            completion offers (complete.h) */
    bool given;          /* on the command line; set by the parser */
};

/* The options that every program has; a letter means one thing everywhere. */
struct cli_common {
    const char *output; /* -o; NULL or "-": standard output */
    bool quiet, verbose;
    int64_t threads; /* 0: as many as CPUs this process may use */
    int64_t seed;
    const char *config;
};

#define CLI_COMMON(c)                                                        \
    {OPT_STRING, 'o',                                                        \
     "output",   &(c)->output,                                               \
     "FILE",     "write to FILE instead of standard output",                 \
     0,          0,                                                          \
     0,          0},                                                         \
        {OPT_FLAG, 'q', "quiet", &(c)->quiet, 0, "errors only", 0, 0, 0, 0}, \
        {OPT_FLAG,  'v',                                                     \
         "verbose", &(c)->verbose,                                           \
         0,         "end with records, time, memory",                        \
         0,         0,                                                       \
         0,         0},                                                      \
        {OPT_INT,   0,                                                       \
         "threads", &(c)->threads,                                           \
         "N",       "threads (default: one a CPU)",                          \
         0,         1024,                                                    \
         0,         0},                                                      \
        {OPT_INT,    0,    "seed",                                           \
         &(c)->seed, "N",  "seed of every random choice (default 42)",       \
         0,          9e15, 0,                                                \
         0},                                                                 \
        {OPT_STRING, 'c',                                                    \
         "config",   &(c)->config,                                           \
         "FILE",     "read options from a YAML file",                        \
         0,          0,                                                      \
         "*.yaml",   0},                                                     \
    {                                                                        \
        .type = OPT_END                                                      \
    }

#define CLI_COMMON_INIT \
    {                   \
        .seed = 42      \
    }

struct cli {
    const char *name;     /* "rapl-window" */
    const char *usage;    /* "[OPTIONS] [FILE...]"; complete.h reads it too */
    const char *about;    /* what it reads and writes, a line or two */
    const char *examples; /* lines, without indentation */
    struct opt *opts;     /* ends with CLI_COMMON */

    int argc; /* from here on set by cli_parse(): options, then operands */
    char **argv;
    const struct cli_common *common;
    struct strings texts; /* of a configuration file, that options point to */
};

/*
 * Parse the command line into the targets; print --help or --version and
 * exit 0, or one line on a usage error and exit 2; --completion SHELL, which
 * --help does not name, prints what `make install` installs for that shell.
 * Operands are moved to the end of argv; returns the index of the first.  Sets
 * up the log and, where a program reads or writes streams, the signals.
 */
int cli_parse(struct cli *cli, int argc, char **argv,
              struct cli_common *common);

/*
 * Set an option from a configuration file, unless the command line did.
 * Returns 0, 1 if there is no such option, -1 with e filled.
 */
int cli_set(struct cli *cli, const char *name, const char *value,
            struct err *e);

/* Free what cli_set() kept; the options that it set hold nothing any more. */
void cli_release(struct cli *cli);

/* Write --help. */
void cli_help(const struct cli *cli);

/* Say what is wrong with the command line and exit 2. */
void cli_usage_error(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/*
 * "rapl-window 0.1.0: -d 25 a.rapl; seed 42", on the heap.  Of a long command
 * line the beginning, and " ...".
 */
char *cli_provenance(const struct cli *cli, const struct cli_common *common);

/* The threads asked for, or one a CPU that this process may run on. */
int cli_threads(const struct cli_common *common);

/*
 * Close standard output and return the exit code: `code`, or 4 with a line
 * if what was written there did not all arrive.  With -v say wall time, CPU
 * time, peak memory and the counts given (n_in, n_out; negative: none).
 */
int cli_finish(int code, int64_t n_in, int64_t n_out);

#endif

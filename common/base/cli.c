#include "common/base/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/complete.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/base/version.h"
#include "common/base/xalloc.h"

enum { HELP = 1000, VERSION_ASKED, FIRST_OPTION };
enum { ROWS = 23, COLUMNS = 80 }; /* of --help: a screen, and a prompt */
enum { LONG_LINE = 4096 };        /* bytes of a provenance line */

static int set_int(const struct opt *o, const char *text, struct err *e)
{
    char *end;
    long long v;

    errno = 0;
    v = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return err_set(e, ERR_USAGE, "--%s: '%s' is no whole number", o->name,
                       text);
    if (o->min < o->max && ((double)v < o->min || (double)v > o->max))
        return err_set(e, ERR_USAGE, "--%s: %s is not in %.0f..%.0f", o->name,
                       text, o->min, o->max);
    *(int64_t *)o->target = v;
    return 0;
}

static int set_real(const struct opt *o, const char *text, struct err *e)
{
    char *end;
    double v = strtod(text, &end);

    if (end == text || *end || !isfinite(v))
        return err_set(e, ERR_USAGE, "--%s: '%s' is no number", o->name, text);
    if (o->min < o->max && (v < o->min || v > o->max))
        return err_set(e, ERR_USAGE, "--%s: %s is not in %g..%g", o->name, text,
                       o->min, o->max);
    *(double *)o->target = v;
    return 0;
}

static int set_choice(const struct opt *o, const char *text, struct err *e)
{
    struct strings names = {0};
    int found;

    strings_split(&names, o->choices, '|');
    found = strings_find(&names, text);
    strings_release(&names);
    if (found < 0)
        return err_set(e, ERR_USAGE, "--%s: '%s' is none of %s", o->name, text,
                       o->choices);
    *(int *)o->target = found;
    return 0;
}

static int set_flag(const struct opt *o, const char *text, struct err *e)
{
    bool on = !text || strcmp(text, "true") == 0;

    if (!on && strcmp(text, "false") != 0)
        return err_set(e, ERR_USAGE, "%s: '%s' is neither true nor false",
                       o->name, text);
    *(bool *)o->target = on;
    return 0;
}

static int set_option(const struct opt *o, const char *text, struct err *e)
{
    switch (o->type) {
    case OPT_FLAG:
        return set_flag(o, text, e);
    case OPT_STRING:
        *(const char **)o->target = text;
        return 0;
    case OPT_INT:
        return set_int(o, text, e);
    case OPT_REAL:
        return set_real(o, text, e);
    case OPT_DURATION:
        if (duration_parse(text, o->target, e) == 0)
            return 0;
        return err_prefix(e, "--%s", o->name);
    case OPT_STRINGS:
        strings_add(o->target, text);
        return 0;
    case OPT_CHOICE:
        return set_choice(o, text, e);
    case OPT_END:
        break;
    }
    return err_set(e, ERR_USAGE, "--%s: not an option", o->name);
}

static size_t count_options(const struct opt *opts)
{
    size_t n = 0;

    while (opts[n].type != OPT_END)
        n++;
    return n;
}

static void print_option(const struct opt *o)
{
    char left[64];

    snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
             o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
             o->arg ? " " : "", o->arg ? o->arg : "");
    printf("  %-28s%s%s\n", left, strlen(left) > 27 ? " " : "", o->help);
}

static int count_lines(const char *text)
{
    int n = text && *text;

    for (; text && *text; text++)
        n += *text == '\n';
    return n;
}

/* The options that every program has, and where the manual is: two lines. */
static void print_common(const struct opt *o, const char *name)
{
    int column = 0;

    for (; o->type != OPT_END; o++) {
        char text[64], letter[8] = "";

        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(text, sizeof text, "  %s--%s%s%s", letter, o->name,
                 o->arg ? " " : "", o->arg ? o->arg : "");
        column += (int)strlen(text);
        if (column > COLUMNS) {
            puts("");
            column = (int)strlen(text);
        }
        printf("%s", text);
    }
    printf("  --help  --version  (man %s)\n", name);
}

/*
 * One screen: blank lines are there if there is room for all examples, and so
 * many examples as there is room for.
 */
void cli_help(const struct cli *cli)
{
    const struct opt *common = cli->opts;
    int room = ROWS - 3 - count_lines(cli->about), airy;

    for (; common->type != OPT_END && common->target != &cli->common->output;
         common++)
        room--;
    airy = room >= 2 + count_lines(cli->examples);
    printf("usage: %s %s\n%s\n%s", cli->name, cli->usage, cli->about,
           airy ? "\n" : "");
    for (const struct opt *o = cli->opts; o < common; o++)
        print_option(o);
    print_common(common, cli->name);
    if (airy)
        puts("");
    for (const char *s = cli->examples; s && *s && room > 0; room--) {
        printf("%.*s\n", (int)strcspn(s, "\n"), s);
        s += strcspn(s, "\n");
        s += *s == '\n';
    }
}

/* getopt's two tables, made from ours; letters has room for 2n + 2. */
static void getopt_tables(const struct opt *opts, size_t n, struct option *lng,
                          char *letters)
{
    char *s = letters;

    *s++ = ':'; /* a missing argument is told apart, and nothing printed */
    for (size_t i = 0; i < n; i++) {
        bool has_arg = opts[i].type != OPT_FLAG;

        lng[i] =
            (struct option){opts[i].name, has_arg, NULL, FIRST_OPTION + (int)i};
        if (opts[i].letter) {
            *s++ = opts[i].letter;
            if (has_arg)
                *s++ = ':';
        }
    }
    *s = '\0';
    lng[n] = (struct option){"help", 0, NULL, HELP};
    lng[n + 1] = (struct option){"version", 0, NULL, VERSION_ASKED};
    memset(&lng[n + 2], 0, sizeof *lng);
}

static struct opt *option_of(struct opt *opts, size_t n, int c)
{
    if (c >= FIRST_OPTION)
        return &opts[c - FIRST_OPTION];
    for (size_t i = 0; i < n; i++)
        if (opts[i].letter == c)
            return &opts[i];
    return NULL;
}

static void handle(struct cli *cli, size_t n, int c, char **argv)
{
    struct opt *o;
    struct err e;

    if (c == HELP) {
        cli_help(cli);
        exit(cli_finish(0, -1, -1));
    }
    if (c == VERSION_ASKED) {
        printf("%s (decode-rapl) %s\n", cli->name, RAPL_VERSION);
        exit(cli_finish(0, -1, -1));
    }
    if (c == ':')
        cli_usage_error("%s needs a value", argv[optind - 1]);
    o = c == '?' ? NULL : option_of(cli->opts, n, c);
    if (!o)
        cli_usage_error("unknown option '%s'",
                        optind > 1 ? argv[optind - 1] : "");
    o->given = true;
    if (set_option(o, optarg, &e) < 0)
        cli_usage_error("%s", e.msg);
}

static void choose_log_level(const struct cli *cli)
{
    log_init(cli->name, cli->common->quiet     ? LOG_QUIET
                        : cli->common->verbose ? LOG_VERBOSE
                                               : LOG_NORMAL);
}

/*
 * A file that is opened while one of the three is closed would take its place,
 * and messages would go into it.  Writing to what stands there now fails.
 */
static void hold_standard_files(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* --completion SHELL, for those who install: no option of the table. */
static void completion(const struct cli *cli, int argc, char **argv)
{
    if (argc != 3 || strcmp(argv[1], "--completion") != 0)
        return;
    if (complete_write(stdout, cli, argv[2]) < 0)
        cli_usage_error("--completion: '%s' is none of %s", argv[2],
                        complete_shells);
    exit(cli_finish(0, -1, -1));
}

int cli_parse(struct cli *cli, int argc, char **argv, struct cli_common *common)
{
    size_t n = count_options(cli->opts);
    struct option *lng = xcalloc(n + 3, sizeof *lng);
    char *letters = xmalloc(2 * n + 2);
    int c;

    hold_standard_files();
    log_init(cli->name, LOG_NORMAL);
    cli->argc = argc;
    cli->argv = argv; /* in getopt's order, which means the same */
    cli->common = common;
    completion(cli, argc, argv);
    getopt_tables(cli->opts, n, lng, letters);
    opterr = 0;
    while ((c = getopt_long(argc, argv, letters, lng, NULL)) != -1)
        handle(cli, n, c, argv);
    free(letters);
    free(lng);
    choose_log_level(cli);
    stop_on_signals();
    return optind;
}

int cli_set(struct cli *cli, const char *name, const char *value, struct err *e)
{
    for (struct opt *o = cli->opts; o->type != OPT_END; o++) {
        if (strcmp(o->name, name) != 0)
            continue;
        if (o->given)
            return 0;
        if (o->type == OPT_STRING) { /* the file will be gone */
            strings_add(&cli->texts, value);
            value = cli->texts.at[cli->texts.n - 1];
        }
        if (set_option(o, value, e) < 0)
            return -1;
        if (cli->common)
            choose_log_level(cli);
        return 0;
    }
    return 1;
}

void cli_release(struct cli *cli)
{
    strings_release(&cli->texts);
}

void cli_usage_error(const char *fmt, ...)
{
    char msg[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    log_error("%s (--help shows the options)", msg);
    exit(ERR_USAGE);
}

/* text, separator, more; takes text. */
static char *append(char *text, const char *separator, const char *more)
{
    char *longer = xasprintf("%s%s%s", text, separator, more);

    free(text);
    return longer;
}

char *cli_provenance(const struct cli *cli, const struct cli_common *common)
{
    char *line = xasprintf("%s %s:", cli->name, RAPL_VERSION);
    char seed[32];

    for (int i = 1; i < cli->argc && strlen(line) < LONG_LINE; i++) {
        /* the number of threads never changes what is written */
        if (strcmp(cli->argv[i], "--threads") == 0)
            i++;
        else if (strncmp(cli->argv[i], "--threads=", 10) != 0)
            line = append(line, " ", cli->argv[i]);
    }
    if (strlen(line) >= LONG_LINE) {
        line[LONG_LINE] = '\0';
        line = append(line, " ", "...");
    }
    snprintf(seed, sizeof seed, "%" PRId64, common->seed);
    return append(line, "; seed ", seed);
}

int cli_threads(const struct cli_common *common)
{
    cpu_set_t set;

    if (common->threads > 0)
        return (int)common->threads;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    return 1;
}

static void say_usage(int64_t n_in, int64_t n_out)
{
    struct rusage ru;
    char counts[96] = "";

    if (n_in >= 0 || n_out >= 0)
        snprintf(counts, sizeof counts,
                 "%" PRId64 " records in, %" PRId64 " out, ",
                 n_in < 0 ? 0 : n_in, n_out < 0 ? 0 : n_out);
    getrusage(RUSAGE_SELF, &ru);
    log_verbose("%s%.3f s CPU, %ld MiB peak", counts,
                (double)clock_cpu_ns() / NS_PER_S, ru.ru_maxrss / 1024);
}

int cli_finish(int code, int64_t n_in, int64_t n_out)
{
    bool failed = ferror(stdout); /* an earlier write; its errno is gone */
    bool pending = __fpending(stdout) > 0;

    /* Standard output may be closed if nothing was for it, and a program that
     * has failed has said why. */
    errno = 0;
    if (((fclose(stdout) != 0 && (errno != EBADF || pending)) || failed) &&
        code <= 1) {
        log_error("standard output: %s",
                  errno ? strerror(errno) : "not all could be written");
        code = ERR_SYSTEM;
    }
    if (log_level() >= LOG_VERBOSE)
        say_usage(n_in, n_out);
    return code;
}

/*
 * rapl-export: predictions for those who watch machines.
 *
 * Reads a prediction stream; serves its latest watts and its energy so far to
 * Prometheus, writes them for node_exporter's textfile collector, or prints
 * them.
 *
 *     rapl-sample -i 1s | rapl-window --like MODEL | rapl-infer MODEL |
 * rapl-export
 *
 * Exit codes: 0 done, also when asked to stop; 2 usage; 3 bad data, a damaged
 * state file; 4 system.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"
#include "common/export/freshness.h"
#include "common/export/page.h"
#include "common/export/server.h"
#include "common/export/state.h"
#include "formats/config.h"
#include "formats/output.h"

#define SAVE_NS (200 * NS_PER_MS) /* the state is saved no more often */
#define TURN_NS (20 * NS_PER_MS)  /* a busy input leaves others a turn */

enum { MAX_SERVERS = 8 };

struct options {
    struct cli_common common;
    struct strings listen;
    const char *textfile, *state;
    struct freshness fresh;
    int64_t every_ns;
    bool print, allow_truncated;
};

struct exporter {
    const struct options *o;
    struct meters meters;
    struct server *server[MAX_SERVERS];
    size_t n_servers;
    struct prediction_reader *input;
    sigset_t meanwhile; /* signals while it waits: they end the wait */
    int64_t n_read;
    uint64_t n_saved;                  /* rows that the state has */
    bool told;                         /* the textfile has watts */
    int64_t saved_ns, due_ns, turn_ns; /* monotonic */
    bool complained;                   /* of files that cannot be written */
};

static struct age age_of(const struct exporter *x, char words[FRESHNESS_WORDS])
{
    return freshness_age(&x->o->fresh, &x->meters, clock_monotonic_ns(),
                         clock_realtime_ns(), words);
}

/* ---- files ---- */

/* Of what goes wrong while it serves people hear once; it goes on. */
static void complain(struct exporter *x, const struct err *e)
{
    if (!x->complained)
        log_warn("%s; trying again", e->msg);
    x->complained = true;
}

/*
 * What others are shown was saved before: no counter goes back after a crash,
 * which Prometheus would take for a reset.  Where it cannot be saved it is
 * shown all the same, as a counter that stands still would be wrong for sure.
 */
static int save(struct exporter *x, struct err *e)
{
    int rc = 0;

    if (x->o->state && x->meters.n_rows != x->n_saved)
        rc = state_write(&x->meters, x->o->state, e);
    if (rc == 0)
        x->n_saved = x->meters.n_rows;
    meters_show(&x->meters);
    x->saved_ns = clock_monotonic_ns();
    return rc;
}

static void save_if_due(struct exporter *x)
{
    struct err e;

    if (!x->o->state)
        meters_show(&x->meters);
    else if (clock_monotonic_ns() - x->saved_ns >= SAVE_NS && save(x, &e) < 0)
        complain(x, &e);
}

static int print_page(FILE *f, const void *arg, struct err *e)
{
    const struct exporter *x = arg;
    char words[FRESHNESS_WORDS];
    struct age age = age_of(x, words);

    age.seconds = NAN; /* whoever reads the file does so later */
    age.fresh = x->o->print ? x->meters.any : age.fresh;
    page_print(f, &x->meters, &age);
    return ferror(f) ? err_sys(e, "cannot write") : 0;
}

static int write_textfile(struct exporter *x, struct err *e)
{
    const char *path = x->o->textfile;

    if (!path || output_replace(path, 0644, print_page, x, e) == 0)
        return 0;
    return err_prefix(e, "%s", path);
}

/* When the files have to be written again if no sample comes: also when what
 * stands in the textfile is stale. */
static int64_t next_write_ns(const struct exporter *x)
{
    int64_t stale = freshness_end_ns(&x->o->fresh, &x->meters);

    return x->told && stale < x->due_ns ? stale : x->due_ns;
}

static void write_if_due(struct exporter *x)
{
    int64_t now = clock_monotonic_ns();
    char words[FRESHNESS_WORDS];
    bool fresh = x->o->textfile && age_of(x, words).fresh;
    struct err e;

    if (now < x->due_ns && fresh == x->told)
        return;
    x->told = fresh;
    x->due_ns = now + x->o->every_ns;
    if (save(x, &e) < 0 || write_textfile(x, &e) < 0)
        complain(x, &e);
    else
        x->complained = false;
}

/* ---- requests ---- */

static void answer_metrics(struct exporter *x, struct server_answer *a)
{
    char words[FRESHNESS_WORDS];
    struct age age = age_of(x, words);
    FILE *f = open_memstream(&a->body, &a->size);

    if (!f)
        return;
    page_print(f, &x->meters, &age);
    if (fclose(f) != 0)
        return;
    a->status = 200;
    a->type = "text/plain; version=0.0.4; charset=utf-8";
}

static void answer(void *arg, const char *path, struct server_answer *a)
{
    struct exporter *x = arg;
    char words[FRESHNESS_WORDS];

    a->status = 500;
    if (strcmp(path, "/metrics") == 0) {
        save_if_due(x);
        answer_metrics(x, a);
        return;
    }
    if (strcmp(path, "/healthz") == 0) {
        a->status = age_of(x, words).fresh ? 200 : 503;
    } else {
        a->status = 404;
        snprintf(words, sizeof words, "there are /metrics and /healthz");
    }
    a->body = xasprintf("%s\n", words);
    a->size = strlen(a->body);
}

static int serve(struct exporter *x, struct err *e)
{
    static const char *const here[] = {"127.0.0.1:28283", "[::1]:28283"};
    const struct strings *at = &x->o->listen;
    size_t n = at->n ? at->n : sizeof here / sizeof *here;

    for (size_t i = 0; i < n; i++) {
        struct server **s = &x->server[x->n_servers];

        if (server_open(s, at->n ? at->at[i] : here[i], answer, x, e) < 0) {
            if (at->n || i == 0)
                return err_prefix(e, "--listen");
            log_verbose("%s", e->msg); /* a machine without IPv6 */
            continue;
        }
        x->n_servers++;
        log_note("%s/metrics", server_url(*s));
        if (!server_is_local(*s))
            log_warn("%s: whoever reaches this address reads the figures, and "
                     "there is no password",
                     server_url(*s));
    }
    return 0;
}

/* ---- the loop ---- */

/* How long the wait may last, in ms; -1: for ever. */
static int wait_ms(const struct exporter *x)
{
    int64_t due = (next_write_ns(x) - clock_monotonic_ns()) / NS_PER_MS + 1;
    int least = due < 0 ? 0 : due > 60000 ? 60000 : (int)due;

    for (size_t i = 0; i < x->n_servers; i++) {
        int ms = server_timeout_ms(x->server[i]);

        if (ms >= 0 && ms < least)
            least = ms;
    }
    return least;
}

/* Serve whoever is there, waiting for somebody or input if told to.  Returns
 * whether there is input. */
static bool turn(struct exporter *x, int ms)
{
    struct pollfd p[MAX_SERVERS + 1];
    struct timespec t = {ms / 1000, ms % 1000 * NS_PER_MS};
    size_t n = x->n_servers;

    for (size_t i = 0; i < n; i++)
        p[i] = (struct pollfd){.fd = server_fd(x->server[i]), .events = POLLIN};
    p[n] = (struct pollfd){
        .fd = stream_reader_fd(prediction_reader_stream(x->input)),
        .events = POLLIN};
    if (ppoll(p, n + 1, &t, &x->meanwhile) < 0)
        return false;
    for (size_t i = 0; i < n; i++)
        server_run(x->server[i]);
    return p[n].revents != 0;
}

/* Nothing to read: serve until there is. */
static int on_idle(void *arg, struct err *e)
{
    struct exporter *x = arg;

    (void)e;
    do
        write_if_due(x);
    while (!turn(x, wait_ms(x)) && !stop_requested());
    return 0;
}

/* Much to read: serve all the same. */
static void now_and_then(struct exporter *x)
{
    int64_t now = clock_monotonic_ns();

    if (now < x->turn_ns)
        return;
    x->turn_ns = now + TURN_NS;
    write_if_due(x);
    turn(x, 0);
}

static int run(struct exporter *x, struct err *e)
{
    struct stream_reader *stream = prediction_reader_stream(x->input);
    struct prediction p;
    bool fresh;
    int status;

    stream_reader_allow_truncated(stream, x->o->allow_truncated);
    stream_reader_on_idle(stream, on_idle, x);
    while ((status = prediction_reader_next(x->input, &p, &fresh, e)) > 0) {
        if (fresh &&
            meters_begin(&x->meters, prediction_reader_header(x->input),
                         prediction_reader_form(x->input), e) < 0)
            return err_prefix(e, "%s", stream_reader_name(stream));
        meters_add(&x->meters, &p, clock_monotonic_ns());
        x->n_read++;
        now_and_then(x);
    }
    return status;
}

/* ---- the program ---- */

/* Signals come while it waits and at no other time, so that none is missed. */
static void hold_signals(struct exporter *x)
{
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGPIPE); /* of a client that went away */
    sigprocmask(SIG_BLOCK, &held, &x->meanwhile);
    sigaddset(&x->meanwhile, SIGPIPE);
}

static int start(struct exporter *x, const char *path, struct err *e)
{
    const struct options *o = x->o;

    if (o->state && (state_read(&x->meters, o->state, e) < 0 ||
                     state_write(&x->meters, o->state, e) < 0))
        return -1;
    x->n_saved = x->meters.n_rows;
    meters_show(&x->meters);
    if (prediction_reader_open(&x->input, path, e) < 0)
        return -1;
    if (!o->print)
        hold_signals(x);
    if ((o->listen.n || (!o->textfile && !o->print)) && serve(x, e) < 0)
        return -1;
    x->due_ns = o->print ? INT64_MAX : 0;
    return write_textfile(x, e);
}

/*
 * Whatever ended it, the sums are kept.  The metrics end with the program: a
 * file of them would be read for ever.  But of a recording it is what remains.
 */
static int finish(struct exporter *x, struct err *e)
{
    const struct options *o = x->o;
    int rc = save(x, e);
    FILE *f;

    if (o->print) {
        f = output_is_stdout(o->common.output) ? stdout
                                               : fopen(o->common.output, "we");
        if (!f)
            return err_sys(e, "%s", o->common.output);
        print_page(f, x, e);
        if (f != stdout && fclose(f) != 0)
            rc = err_sys(e, "%s", o->common.output);
    } else if (o->textfile && o->fresh.recorded) {
        rc = write_textfile(x, e) < 0 ? -1 : rc;
    } else if (o->textfile) {
        unlink(o->textfile);
    }
    return rc;
}

static void release(struct exporter *x)
{
    for (size_t i = 0; i < x->n_servers; i++)
        server_close(x->server[i]);
    prediction_reader_close(x->input);
    meters_release(&x->meters);
}

/* Returns the exit code. */
static int work(struct exporter *x, const char *path)
{
    struct err e, late;
    int code = 0;

    if (start(x, path, &e) < 0) {
        if (stop_requested()) /* before anybody wrote to a named pipe */
            return 0;
        die(&e);
    }
    if (run(x, &e) < 0) {
        log_error("%s", e.msg);
        code = (int)e.code;
    }
    if (finish(x, &late) < 0) {
        log_error("%s", late.msg);
        code = code ? code : (int)late.code;
    }
    return code;
}

static int check_options(const struct options *o, char **paths, int n,
                         struct err *e)
{
    static const char suffix[] = ".prom";
    const char *file = o->textfile;
    const char *const written[] = {file, o->state, o->common.output};

    if (n > 1)
        return err_set(e, ERR_USAGE, "one stream at a time");
    if (o->common.output && !o->print)
        return err_set(e, ERR_USAGE, "--output: only --print writes there");
    if (o->print && (file || o->listen.n))
        return err_set(e, ERR_USAGE, "--print: it prints, and no more");
    if (file && (strlen(file) < sizeof suffix ||
                 strcmp(file + strlen(file) - sizeof suffix + 1, suffix) != 0))
        return err_set(e, ERR_USAGE,
                       "--textfile: '%s' is not read by node_exporter; name it "
                       "NAME.prom",
                       file);
    if (o->listen.n > MAX_SERVERS)
        return err_set(e, ERR_USAGE, "--listen: at most %d", MAX_SERVERS);
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        if (written[i] &&
            output_check(written[i], o->common.config, paths, n, e) < 0)
            return -1;
    return 0;
}

static int take_options(struct options *o, struct cli *cli, char **paths, int n,
                        struct err *e)
{
    if (config_file_options(o->common.config, cli, e) < 0)
        return -1;
    return check_options(o, paths, n, e);
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT, .every_ns = 10 * NS_PER_S};
    struct opt opts[] = {
        {OPT_STRINGS, 0, "listen", &o.listen, "ADDR:PORT",
         "serve there; may be repeated", 0, 0, 0, 0},
        {OPT_STRING, 0, "textfile", &o.textfile, "FILE.prom",
         "write for node_exporter; serve if told to", 0, 0, 0, 0},
        {OPT_FLAG, 0, "print", &o.print, 0,
         "print the metrics at the end of the input", 0, 0, 0, 0},
        {OPT_STRING, 0, "state", &o.state, "FILE",
         "keep the joules there, over restarts", 0, 0, 0, 0},
        {OPT_DURATION, 0, "stale", &o.fresh.stale_ns, "TIME",
         "tell no sample older than that (10s)", 0, 0, 0, 0},
        {OPT_DURATION, 0, "every", &o.every_ns, "TIME",
         "write the files so often (10s)", 0, 0, 0, 0},
        {OPT_FLAG, 0, "recorded", &o.fresh.recorded, 0,
         "take samples of another time as of now", 0, 0, 0, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "a stream that was cut is a warning", 0, 0, 0, 0},
        CLI_COMMON(&o.common),
    };
    struct cli cli = {
        .name = "rapl-export",
        .usage = "[OPTIONS] [FILE]",
        .about = "Show predictions to Prometheus: at http://localhost:28283"
                 "/metrics, or in a file.",
        .examples =
            "  ... | rapl-infer MODEL | rapl-export --state rapl.state\n"
            "  rapl-export --print run7.pred",
        .opts = opts,
    };
    struct exporter x = {.o = &o};
    struct err e;
    int code, first = cli_parse(&cli, argc, argv, &o.common), n = argc - first;

    if (take_options(&o, &cli, argv + first, n, &e) < 0)
        die(&e);
    code = work(&x, n ? argv[first] : NULL);
    release(&x);
    strings_release(&o.listen);
    cli_release(&cli);
    return cli_finish(code, x.n_read, -1);
}

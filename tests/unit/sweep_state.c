/* How far a sweep is, by its journal; what a run is labelled; what happened
 * around it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/sweep/run_labels.h"
#include "common/sweep/surroundings.h"
#include "common/sweep/sweep_state.h"
#include "formats/config.h"

static const char yaml[] =
    "name: unit\nparts:\n"
    " - combine:\n"
    "    - {stressor: cpu, levels: [0, 2], options: --cpu-method float}\n"
    "    - {stressor: syscall, as: sys, levels: 1}\n"
    " - {pattern: burst, stressors: [cpu, matrix]}\n"
    " - idle: after_load\n"
    " - {program: sort, command: 'seq 9 | sort', times: {run: 2s}}\n";

enum { RUNS = 5 };

static struct err e;
static struct node *root;
static struct sweep_spec spec;
static struct sweep_plan plan;
static struct sweep_dir dir;
static char folder[64];

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/rapl-state.XXXXXX");
    if (!mkdtemp(folder) || sweep_dir_open(&dir, folder, true, &e) < 0 ||
        config_parse(&root, "t", yaml, sizeof yaml - 1, &e) < 0 ||
        sweep_spec_read(&spec, root, 4, &e) < 0 ||
        sweep_plan_make(&plan, &spec, &e) < 0)
        return -1;
    return plan.n == RUNS ? 0 : -1;
}

static int end(void **state)
{
    char *command = xasprintf("rm -rf '%s'", folder);
    int rc = system(command);

    (void)state;
    free(command);
    sweep_plan_release(&plan);
    sweep_spec_release(&spec);
    node_free(root);
    root = NULL;
    sweep_dir_close(&dir);
    return rc;
}

static void write_file(const char *name, const char *suffix, const char *text)
{
    char *path =
        sweep_dir_file(&dir, suffix ? "runs" : "journal", name, suffix);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    free(path);
}

/* A line of the journal: what happened to run i (of those as written). */
static void happens(char **journal, const char *event, size_t i,
                    const char *result)
{
    char *longer =
        xasprintf("%s{\"event\":\"%s\",\"run\":\"%s\",\"result\":\"%s\"}\n",
                  *journal, event, plan.run[i].name, result);

    free(*journal);
    *journal = longer;
}

static struct sweep_state state_of(const char *journal)
{
    struct sweep_state s;

    write_file("jsonl", NULL, journal);
    if (sweep_state_read(&s, &dir, &plan, &e) < 0)
        fail_msg("%s", e.msg);
    return s;
}

static void a_run_is_what_its_last_lines_say(void **state)
{
    char *journal = xstrdup("{\"event\":\"start\",\"pid\":1}\n{\"event\":");
    struct sweep_state s;

    (void)state;
    happens(&journal, "begin", 0, ""); /* is cut off: no line */
    happens(&journal, "begin", 0, "");
    happens(&journal, "run", 0, "good");
    happens(&journal, "begin", 1, "");
    happens(&journal, "run", 1, "bad");
    happens(&journal, "begin", 1, "");
    happens(&journal, "run", 1, "lost");
    happens(&journal, "given_up", 1, "");
    happens(&journal, "begin", 2, "");
    happens(&journal, "run", 2, "stopped");
    happens(&journal, "left_out", 3, "");
    happens(&journal, "begin", 4, "");
    write_file(plan.run[0].name, "rapl", "");
    s = state_of(journal);
    assert_int_equal(s.damaged, 1);
    assert_int_equal(s.n_good, 1);
    assert_int_equal(s.n_given_up, 1);
    assert_int_equal(s.n_left_out, 1);
    assert_int_equal(s.n_bad, 2);
    assert_true(s.run[0].good && s.run[1].given_up && s.run[3].left_out);
    assert_int_equal(s.run[1].attempts, 2);
    assert_int_equal(s.run[2].attempts, 0);
    assert_false(s.run[2].begun);
    assert_true(s.run[4].begun);
    for (size_t i = 0; i < RUNS; i++)
        assert_int_equal(run_state_done(&s.run[i]), i != 2 && i != 4);
    /* a run of 63 s and one of 20 s */
    assert_int_equal(sweep_state_left_ns(&s, &plan), 83 * NS_PER_S);
    sweep_state_release(&s);
    happens(&journal, "retry", 1, "");
    s = state_of(journal);
    assert_int_equal(s.n_given_up, 0);
    assert_int_equal(s.run[1].attempts, 0);
    sweep_state_release(&s);
    free(journal);
}

/* The journal is believed only where the recording is there. */
static void a_recording_that_is_gone_is_not_good(void **state)
{
    char *journal = xstrdup("");
    struct sweep_state s;

    (void)state;
    s = state_of("");
    assert_int_equal(s.n_good + s.n_bad + s.damaged, 0);
    assert_null(s.last_event);
    sweep_state_release(&s);
    happens(&journal, "run", 0, "good");
    s = state_of(journal);
    assert_int_equal(s.n_good, 0);
    assert_false(run_state_done(&s.run[0]));
    sweep_state_release(&s);
    free(journal);
}

/* A journal of another sweep, or one that somebody wrote by hand. */
static void strange_names_are_no_runs(void **state)
{
    struct sweep_state s = state_of(
        "{\"event\":\"run\",\"run\":\"run_0_of_5\",\"result\":\"bad\"}\n"
        "{\"event\":\"run\",\"run\":\"run_6_of_5\",\"result\":\"bad\"}\n"
        "{\"event\":\"run\",\"run\":\"run_99999999999999999999\"}\n"
        "{\"event\":\"given_up\",\"run\":\"../run_1\"}\n"
        "{\"event\":\"given_up\"}\n{\"run\":\"run_1_of_5\"}\n");

    (void)state;
    assert_int_equal(s.n_bad + s.n_given_up + s.damaged, 0);
    assert_string_equal(s.last_event, "");
    sweep_state_release(&s);
}

/* ---- labels ---- */

/* The words of run i, each between line ends. */
static char *words_of(size_t i)
{
    struct run_context c = {.spec = &spec,
                            .sampler = "rapl-sample",
                            .stress_ng = "0.99",
                            .sys = "/fed"};
    struct strings argv = {0};
    char *joined, *text;

    run_sampler_words(&argv, &c, &plan.run[i], "out.part", i + 1, 2);
    joined = strings_join(&argv, "\n");
    text = xasprintf("\n%s\n", joined);
    free(joined);
    strings_release(&argv);
    return text;
}

static void has(const char *text, const char *word)
{
    char *line = xasprintf("\n%s\n", word);

    if (!strstr(text, line))
        fail_msg("no %s in%s", word, text);
    free(line);
}

static void a_run_says_all_of_its_load(void **state)
{
    char *text = words_of(1);

    (void)state;
    has(text, "run=run_2_of_5-cpu2-sys1");
    has(text, "workload=cpu+syscall");
    has(text, "sweep=unit");
    has(text, "order=2");
    has(text, "attempt=2");
    has(text, "stress_ng=0.99");
    has(text, "load=combine");
    has(text, "held_out=no");
    has(text, "pattern=none");
    has(text, "workers.cpu=2");
    has(text, "workers.syscall=1");
    has(text, "workers.matrix=0");
    has(text, "/fed");
    has(text, "16ms");
    assert_null(strstr(text, "--require-energy"));
    assert_null(strstr(text, "--proc"));
    free(text);
}

static void other_runs_say_what_they_are(void **state)
{
    static const struct {
        size_t run;
        const char *words[6];
    } wanted[] = {
        {2,
         {"load=pattern", "pattern=burst", "workload=burst", "workers.cpu=4",
          "workers.matrix=4"}},
        {3, {"load=idle", "idle=after_load", "workload=idle", "workers.cpu=0"}},
        {4,
         {"load=program", "held_out=yes", "workload=sort",
          "command=seq 9 | sort", "workers.cpu=0"}}};
    char seed[40], *text;

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        text = words_of(wanted[i].run);
        for (size_t k = 0; wanted[i].words[k]; k++)
            has(text, wanted[i].words[k]);
        snprintf(seed, sizeof seed, "seed=%llu",
                 (unsigned long long)plan.run[wanted[i].run].seed);
        has(text, seed);
        free(text);
    }
}

/* ---- around a run ---- */

static void clocks_and_heat_are_told(void **state)
{
    const struct surroundings before = {5000 * NS_PER_S, 900 * NS_PER_S,
                                        800 * NS_PER_S, 7};
    static const struct {
        int64_t real, boot, mono; /* s that pass */
        int64_t step, suspended;
    } cases[] = {
        {45, 45, 45, 0, 0},        {3645, 45, 45, 3600, 0},
        {-3555, 45, 45, -3600, 0}, {645, 645, 45, 0, 600},
        {46, 645, 45, -599, 600},
    };
    struct surroundings after;
    struct happened h;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        after = (struct surroundings){before.real_ns + cases[i].real * NS_PER_S,
                                      before.boot_ns + cases[i].boot * NS_PER_S,
                                      before.mono_ns + cases[i].mono * NS_PER_S,
                                      before.throttles + i};
        surroundings_compare(&h, &before, &after);
        assert_int_equal(h.clock_step_ns, cases[i].step * NS_PER_S);
        assert_int_equal(h.suspended_ns, cases[i].suspended * NS_PER_S);
        assert_int_equal(h.throttled, i);
    }
    after = before; /* a clock that is steered, a CPU that was taken away */
    after.real_ns += 49 * NS_PER_MS;
    after.throttles = 0;
    surroundings_compare(&h, &before, &after);
    assert_int_equal(h.clock_step_ns, 0);
    assert_int_equal(h.throttled, 0);
}

static void the_machine_is_asked(void **state)
{
    struct surroundings a, b;

    (void)state;
    surroundings_look(&a, "/no/such/folder");
    assert_int_equal(a.throttles, 0);
    assert_true(a.boot_ns >= a.mono_ns && a.real_ns > a.boot_ns);
    surroundings_look(&b, NULL);
    assert_true(b.mono_ns >= a.mono_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_is_what_its_last_lines_say, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_recording_that_is_gone_is_not_good,
                                        begin, end),
        cmocka_unit_test_setup_teardown(strange_names_are_no_runs, begin, end),
        cmocka_unit_test_setup_teardown(a_run_says_all_of_its_load, begin, end),
        cmocka_unit_test_setup_teardown(other_runs_say_what_they_are, begin,
                                        end),
        cmocka_unit_test(clocks_and_heat_are_told),
        cmocka_unit_test(the_machine_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

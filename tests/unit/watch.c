/* Suspension, another processor, CPUs that come and go, stolen time. */
#include "common/base/clock.h"
#include "common/probe/watch.h"
#include "tests/unit/tree.h"

/* Eyes that see what the test sets; each look at a clock may take time. */
struct scene {
    int64_t mono_ns, slept_ns, delay_ns;
    char model[WATCH_TEXT];
};

static int64_t boot(void *arg)
{
    struct scene *s = arg;
    int64_t t = s->mono_ns + s->slept_ns;

    s->mono_ns += s->delay_ns; /* preempted before the other is read */
    return t;
}

static int64_t mono(void *arg)
{
    return ((struct scene *)arg)->mono_ns;
}

static void model(void *arg, char text[WATCH_TEXT])
{
    memcpy(text, ((struct scene *)arg)->model, WATCH_TEXT);
}

static struct scene scene;
static const struct watch_eyes eyes = {boot, mono, model, &scene};
static const struct roots roots = {.proc = root, .sys = root};
static struct watch w;
static struct channels cs;
static struct news news;

/* Times of 8 fields, the last being steal; others around them. */
static uint64_t now[10];

static void begin(void)
{
    static const char *const names[] = {
        "ctxt",       "cpu.user", "cpu.nice",    "cpu.system", "cpu.idle",
        "cpu.iowait", "cpu.irq",  "cpu.softirq", "cpu.steal",  "intr"};

    memset(&scene, 0, sizeof scene);
    memset(now, 0, sizeof now);
    snprintf(scene.model, sizeof scene.model, "Xeon A");
    scene.mono_ns = 100 * NS_PER_S;
    put("cpuinfo", "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Xeon A\n");
    channels_release(&cs);
    for (size_t i = 0; i < 10; i++)
        channels_add(&cs, names[i], "tick", CHANNEL_U64, CHANNEL_COUNTER, 0);
    watch_open(&w, &eyes, &roots, &cs);
}

static void row(int64_t after_ns)
{
    scene.mono_ns += after_ns;
    watch_row(&w, scene.mono_ns, now, &news);
}

static void check_quiet(int64_t after_ns)
{
    row(after_ns);
    assert_true(news.suspended_ns == 0);
    assert_false(news.steal_changed);
    assert_false(news.machine_changed);
}

static void a_suspension_shows_at_the_next_row(void **state)
{
    (void)state;
    begin();
    check_quiet(16 * NS_PER_MS);
    scene.slept_ns += 3600 * NS_PER_S;
    row(16 * NS_PER_MS);
    assert_true(news.suspended_ns == 3600 * NS_PER_S);
    check_quiet(16 * NS_PER_MS);
    scene.slept_ns += 10 * NS_PER_MS;
    row(16 * NS_PER_MS);
    assert_true(news.suspended_ns == 10 * NS_PER_MS);
    watch_close(&w);
}

/* The recorder may be kept from its CPU between any two clocks it reads. */
static void preemption_is_no_suspension(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 50; i++) {
        scene.delay_ns = i % 3 * 40 * NS_PER_MS;
        check_quiet(NS_PER_MS);
    }
    scene.slept_ns += 5 * NS_PER_S; /* seen when it is less delayed */
    scene.delay_ns = 40 * NS_PER_MS;
    row(NS_PER_MS);
    assert_true(news.suspended_ns > 4 * NS_PER_S);
    watch_close(&w);
}

static void another_processor_is_described_as_such(void **state)
{
    struct labels meta = {0};

    (void)state;
    begin();
    check_quiet(NS_PER_MS);
    snprintf(scene.model, sizeof scene.model, "Xeon B");
    check_quiet(NS_PER_MS); /* once a second is often enough */
    row(NS_PER_S);
    assert_true(news.machine_changed);
    check_quiet(NS_PER_S);
    /* the kernel's word is of before */
    watch_describe(&w, &meta);
    assert_string_equal(labels_get(&meta, "cpu_model"), "Xeon B");
    assert_null(labels_get(&meta, "cpu_model_number"));
    labels_release(&meta);
    scene.model[0] = '\0'; /* no word is no news */
    check_quiet(NS_PER_S);
    watch_close(&w);
}

static void the_kernels_word_may_change_too(void **state)
{
    struct labels meta = {0};

    (void)state;
    begin();
    check_quiet(NS_PER_MS);
    put("cpuinfo", "processor\t: 0\nmodel\t\t: 17\nmodel name\t: EPYC\n");
    row(NS_PER_S);
    assert_true(news.machine_changed);
    watch_describe(&w, &meta);
    assert_string_equal(labels_get(&meta, "cpu_model"), "EPYC");
    assert_string_equal(labels_get(&meta, "cpu_model_number"), "17");
    labels_release(&meta);
    put("cpuinfo", "");
    check_quiet(NS_PER_S);
    put("cpuinfo", "processor\t: 0\nmodel name");
    check_quiet(NS_PER_S);
    watch_close(&w);
}

static void cpus_come_and_go(void **state)
{
    (void)state;
    put_dir("devices");
    put_dir("devices/system");
    put_dir("devices/system/cpu");
    put("devices/system/cpu/online", "0-3\n");
    begin();
    check_quiet(NS_PER_MS);
    put("devices/system/cpu/online", "0-2\n");
    row(NS_PER_S);
    assert_true(news.machine_changed);
    check_quiet(NS_PER_S);
    watch_close(&w);
}

/* One second of 100 ticks, so many of them stolen. */
static void second(uint64_t stolen)
{
    now[4] += 100 - stolen;
    now[8] += stolen;
    now[0] += 1000000; /* no CPU time */
    now[9] += 1000000;
    row(NS_PER_S);
}

static void steal_is_news_when_it_begins_and_ends(void **state)
{
    static const struct {
        uint64_t stolen;
        bool changed;
    } seconds[] = {{0, false}, {9, false}, {10, true},   {50, false},
                   {7, false}, {5, false}, {4, true},    {9, false},
                   {0, false}, {99, true}, {100, false}, {0, true}};

    (void)state;
    begin();
    now[1] = 5;
    row(NS_PER_MS);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        second(seconds[i].stolen);
        if (news.steal_changed != seconds[i].changed ||
            news.steal_pct != (int)seconds[i].stolen)
            fail_msg("second %zu: %d %%", i, news.steal_pct);
    }
    now[8] = 0; /* reset: no share can be told */
    row(NS_PER_S);
    assert_false(news.steal_changed);
    assert_int_equal(news.steal_pct, 0);
    watch_close(&w);
}

static void where_there_is_nothing_to_see_there_is_no_news(void **state)
{
    static const struct roots nowhere = {.proc = "/nonexistent",
                                         .sys = "/nonexistent"};
    struct channels none = {0};

    (void)state;
    begin();
    watch_close(&w);
    scene.model[0] = '\0';
    watch_open(&w, &eyes, &nowhere, &none);
    check_quiet(NS_PER_MS);
    check_quiet(NS_PER_S);
    watch_close(&w);
    /* and here, where something is, none either */
    watch_open(&w, &watch_eyes_here, &nowhere, &none);
    watch_row(&w, NS_PER_S, NULL, &news);
    assert_false(news.machine_changed);
    watch_close(&w);
}

static int end(void **state)
{
    channels_release(&cs);
    return remove_root(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspension_shows_at_the_next_row),
        cmocka_unit_test(preemption_is_no_suspension),
        cmocka_unit_test(another_processor_is_described_as_such),
        cmocka_unit_test(the_kernels_word_may_change_too),
        cmocka_unit_test(cpus_come_and_go),
        cmocka_unit_test(steal_is_news_when_it_begins_and_ends),
        cmocka_unit_test(where_there_is_nothing_to_see_there_is_no_news),
    };

    return cmocka_run_group_tests(tests, make_root, end);
}

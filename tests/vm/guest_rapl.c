// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel module: powercap zones that look like Intel's, and perf's PMU
 * `power` as well, on a machine that has no power counter.  Under GPL-2.0,
 * unlike the rest of the tree, because the kernel's powercap and perf are for
 * such modules alone.
 *
 *     intel-rapl:0    package-0   idle_uw + busy_uw for each busy CPU
 *     intel-rapl:0:0  core        four fifths of the busy part
 *     intel-rapl:0:1  dram        a tenth of the package
 *     intel-rapl:1    psys        the package and 10 W of board
 *
 * "Busy" is what /proc/stat counts: user, nice, system, irq and softirq time
 * of all CPUs.  A counter shows the energy modulo range_uj, which is also its
 * max_energy_range_uj; an event counts uJ from its opening on. /proc/guest_rapl
 * tells the whole truth: a line "ZONE ENERGY_UJ" for every time that somebody
 * read a counter, oldest first, in 64 bits that do not wrap.  Writing to it
 * forgets them.
 *
 * With zones=0 there is the PMU alone, with dead_psys=1 its energy-psys is
 * there and stays at zero, as virtual machines often have it.
 */
#include <linux/kernel_stat.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <linux/powercap.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>

#define BOARD_UW 10000000
#define N_READINGS (1 << 16)

enum zone_id { PACKAGE, CORE, DRAM, PSYS, N_ZONES };

static ulong idle_uw = 40000000;
module_param(idle_uw, ulong, 0444);
static ulong busy_uw = 60000000;
module_param(busy_uw, ulong, 0444);
static ulong range_uj = 250000000;
module_param(range_uj, ulong, 0444);
static bool zones = true;
module_param(zones, bool, 0444);
static bool dead_psys;
module_param(dead_psys, bool, 0444);

static const char *const zone_name[N_ZONES] = {"package-0", "core", "dram",
                                               "psys"};
static const int zone_parent[N_ZONES] = {-1, PACKAGE, PACKAGE, -1};
static struct powercap_control_type *control;
static struct powercap_zone zone[N_ZONES];
static u64 start_ns, start_busy_ns;

static struct reading {
    u64 energy_uj;
    enum zone_id id;
} reading[N_READINGS];
static size_t n_readings;
static u64 last_uj[N_ZONES];
static DEFINE_SPINLOCK(lock); /* of the three above */

static u64 cpu_busy_ns(int cpu)
{
    static const enum cpu_usage_stat kind[] = {CPUTIME_USER, CPUTIME_NICE,
                                               CPUTIME_SYSTEM, CPUTIME_IRQ,
                                               CPUTIME_SOFTIRQ};
    u64 sum = 0;
    int i;

    for (i = 0; i < ARRAY_SIZE(kind); i++)
        sum += READ_ONCE(kcpustat_cpu(cpu).cpustat[kind[i]]);
    return sum;
}

static u64 busy_ns(void)
{
    u64 sum = 0;
    int cpu;

    for_each_possible_cpu(cpu) sum += cpu_busy_ns(cpu);
    return sum;
}

static u64 energy(ulong power_uw, u64 t_ns)
{
    return mul_u64_u64_div_u64(power_uw, t_ns, NSEC_PER_SEC);
}

/* What the zone has used since the module was loaded. */
static u64 zone_energy_uj(enum zone_id id)
{
    u64 t_ns = ktime_get_ns() - start_ns;
    u64 busy_uj = energy(busy_uw, busy_ns() - start_busy_ns);
    u64 package_uj = energy(idle_uw, t_ns) + busy_uj;

    switch (id) {
    case CORE:
        return div_u64(busy_uj * 4, 5);
    case DRAM:
        return div_u64(package_uj, 10);
    case PSYS:
        return package_uj + energy(BOARD_UW, t_ns);
    default:
        return package_uj;
    }
}

/* Remember what somebody was shown; false if there is no more room. */
static bool remember(enum zone_id id, u64 energy_uj)
{
    if (n_readings == N_READINGS)
        return false;
    reading[n_readings++] = (struct reading){energy_uj, id};
    return true;
}

/* What the zone has used, never less than before; the lock is held. */
static u64 count_uj(enum zone_id id)
{
    last_uj[id] = max(last_uj[id], zone_energy_uj(id));
    return last_uj[id];
}

/* ---- powercap ---- */

static int get_energy_uj(struct powercap_zone *z, u64 *value)
{
    enum zone_id id = z - zone;
    unsigned long flags;
    u64 energy_uj;
    bool room;

    spin_lock_irqsave(&lock, flags);
    energy_uj = count_uj(id);
    room = remember(id, energy_uj);
    spin_unlock_irqrestore(&lock, flags);
    div64_u64_rem(energy_uj, range_uj, value);
    return room ? 0 : -ENOSPC;
}

static int get_max_energy_range_uj(struct powercap_zone *z, u64 *value)
{
    *value = range_uj;
    return 0;
}

static int release(struct powercap_zone *z)
{
    return 0; /* a zone lives as long as the module */
}

static const struct powercap_zone_ops zone_ops = {
    .get_energy_uj = get_energy_uj,
    .get_max_energy_range_uj = get_max_energy_range_uj,
    .release = release,
};

/* Zones without limits; the framework asks for these all the same. */
static int set_nothing(struct powercap_zone *z, int limit, u64 value)
{
    return -EOPNOTSUPP;
}

static int get_nothing(struct powercap_zone *z, int limit, u64 *value)
{
    return -EOPNOTSUPP;
}

static const struct powercap_zone_constraint_ops no_limits = {
    .set_power_limit_uw = set_nothing,
    .get_power_limit_uw = get_nothing,
    .set_time_window_us = set_nothing,
    .get_time_window_us = get_nothing,
};

static void unregister_zones(int n)
{
    while (--n >= 0)
        powercap_unregister_zone(control, &zone[n]);
    powercap_unregister_control_type(control);
}

static int register_zones(void)
{
    int i;

    control = powercap_register_control_type(NULL, "intel-rapl", NULL);
    if (IS_ERR_OR_NULL(control))
        return -EBUSY;
    for (i = 0; i < N_ZONES; i++) {
        struct powercap_zone *parent =
            zone_parent[i] < 0 ? NULL : &zone[zone_parent[i]];
        struct powercap_zone *z = powercap_register_zone(
            &zone[i], control, zone_name[i], parent, &zone_ops, 0, &no_limits);

        if (IS_ERR(z)) {
            unregister_zones(i);
            return PTR_ERR(z);
        }
    }
    return 0;
}

/* ---- perf ---- */

PMU_FORMAT_ATTR(event, "config:0-7");
/* A file that holds a text: clang-format takes the kernel's own macro apart. */
#define TEXT(var, file, content)                       \
    static struct perf_pmu_events_attr var = {         \
        .attr = {.attr = {.name = file, .mode = 0444}, \
                 .show = perf_event_sysfs_show},       \
        .event_str = content}
TEXT(cores, "energy-cores", "event=0x01");
TEXT(pkg, "energy-pkg", "event=0x02");
TEXT(ram, "energy-ram", "event=0x03");
TEXT(psys, "energy-psys", "event=0x05");
TEXT(cores_scale, "energy-cores.scale", "1e-6");
TEXT(pkg_scale, "energy-pkg.scale", "1e-6");
TEXT(ram_scale, "energy-ram.scale", "1e-6");
TEXT(psys_scale, "energy-psys.scale", "1e-6");
TEXT(cores_unit, "energy-cores.unit", "Joules");
TEXT(pkg_unit, "energy-pkg.unit", "Joules");
TEXT(ram_unit, "energy-ram.unit", "Joules");
TEXT(psys_unit, "energy-psys.unit", "Joules");

static ssize_t cpumask_show(struct device *dev, struct device_attribute *a,
                            char *text)
{
    return sysfs_emit(text, "0\n");
}
static DEVICE_ATTR_RO(cpumask);

static struct attribute *event_attrs[] = {&cores.attr.attr,
                                          &pkg.attr.attr,
                                          &ram.attr.attr,
                                          &psys.attr.attr,
                                          &cores_scale.attr.attr,
                                          &pkg_scale.attr.attr,
                                          &ram_scale.attr.attr,
                                          &psys_scale.attr.attr,
                                          &cores_unit.attr.attr,
                                          &pkg_unit.attr.attr,
                                          &ram_unit.attr.attr,
                                          &psys_unit.attr.attr,
                                          NULL};
static struct attribute *format_attrs[] = {&format_attr_event.attr, NULL};
static struct attribute *device_attrs[] = {&dev_attr_cpumask.attr, NULL};
static const struct attribute_group event_group = {.name = "events",
                                                   .attrs = event_attrs};
static const struct attribute_group format_group = {.name = "format",
                                                    .attrs = format_attrs};
static const struct attribute_group device_group = {.attrs = device_attrs};
static const struct attribute_group *pmu_groups[] = {
    &device_group, &event_group, &format_group, NULL};

static int pmu_event_init(struct perf_event *event)
{
    static const int id_of[] = {-1, CORE, PACKAGE, DRAM, -1, PSYS};
    u64 config = event->attr.config;

    if (event->attr.type != event->pmu->type)
        return -ENOENT;
    if (is_sampling_event(event) || event->cpu < 0 ||
        config >= ARRAY_SIZE(id_of) || id_of[config] < 0)
        return -EINVAL;
    event->cpu = 0;
    event->hw.config = id_of[config];
    return 0;
}

/* Count on from where the event was read last; `shown` where it is read. */
static void pmu_update(struct perf_event *event, bool shown)
{
    enum zone_id id = event->hw.config;
    unsigned long flags;
    u64 now_uj;

    spin_lock_irqsave(&lock, flags);
    now_uj = count_uj(id);
    if (!(dead_psys && id == PSYS))
        local64_add(now_uj - local64_read(&event->hw.prev_count),
                    &event->count);
    local64_set(&event->hw.prev_count, now_uj);
    if (shown)
        remember(id, local64_read(&event->count));
    spin_unlock_irqrestore(&lock, flags);
}

static void pmu_read(struct perf_event *event)
{
    pmu_update(event, true);
}

static void pmu_start(struct perf_event *event, int flags)
{
    unsigned long irq;

    spin_lock_irqsave(&lock, irq);
    local64_set(&event->hw.prev_count, count_uj(event->hw.config));
    spin_unlock_irqrestore(&lock, irq);
    event->hw.state = 0;
}

static void pmu_stop(struct perf_event *event, int flags)
{
    if (!(event->hw.state & PERF_HES_STOPPED))
        pmu_update(event, false);
    event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
}

static int pmu_add(struct perf_event *event, int flags)
{
    event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
    if (flags & PERF_EF_START)
        pmu_start(event, flags);
    return 0;
}

static struct pmu power_pmu = {
    .module = THIS_MODULE,
    .task_ctx_nr = perf_invalid_context,
    .attr_groups = pmu_groups,
    .event_init = pmu_event_init,
    .add = pmu_add,
    .del = pmu_stop,
    .start = pmu_start,
    .stop = pmu_stop,
    .read = pmu_read,
    .capabilities = PERF_PMU_CAP_NO_EXCLUDE,
};

/* ---- what was shown ---- */

static int truth_show(struct seq_file *file, void *unused)
{
    size_t i;

    for (i = 0; i < READ_ONCE(n_readings); i++)
        seq_printf(file, "%s %llu\n", zone_name[reading[i].id],
                   reading[i].energy_uj);
    return 0;
}

static int truth_open(struct inode *inode, struct file *file)
{
    return single_open_size(file, truth_show, NULL, N_READINGS * 32);
}

static ssize_t truth_forget(struct file *file, const char __user *text,
                            size_t n, loff_t *at)
{
    unsigned long flags;

    spin_lock_irqsave(&lock, flags);
    n_readings = 0;
    spin_unlock_irqrestore(&lock, flags);
    return n;
}

static const struct proc_ops truth_ops = {
    .proc_open = truth_open,
    .proc_read = seq_read,
    .proc_lseek = seq_lseek,
    .proc_write = truth_forget,
    .proc_release = single_release,
};

/* ---- the module ---- */

static int __init guest_rapl_init(void)
{
    int rc;

    if (range_uj == 0)
        return -EINVAL;
    start_ns = ktime_get_ns();
    start_busy_ns = busy_ns();
    rc = perf_pmu_register(&power_pmu, "power", -1);
    if (rc < 0)
        return rc;
    if (zones)
        rc = register_zones();
    if (rc == 0 && proc_create("guest_rapl", 0600, NULL, &truth_ops))
        return 0;
    if (rc == 0 && zones)
        unregister_zones(N_ZONES);
    perf_pmu_unregister(&power_pmu);
    return rc < 0 ? rc : -ENOMEM;
}

static void __exit guest_rapl_exit(void)
{
    remove_proc_entry("guest_rapl", NULL);
    if (zones)
        unregister_zones(N_ZONES);
    perf_pmu_unregister(&power_pmu);
}

module_init(guest_rapl_init);
module_exit(guest_rapl_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("powercap zones named as Intel's, driven by CPU time");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel module: powercap zones that look like Intel's, on a machine that has
 * no power counter.  Under GPL-2.0, unlike the rest of the tree, because the
 * kernel's powercap framework is for such modules alone.
 *
 *     intel-rapl:0    package-0   idle_uw + busy_uw for each busy CPU
 *     intel-rapl:0:0  core        four fifths of the busy part
 *     intel-rapl:0:1  dram        a tenth of the package
 *     intel-rapl:1    psys        the package and 10 W of board
 *
 * "Busy" is what /proc/stat counts: user, nice, system, irq and softirq time
 * of all CPUs.  A counter shows the energy modulo range_uj, which is also its
 * max_energy_range_uj, and /proc/guest_rapl tells the whole truth: a line
 * "ZONE ENERGY_UJ" for every time that somebody read a counter, oldest first,
 * in 64 bits that do not wrap.  Writing to it forgets them.
 */
#include <linux/kernel_stat.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
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

static int get_energy_uj(struct powercap_zone *z, u64 *value)
{
    enum zone_id id = z - zone;
    int rc = 0;

    spin_lock(&lock);
    last_uj[id] = max(last_uj[id], zone_energy_uj(id));
    if (n_readings < N_READINGS)
        reading[n_readings++] = (struct reading){last_uj[id], id};
    else
        rc = -ENOSPC;
    div64_u64_rem(last_uj[id], range_uj, value);
    spin_unlock(&lock);
    return rc;
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
    spin_lock(&lock);
    n_readings = 0;
    spin_unlock(&lock);
    return n;
}

static const struct proc_ops truth_ops = {
    .proc_open = truth_open,
    .proc_read = seq_read,
    .proc_lseek = seq_lseek,
    .proc_write = truth_forget,
    .proc_release = single_release,
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

static int __init guest_rapl_init(void)
{
    int rc;

    if (range_uj == 0)
        return -EINVAL;
    start_ns = ktime_get_ns();
    start_busy_ns = busy_ns();
    rc = register_zones();
    if (rc == 0 && !proc_create("guest_rapl", 0600, NULL, &truth_ops)) {
        unregister_zones(N_ZONES);
        rc = -ENOMEM;
    }
    return rc;
}

static void __exit guest_rapl_exit(void)
{
    remove_proc_entry("guest_rapl", NULL);
    unregister_zones(N_ZONES);
}

module_init(guest_rapl_init);
module_exit(guest_rapl_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("powercap zones named as Intel's, driven by CPU time");

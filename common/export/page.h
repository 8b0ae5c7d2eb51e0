#ifndef EXPORT_PAGE_H
#define EXPORT_PAGE_H

#include <stdio.h>

#include "common/export/freshness.h"

/*
 * Meters as a page of metrics, in Prometheus' text format 0.0.4, which
 * node_exporter's textfile collector takes as well.  doc/export.md lists the
 * metrics and their labels.
 */

/*
 * Print the page.  Of stale meters what only says how the exporter is: their
 * watts and joules are absent, so that nobody takes them for those of now.
 * What could not be written shows in ferror(f).
 */
void page_print(FILE *f, const struct meters *ms, const struct age *age);

#endif

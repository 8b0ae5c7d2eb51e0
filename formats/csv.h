#ifndef FORMATS_CSV_H
#define FORMATS_CSV_H

#include "formats/csvmap.h"
#include "formats/lines.h"

/*
 * A table of numbers as text, through libcsv, read by a map that says which
 * column is which channel.  The first line names the columns.
 */

struct csv_reader;

/*
 * Read the line of names.  A column of the map that is not there, or a name
 * that is there twice, is an error (ERR_DATA).  An empty file has no rows and
 * no error.  Keeps l and map, which the caller closes after the reader.
 */
int csv_open(struct csv_reader **r, struct lines *l, const struct csv_map *map,
             struct err *e);

/*
 * The next row, borrowed until the next call: 1, 0 at the end, -1 on error.
 * A row with too few or too many fields, with a value that is no finite
 * number or out of its range, or longer than LINES_MAX has row->why.
 */
int csv_next(struct csv_reader *r, struct log_row *row, struct err *e);
void csv_close(struct csv_reader *r);

#endif

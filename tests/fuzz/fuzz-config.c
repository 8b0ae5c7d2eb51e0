/* YAML and JSON as a tree, and a column map made of it. */
#include "formats/config.h"
#include "formats/csvmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv_map map;
    struct node *root;
    struct err e;

    if (config_parse(&root, "fuzz", (const char *)data, size, &e) < 0)
        return 0;
    csv_map_read(&map, root, &e);
    csv_map_release(&map);
    node_free(root);
    return 0;
}

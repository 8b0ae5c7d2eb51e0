#include "formats/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/base/xalloc.h"

void json_text(FILE *f, const char *text)
{
    uint32_t code;
    size_t n;

    /* Pure ASCII, but for what YAML's \\u does not reach. */
    fputc('"', f);
    for (; *text; text += n) {
        n = utf8_decode(text, &code);
        if (n == 0) {
            code = (uint8_t)*text;
            n = 1;
        }
        if (code == '"' || code == '\\')
            fprintf(f, "\\%c", (char)code);
        else if ((code >= 0x20 && code < 0x7f) || n == 4)
            fwrite(text, 1, n, f);
        else
            fprintf(f, "\\u%04x", code);
    }
    fputc('"', f);
}

/* As JSON's grammar has it: 1, -2.5, 1e-3; not 01, .5, 0x1 or inf. */
static bool is_number(const char *s)
{
    char *end;

    s += *s == '-';
    if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] >= '0' && s[1] <= '9'))
        return false;
    strtod(s, &end);
    return !*end && end[-1] != '.' && !strpbrk(s, "xX") && !strstr(s, ".e") &&
           !strstr(s, ".E");
}

static void put_scalar(FILE *f, const char *text)
{
    if (is_number(text) || strcmp(text, "true") == 0 ||
        strcmp(text, "false") == 0)
        fputs(text, f);
    else
        json_text(f, text);
}

void json_node(FILE *f, const struct node *n)
{
    if (n->kind == NODE_SCALAR) {
        put_scalar(f, n->text);
        return;
    }
    fputc(n->kind == NODE_LIST ? '[' : '{', f);
    for (size_t i = 0; i < n->n; i++) {
        if (i)
            fputc(',', f);
        if (n->kind == NODE_MAP) {
            json_text(f, n->key[i]->text);
            fputc(':', f);
        }
        json_node(f, n->item[i]);
    }
    fputc(n->kind == NODE_LIST ? ']' : '}', f);
}

char *json_of(const struct node *n)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return xstrdup("");
    json_node(f, n);
    fclose(f);
    return text;
}

char *json_of_labels(const struct labels *ls)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return xstrdup("");
    for (size_t i = 0; i < ls->n; i++) {
        fputc(i ? ',' : '{', f);
        json_text(f, ls->at[i].key);
        fputc(':', f);
        put_scalar(f, ls->at[i].value);
    }
    fputs(ls->n ? "}\n" : "{}\n", f);
    fclose(f);
    return text;
}

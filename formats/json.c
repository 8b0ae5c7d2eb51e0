#include "formats/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

/*
 * The UTF-8 character at s, which ends with a NUL; returns its bytes.  A byte
 * that is part of no character is taken as Latin-1.
 */
static int decode(const uint8_t *s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = (s[0] & 0xe0) == 0xc0   ? 2
            : (s[0] & 0xf0) == 0xe0 ? 3
            : (s[0] & 0xf8) == 0xf0 ? 4
                                    : 1;
    uint32_t v = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));

    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            *code = s[0];
            return 1;
        }
        v = v << 6 | (s[i] & 0x3f);
    }
    if (v < least[n] || (v >= 0xd800 && v < 0xe000) || v > 0x10ffff) {
        *code = s[0];
        return 1;
    }
    *code = v;
    return n;
}

void json_text(FILE *f, const char *text)
{
    uint32_t code;
    int n;

    /* Pure ASCII, but for what YAML's \\u does not reach. */
    fputc('"', f);
    for (; *text; text += n) {
        n = decode((const uint8_t *)text, &code);
        if (code == '"' || code == '\\')
            fprintf(f, "\\%c", (char)code);
        else if ((code >= 0x20 && code < 0x7f) || n == 4)
            fwrite(text, 1, (size_t)n, f);
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

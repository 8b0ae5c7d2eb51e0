#include "common/plot/rows.h"

#include "common/base/utf8.h"

enum { MOST_LETTERS = 40 };

static size_t letters_of(const char *s)
{
    size_t n = 0, step;
    uint32_t code;

    for (; *s; s += step ? step : 1, n++)
        step = utf8_decode(s, &code);
    return n;
}

int rows_height(size_t n)
{
    return 24 * (int)(n < 200 ? n : 200);
}

void rows_names(struct canvas *c, double share, char *const *names, size_t n)
{
    double em = .95 * share * (c->height - c->top - c->bottom) / (double)n;
    size_t longest = 4, fit = (size_t)(.4 * c->width / (.56 * c->em));

    fit = fit > MOST_LETTERS ? MOST_LETTERS : fit < 4 ? 4 : fit;
    em = em < 5 ? 5 : em; /* less is no text */
    for (size_t i = 0; i < n; i++)
        if (letters_of(names[i]) > longest)
            longest = letters_of(names[i]);
    if (longest > fit)
        longest = fit;
    c->left = canvas_room_for(c, longest);
    fprintf(c->f,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
            "set yrange [.4:%zu.6]\nset format y '%%s'\n"
            "set ytics () scale 0 font ',%.1f'\n",
            1.0 * c->left / c->width, 1 - 1.5 * c->em / c->width, n,
            (c->format == CANVAS_PNG ? .75 : 1) * (em < c->em ? em : c->em));
    for (size_t i = 0; i < n; i++) {
        fputs("set ytics add (", c->f);
        canvas_quote_tic(c, names[i], fit);
        fprintf(c->f, " %zu)\n", n - i);
    }
}

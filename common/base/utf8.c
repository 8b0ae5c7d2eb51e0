#include "common/base/utf8.h"

size_t utf8_decode(const char *s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *u = (const uint8_t *)s;
    size_t n = u[0] < 0x80             ? 1
               : (u[0] & 0xe0) == 0xc0 ? 2
               : (u[0] & 0xf0) == 0xe0 ? 3
               : (u[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    uint32_t v = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (u[i] & 0x3f);
    }
    if (n == 0 || v < least[n] || (v >= 0xd800 && v < 0xe000) || v > 0x10ffff)
        return 0;
    *code = v;
    return n;
}

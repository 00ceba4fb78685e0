/* Fingerprints of documents: winnowed hashes of eight words in a row.
   The definition is scanner/text/winnow.py. */
#ifndef LEAKSCAN_PRINT_H
#define LEAKSCAN_PRINT_H
#include "fold.h"

enum { SHINGLE = 8, WINNOW = 8, PRINT_SLICE = 32768 };

typedef struct {
    Keys k;
    Fold f;
    u64 power; /* chain multiplier to the power of SHINGLE */
    u64 ring[SHINGLE], sum, window[WINNOW];
    u64 words, last; /* words read; number of the shingle told last, plus one */
    u64 *out;
    u64 out_n, out_cap;
    u8 held[PRINT_SLICE + 192]; /* input not yet folded */
    u32 held_n;
    int failed, ended;
} Printer;

static void print_word(Printer *p, u64 h) {
    u64 at = p->words++, m = p->k.m[3];
    p->sum = p->sum * m + h - p->ring[at % SHINGLE] * p->power;
    p->ring[at % SHINGLE] = h;
    if (p->words < SHINGLE) return;
    u64 number = p->words - SHINGLE, x = p->sum ^ p->sum >> 29;
    x *= p->k.m[2];
    p->window[number % WINNOW] = x ^ x >> 32;
    if (number + 1 < WINNOW) return;
    u64 best = number;
    for (u64 i = 1; i < WINNOW; i++)
        if (p->window[(number - i) % WINNOW] < p->window[best % WINNOW]) best = number - i;
    if (best + 1 == p->last) return;
    p->last = best + 1;
    if (p->out_n == p->out_cap) {
        u64 cap = p->out_cap ? p->out_cap * 2 : 1024;
        u64 *more = realloc(p->out, cap * 8);
        if (!more) { p->failed = 1; return; }
        p->out = more;
        p->out_cap = cap;
    }
    p->out[p->out_n++] = p->window[best % WINNOW];
}

/* Take the words that are complete; all of them at the end. */
static void print_words(Printer *p, int final) {
    u32 at = 0, end = p->f.n;
    const u8 *b = p->f.b;
    while (at < end) {
        int kind = T.cls[b[at]];
        if (kind == 0) { at++; continue; }
        if (kind == 3) {
            int size = lead_size(b[at]);
            if (at + (u32)size > end && !final) break;
            if (!left_mark(b + at)) print_word(p, hash_char(b + at, size, &p->k));
            at += (u32)size;
            continue;
        }
        u32 e = at;
        while (e < end && alnum(b[e]) && e - at < LONGEST_WORD) e++;
        if (e == end && !final && e - at < LONGEST_WORD) break;
        print_word(p, hash_word(b + at, e - at, &p->k));
        at = e;
    }
    if (at > end) at = end;
    memmove(p->f.b, p->f.b + at, end - at);
    p->f.n = end - at;
    p->f.breaks_n = 0;
}

EXPORT void leakscan_prints_close(Printer *p) {
    if (!p) return;
    free(p->f.b); free(p->f.breaks); free(p->out); free(p);
}

EXPORT Printer *leakscan_prints_open(const u64 *keys) {
    Printer *p = calloc(1, sizeof(Printer));
    if (!p || !T.ready) { free(p); return NULL; }
    memcpy(p->k.m, keys, 64);
    memcpy(p->k.sip, keys + 8, 16);
    p->f.cap = 4 * PRINT_SLICE;
    p->f.b = malloc(p->f.cap + 256);
    if (!p->f.b) { free(p); return NULL; }
    p->power = 1;
    for (int i = 0; i < SHINGLE; i++) p->power *= p->k.m[3];
    return p;
}

/* Fold what is held up to `until`; what is left stays held. */
static void print_held(Printer *p, u32 until) {
    u32 at = 0;
    memset(p->held + p->held_n, 0, 192);
    while (at < until && !p->failed && !p->f.failed) {
        at += fold_part(&p->f, p->held + at, p->held_n - at, until - at, at);
        memset(p->f.b + p->f.n, 0, 64);
        print_words(p, 0);
    }
    p->held_n -= at;
    memmove(p->held, p->held + at, p->held_n);
}

/* The next piece of a text; `final` where it is the last, after which another text may begin.
   What leakscan_prints_told tells then is of this piece alone. 0 where memory ran out. */
EXPORT int leakscan_prints_feed(Printer *p, const u8 *text, u64 n, int final) {
    p->out_n = 0;
    if (p->ended) {
        p->words = p->last = p->sum = p->ended = 0;
        memset(p->ring, 0, sizeof p->ring);
    }
    for (;;) {
        u32 room = PRINT_SLICE - p->held_n, more = n < room ? (u32)n : room;
        memcpy(p->held + p->held_n, text, more);
        p->held_n += more; text += more; n -= more;
        if (p->held_n < PRINT_SLICE) break;
        print_held(p, PRINT_SLICE - FOLD_AHEAD);
        if (p->failed || p->f.failed) return 0;
    }
    if (final) {
        print_held(p, p->held_n);
        print_words(p, 1);
        p->ended = 1;
    }
    if (p->failed || p->f.failed) return 0;
    sip_all(p->out, p->out_n, &p->k);
    return 1;
}

EXPORT const u64 *leakscan_prints_told(const Printer *p, u64 *told) {
    told[0] = p->out_n;
    told[1] = p->words;
    return p->out;
}
#endif

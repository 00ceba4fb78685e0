/* Folding a stream of UTF-8 into a buffer, with the places where offsets shift.
   The definition is scanner/text/fold.py; traditional characters of E4 to E9 stay as they are
   and are taken as simplified when they are hashed. */
#ifndef LEAKSCAN_FOLD_H
#define LEAKSCAN_FOLD_H
#include "base.h"

enum { FOLD_AHEAD = 64, FOLD_ROOM = 256 };

/* `fixed`: all that is folded up to the next break stands for one thing of the input. */
typedef struct { u32 out, fixed; u64 in; } Break;

typedef struct {
    u8 *b;      /* folded bytes */
    u32 n, cap;
    Break *breaks; /* from out on, the input stands at in + (place - out) */
    u32 breaks_n, breaks_cap;
    int failed; /* out of memory */
    int strict; /* leave no mark beyond ASCII */
} Fold;

NOINLINE void fold_break(Fold *f, u64 in, u32 fixed) {
    if (f->breaks_n) {
        Break *last = &f->breaks[f->breaks_n - 1];
        if (last->out == f->n && last->in == in) { last->fixed = fixed; return; }
    }
    if (f->breaks_n == f->breaks_cap) {
        u32 cap = f->breaks_cap ? f->breaks_cap * 2 : 256;
        Break *more = realloc(f->breaks, cap * sizeof(Break));
        if (!more) { f->failed = 1; return; }
        f->breaks = more;
        f->breaks_cap = cap;
    }
    Break *b = &f->breaks[f->breaks_n++];
    b->out = f->n; b->in = in; b->fixed = fixed;
}

/* Offset in the input of a folded place: of what begins there, or of what ends there. */
static u64 fold_origin(const Fold *f, u32 out, int end) {
    u32 lo = 0, hi = f->breaks_n; /* the number of breaks at or before `out` (begin), before it (end) */
    while (lo < hi) {
        u32 mid = (lo + hi) / 2;
        if (end ? f->breaks[mid].out < out : f->breaks[mid].out <= out) lo = mid + 1; else hi = mid;
    }
    const Break *at = &f->breaks[lo ? lo - 1 : 0];
    if (!at->fixed) return at->in + (out - at->out);
    return end && lo < f->breaks_n ? f->breaks[lo].in : at->in;
}

static void fold_code_point(Fold *f, u32 cp) {
    u32 e = entry_of(cp < 0x20 ? ' ' : cp), payload = e & 0xFFFFFF;
    switch (e >> 24) {
    case KEEP: f->n += (u32)encode(cp, f->b + f->n); break;
    case DROP: break;
    case SEQ:
        for (u32 i = 0; i < (payload & 31); i++)
            f->n += (u32)encode(load32(T.pool + 4 * ((payload >> 5) + i)), f->b + f->n);
        break;
    default: f->n += (u32)encode(payload, f->b + f->n);
    }
}

typedef struct { const char *name; char value; } Named;
static const Named NAMED[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''},
    {"nbsp", ' '}, {"commat", '@'}, {"period", '.'}, {"hyphen", '-'}, {"dash", '-'}, {"lowbar", '_'},
    {"plus", '+'}, {"num", '#'}};

/* Bytes of an entity at p, 0 where there is none; its character in *cp. */
static u32 entity(const u8 *p, u32 avail, u32 *cp) {
    u32 at = 1, digits = 0, value = 0;
    if (at < avail && p[at] == '#') {
        int hex = ++at < avail && (p[at] | 0x20) == 'x';
        at += (u32)hex;
        for (; at < avail && digits < 8; at++, digits++) {
            int c = p[at] | 0x20, d = p[at] >= '0' && p[at] <= '9' ? p[at] - '0' : hex && c >= 'a' && c <= 'f' ? c - 87 : -1;
            if (d < 0) break;
            value = value * (hex ? 16 : 10) + (u32)d;
        }
        if (!digits || digits > (hex ? 6u : 7u) || at >= avail || p[at] != ';' || !value || value >= 0x110000) return 0;
        *cp = value;
        return at + 1;
    }
    while (at < avail && at < 8 && p[at] >= 'a' && p[at] <= 'z') at++;
    if (at < 3 || at >= avail || p[at] != ';') return 0;
    for (size_t i = 0; i < sizeof NAMED / sizeof *NAMED; i++)
        if (strlen(NAMED[i].name) == at - 1 && !memcmp(NAMED[i].name, p + 1, at - 1)) {
            *cp = (u32)NAMED[i].value;
            return at + 1;
        }
    return 0;
}

/* Bytes of "[at]" or "(dot)" with what is around it at p, 0 where there is none. */
static u32 spelled(const u8 *p, u32 avail, u8 *told) {
    u32 at = 1;
    for (int i = 0; i < 2 && at < avail && p[at] == ' '; i++) at++;
    if (at + 3 > avail) return 0;
    if ((p[at] | 0x20) == 'a' && (p[at + 1] | 0x20) == 't') { *told = '@'; at += 2; }
    else if ((p[at] | 0x20) == 'd' && (p[at + 1] | 0x20) == 'o' && (p[at + 2] | 0x20) == 't') { *told = '.'; at += 3; }
    else return 0;
    for (int i = 0; i < 2 && at < avail && p[at] == ' '; i++) at++;
    if (at >= avail || !(p[at] == ']' || p[at] == ')' || p[at] == '}' || p[at] == '>')) return 0;
    at++;
    for (int i = 0; i < 2 && at < avail && p[at] == ' '; i++) at++;
    return at;
}

/* Fold what is special at p; gives the bytes taken. */
NOINLINE u32 fold_special(Fold *f, const u8 *p, u32 avail, u64 in) {
    int c = p[0];
    u32 taken, cp;
    u8 told = 0;
    if (c == '&') {
        if (!(taken = entity(p, avail, &cp))) { f->b[f->n++] = (u8)c; return 1; }
    } else if (c < 0x80) {
        if (!(taken = spelled(p, avail, &told))) { f->b[f->n++] = (u8)c; return 1; }
        for (int i = 0; i < 2 && f->n && f->b[f->n - 1] == ' '; i++) f->n--;
        while (f->breaks_n > 1 && f->breaks[f->breaks_n - 1].out > f->n) f->breaks_n--;
    } else {
        taken = (u32)lead_size(c);
        if (c < 0xC2 || taken > avail) { f->b[f->n++] = ','; return 1; }
        cp = decode(p, (int)taken);
        if (entry_of(cp) >> 24 == KEEP) {
            memcpy(f->b + f->n, p, taken);
            f->n += taken;
            return taken;
        }
    }
    fold_break(f, in, 1);
    if (told) f->b[f->n++] = told; else fold_code_point(f, cp);
    fold_break(f, in + taken, 0);
    return taken;
}

/* What folding looks at in a byte: an opening bracket, what may need folding, first bytes of the marks of T.safe. */
enum { OPENS = 8, SPECIAL = 16, MARKS_80 = 3, MARKS_BC = 4 };

#if defined(__AVX512VBMI__)
typedef struct { __m512i low[2], high[2], third; } FoldReady;

static void fold_ready(FoldReady *r) {
    for (int i = 0; i < 2; i++) {
        r->low[i] = block_load(T.fold_class + 64 * i);
        r->high[i] = block_load(T.fold_class + 128 + 64 * i);
    }
    r->third = block_load(T.fold_third);
}

/* Where something may need folding, the marks that may stay left out; brackets in *opens. */
INLINE u64 fold_marks(const FoldReady *r, const u8 *p, Block v, int strict, u64 *opens) {
    Block kind = _mm512_permutex2var_epi8(r->low[0], v, r->low[1]);
    kind = _mm512_mask_mov_epi8(kind, block_high(v), _mm512_permutex2var_epi8(r->high[0], v, r->high[1]));
    *opens = _mm512_test_epi8_mask(kind, same(OPENS));
    u64 marks = _mm512_test_epi8_mask(kind, same(SPECIAL));
    if (!marks || strict) return marks;
    Block second = block_load(p + 1);
    kind = _mm512_and_si512(kind, _mm512_permutexvar_epi8(block_load(p + 2), r->third));
    marks &= ~(_mm512_test_epi8_mask(kind, same(MARKS_80)) & block_eq(second, 0x80));
    return marks & ~(_mm512_test_epi8_mask(kind, same(MARKS_BC)) & block_eq(second, 0xBC));
}
#else
typedef struct { int none; } FoldReady;

static void fold_ready(FoldReady *r) { r->none = 0; }

/* Where the usual Chinese and typographic marks begin, all of them among T.safe. */
INLINE u64 usual_marks(const u8 *p, Block v) {
    Block second = block_load(p + 1), third = block_load(p + 2);
    u64 b80 = block_eq(second, 0x80), bbc = block_eq(second, 0xBC);
    u64 low3 = block_range(third, 0x80, 3), quotes = block_range(third, 0x88, 0x98 - 0x88);
    u64 told = block_eq(v, 0xE3) & b80 & (low3 | quotes);
    told |= block_eq(v, 0xEF) & bbc & (block_range(third, 0x88, 3) | block_eq(third, 0x8C) | block_range(third, 0x9A, 6) | block_eq(third, 0x81));
    return told | (block_eq(v, 0xE2) & b80 & (block_range(third, 0x98, 8) | block_range(third, 0xA0, 4)));
}

/* Where something may need folding, most marks that may stay left out; brackets in *opens. */
INLINE u64 fold_marks(const FoldReady *r, const u8 *p, Block v, int strict, u64 *opens) {
    u64 marks = block_range(v, 0xC2, 0xE4 - 0xC2) | block_range(v, 0xEA, 0x100 - 0xEA) | block_eq(v, '&');
    *opens = block_eq(v, '(') | block_eq(v, '[') | block_eq(v, '{') | block_eq(v, '<');
    (void)r;
    return marks && !strict ? marks & ~usual_marks(p, v) : marks;
}
#endif

/* Fold up to `process` bytes (a character may reach beyond), looking ahead to `avail`; 64 bytes
   beyond `avail` must be readable. Stops early where the buffer is full. Gives the bytes taken. */
static u32 fold_part(Fold *f, const u8 *in, u32 avail, u32 process, u64 in_base) {
    u32 p = 0;
    FoldReady ready;
    fold_ready(&ready);
    while (p < process) {
        if (f->n + FOLD_ROOM > f->cap) break;
        Block v = block_load(in + p);
        u64 opens, marks = fold_marks(&ready, in + p, v, f->strict, &opens);
        if (opens) {
            Block next = block_lower(block_load(in + p + 1));
            marks |= opens & (block_eq(next, 'a') | block_eq(next, 'd') | block_eq(next, ' '));
        }
        u32 span = process - p < 64 ? process - p : 64;
        memcpy(f->b + f->n, in + p, 64);
        while (marks) {
            u32 i = (u32)__builtin_ctzll(marks);
            const u8 *q = in + p + i;
            int row = q[0] == 0xE2 && q[1] == 0x80 ? 0 : q[0] == 0xE3 && q[1] == 0x80 ? 1 : q[0] == 0xEF && q[1] == 0xBC ? 2 : 3;
            if (row < 3 && !f->strict && T.safe[row] >> (q[2] & 63) & 1) { marks &= marks - 1; continue; }
            if (i < span) span = i;
            break;
        }
        p += span;
        f->n += span;
        if (marks && span < 64 && p < process && (u32)__builtin_ctzll(marks) == span)
            p += fold_special(f, in + p, avail - p, in_base + p);
    }
    return p;
}
#endif

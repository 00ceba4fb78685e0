/* The lane of numbers: the windows of digits, in every form under which they may be kept. */
#ifndef LEAKSCAN_NUMBERS_H
#define LEAKSCAN_NUMBERS_H
#include "runs.h"

static const u64 TEN[20] = {1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull,
    100000000ull, 1000000000ull, 10000000000ull, 100000000000ull, 1000000000000ull, 10000000000000ull,
    100000000000000ull, 1000000000000000ull, 10000000000000000ull, 100000000000000000ull,
    1000000000000000000ull, 10000000000000000000ull};

INLINE u32 digits_of(u64 v) { /* how many decimal digits, 0 for 0 */
    if (!v) return 0;
    u32 n = (u32)((64 - __builtin_clzll(v)) * 1233 >> 12);
    return n + (v >= TEN[n]);
}

INLINE u32 first_four(u64 v, u32 n) { return (u32)(n > 4 ? v / TEN[n - 4] : v); }

INLINE void number(Scan *s, u64 v, u32 start, u32 end) {
    u32 n = digits_of(v);
    if (n < SHORTEST_NUMBER || n > LONGEST_NUMBER) return;
    if (!(s->c->numbers[first_four(v, n)] >> n & 1)) return;
    push(s, hash_number(v, n, &s->c->k), start, end, NUMBER, n, 0);
}

static const char TWO_DIGIT_COUNTRIES[] =
    "20273031323334363940414344454647484951525354555657586061626364656681828486909192939498"
    "95";

static u32 country_length(u64 v, u32 n) {
    u32 two = (u32)(n > 2 ? v / TEN[n - 2] : v);
    if (two / 10 == 1 || two / 10 == 7) return 1;
    for (const char *p = TWO_DIGIT_COUNTRIES; *p; p += 2)
        if ((u32)(p[0] - '0') * 10 + (u32)(p[1] - '0') == two) return 2;
    return 3;
}

/* Every form under which digits may be kept: without zeros, without country code. */
NOINLINE void number_forms(Scan *s, u64 v, u32 start, u32 end, int marked) {
    u32 n = digits_of(v);
    if (!n || n > LONGEST_NUMBER) return;
    number(s, v, start, end);
    if (n > 2 && v / TEN[n - 2] == 86) number(s, v % TEN[n - 2], start, end);
    if (n == 11 && v / TEN[10] == 1 && v % TEN[10] >= TEN[9]) number(s, v % TEN[10], start, end);
    if (marked) {
        u32 code = country_length(v, n);
        if (code < n) number(s, v % TEN[n - code], start, end);
    }
}

/* A number of 17 digits with an X after it. */
INLINE void number_x(Scan *s, u64 v, u32 total, u32 start, u32 end) {
    const u8 *b = s->f.b;
    if (total != 17 || digits_of(v) != 17 || end >= s->f.n || (b[end] | 0x20) != 'x') return;
    if (end + 1 < s->f.n && alnum(b[end + 1])) return;
    if (!(s->c->numbers[first_four(v, 17)] >> 20 & 1)) return;
    push(s, hash_number(v, 18 | 32, &s->c->k), start, end + 1, NUMBER, 18 | 32, 0);
}

/* Where the next digit stands after at most three marks from `at` on; 0 where it does not. */
NOINLINE u32 next_digits_slow(const u8 *b, u32 at, u32 end) {
    for (int marks = 0; marks < 3 && at < end; marks++) {
        u32 size = gap_mark(b + at);
        if (!size) return 0;
        at += size;
        if (at < end && T.cls[b[at]] == 2) return at;
    }
    return 0;
}

INLINE u32 next_digits(const u8 *b, u32 at, u32 end) {
    if (b[at] < 0x80) {
        if (!T.digit_gap[b[at]]) return 0;
        if (T.cls[b[at + 1]] == 2) return at + 1;
        if (b[at + 1] < 0x80 && !T.digit_gap[b[at + 1]]) return 0;
    }
    return next_digits_slow(b, at, end);
}

/* The lengths (bit n: n digits; 17 digits and X at 20) that numbers with these first four digits
   have, and those of *forms of a number that is kept in another form. */
INLINE u32 lengths_of(const Ctx *c, u32 four, int marked, u32 *forms) {
    u32 ten = c->any_number >> 10 & 1;
    *forms = marked || four / 100 == 86 ? 0xFFFFF : four / 1000 == 1 ? ten << 11 : 0;
    return c->numbers[four] & 0x1FFFFF;
}

/* Windows of runs of digits from one of them on, at the lengths `kept` or, for ANY_LENGTH, at those
   that their first digits have. */
NOINLINE void number_windows(Scan *s, u32 start, u32 kept) {
    const Ctx *c = s->c;
    const u8 *b = s->f.b;
    u64 v = 0, x = load64(b + start);
    u32 text_end = s->f.n, at = start, total = 0, have = 0, forms = 0, m = digits8(x), any = kept == ANY_LENGTH;
    int marked = (start && b[start - 1] == '+') || (m >= 2 && b[start] == '0' && b[start + 1] == '0');
    for (;;) {
        u32 group = m;
        if (have + m > LONGEST_NUMBER) return;
        marked |= total == 1 && !v && !(x & 15);
        v = m == 1 ? v * 10 + (x & 15) : v * TEN[m] + number8(x, m);
        at += m;
        while (m == 8) { /* a long run: the rest of it */
            x = load64(b + at);
            m = digits8(x);
            if (!m) break;
            if (digits_of(v) + m > LONGEST_NUMBER || group > 24) return;
            v = v * TEN[m] + number8(x, m);
            at += m;
            group += m;
        }
        u32 before = have;
        total += group;
        have = before ? before + group : digits_of(v);
        if (total > MOST_DIGITS) return;
        if (have >= 4) {
            if (any && before < 4) kept = lengths_of(c, first_four(v, have), marked, &forms);
            u32 wanted = (kept | (kept >> 3 & 1u << 17)) & 0xFFFFF, left = (wanted | forms) >> have;
            if (!left) return;
            if (left & 1 && have >= SHORTEST_NUMBER) {
                if (forms >> have & 1) number_forms(s, v, start, at, marked);
                else if (kept >> have & 1) push(s, hash_number(v, have, &c->k), start, at, NUMBER, have, 0);
                if (have == 17) number_x(s, v, total, start, at);
            }
        }
        u32 next = next_digits(b, at, text_end);
        if (!next) return;
        at = next;
        x = load64(b + at);
        m = digits8(x);
    }
}

/* Numbers from each run on that may begin a registered one. */
NOINLINE void numbers(Scan *s, u32 n) {
    u32 starts[STEP / 2 + 32], kept[STEP / 2 + 32], found = runs_that_begin(s, n, starts, kept);
    for (u32 i = 0; i < found; i++) number_windows(s, starts[i], kept[i]);
}

/* ---- numbers written with Chinese numerals ---- */
typedef struct { u32 start, end, n; int numeral; u8 d[24]; } Run;

/* The run of digits that begins at `at`; 0 where it is shorter than two or longer than 23. */
static int run_at(const u8 *b, u32 at, u32 end, Run *r) {
    u32 size;
    int d;
    r->start = at; r->n = 0; r->numeral = 0;
    while ((d = digit_at(b, at, end, &size)) >= 0) {
        if (r->n == 24) return 0;
        r->d[r->n++] = (u8)d;
        r->numeral |= size == 3;
        at += size;
    }
    r->end = at;
    return r->n >= 2;
}

/* Where the run of digits begins that ends before `at`, going over at most 24 of them. */
static u32 run_start(const u8 *b, u32 at) {
    u32 size, left = 25;
    while (at && left--) {
        u32 p = step_back(b, at);
        if (digit_at(b, p, at, &size) < 0 || p + size != at) break;
        at = p;
    }
    return at;
}

/* The run before `at`, with at most three marks between; 0 where there is none. */
static int run_before(const u8 *b, u32 at, Run *r) {
    u32 p = at, size;
    for (int marks = 0; marks < 3 && p; marks++) {
        u32 q = step_back(b, p);
        if (gap_mark(b + q) != p - q) return 0;
        p = q;
        if (!p) return 0;
        u32 d = step_back(b, p);
        if (digit_at(b, d, p, &size) >= 0 && d + size == p)
            return run_at(b, run_start(b, p), p, r) && r->end == p;
    }
    return 0;
}

static int run_after(const u8 *b, u32 at, u32 end, Run *r) {
    u32 size;
    for (int marks = 0; marks < 3 && at < end; marks++) {
        u32 m = gap_mark(b + at);
        if (!m) return 0;
        at += m;
        if (digit_at(b, at, end, &size) >= 0) return run_at(b, at, end, r);
    }
    return 0;
}

/* Windows whose first Chinese numeral is the one at q. */
NOINLINE void numerals(Scan *s, u32 q) {
    const u8 *b = s->f.b;
    Run runs[24];
    u32 begin = run_start(b, q), first = 12, count = 0, total;
    for (u32 p = begin; p < q; p++) if (b[p] >= 0x80) return;
    if (!run_at(b, begin, s->f.n, &runs[first])) return;
    for (total = runs[first].n; first > 0; first--) {
        if (!run_before(b, runs[first].start, &runs[first - 1]) || runs[first - 1].numeral) break;
        total += runs[first - 1].n;
        if (total > MOST_DIGITS) break;
    }
    for (count = 13, total = runs[12].n; count < 24; count++) {
        if (!run_after(b, runs[count - 1].end, s->f.n, &runs[count])) break;
        total += runs[count].n;
        if (total > MOST_DIGITS) break;
    }
    for (u32 from = first; from <= 12; from++) {
        u32 start = runs[from].start, seen = 0;
        u64 v = 0;
        int marked = (start && b[start - 1] == '+') || (runs[from].d[0] == 0 && runs[from].d[1] == 0);
        for (u32 to = from; to < count && seen <= MOST_DIGITS; to++) {
            int over = 0;
            for (u32 i = 0; i < runs[to].n; i++) {
                over |= v >= TEN[19] / 10;
                v = v * 10 + runs[to].d[i];
            }
            seen += runs[to].n;
            if (over || seen > MOST_DIGITS) break;
            if (to < 12) continue;
            number_forms(s, v, start, runs[to].end, marked);
            number_x(s, v, seen, start, runs[to].end);
        }
    }
}
#endif

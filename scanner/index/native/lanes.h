/* The lanes of the scan: words, numbers, codes, e-mail addresses. */
#ifndef LEAKSCAN_LANES_H
#define LEAKSCAN_LANES_H

enum { IN_CACHE = 17 }; /* a filter of so many bits of words (1 MiB) needs no prefetch */

/* ---- words ---- */
/* Which of the collected anchors pass the filter of words alone, or that of pairs, in place. */
INLINE u32 sifted(Scan *s, u32 n, const u64 *filter, u32 bits) {
    u32 found = 0, i = 0;
    if (bits > IN_CACHE)
        for (u32 j = 0; j < n && j < 64; j++) __builtin_prefetch(&filter[s->anchor_hash[j] >> (64 - bits)]);
#if defined(__AVX512DQ__)
    const __m512i low = _mm512_set1_epi64(63), one = _mm512_set1_epi64(1);
    const __m128i shift = _mm_cvtsi32_si128(64 - (int)bits);
    for (; i + 8 <= n; i += 8) {
        __m512i p = _mm512_loadu_si512((const void *)(s->anchor_hash + i));
        if (bits > IN_CACHE)
            for (u32 j = i + 64; j < i + 72 && j < n; j++) __builtin_prefetch(&filter[s->anchor_hash[j] >> (64 - bits)]);
        __m512i word = _mm512_i64gather_epi64(_mm512_srl_epi64(p, shift), (const void *)filter, 8);
        __m512i a = _mm512_srlv_epi64(word, _mm512_and_si512(_mm512_srli_epi64(p, 24), low));
        __m512i b = _mm512_srlv_epi64(word, _mm512_and_si512(_mm512_srli_epi64(p, 30), low));
        __mmask8 pass = _mm512_test_epi64_mask(_mm512_and_si512(a, b), one);
        if (LIKELY(!pass)) continue;
        __m256i at = _mm256_loadu_si256((const __m256i *)(s->anchors + i));
        _mm512_storeu_si512((void *)(s->anchor_hash + found), _mm512_maskz_compress_epi64(pass, p));
        _mm256_storeu_si256((__m256i *)(s->anchors + found), _mm256_maskz_compress_epi32(pass, at));
        found += (u32)__builtin_popcount(pass);
    }
#endif
    for (; i < n; i++) {
        u64 p = s->anchor_hash[i], word = filter[p >> (64 - bits)];
        if (i + 64 < n) __builtin_prefetch(&filter[s->anchor_hash[i + 64] >> (64 - bits)]);
        s->anchors[found] = s->anchors[i];
        s->anchor_hash[found] = p;
        found += (u32)(word >> (p >> 24 & 63) & word >> (p >> 30 & 63) & 1);
    }
    return found;
}

/* Try the collected anchors, pairs or words alone: those that pass the filter. */
NOINLINE void drain(Scan *s, u32 n, int single) {
    const Ctx *c = s->c;
    if (single) {
        n = sifted(s, n, c->singles, c->single_bits);
        for (u32 i = 0; i < n; i++) {
            Word w;
            u32 at = s->anchors[i];
            if (next_word(s->f.b, at, s->f.n, &w, &c->k, c->chars) && w.start == at && w.hash && w.end - at >= 4)
                push(s, bind(w.hash, WORDS, 1, &c->k), at, w.end, WORDS, 1, 1);
        }
        return;
    }
    n = sifted(s, n, c->pairs, c->pair_bits);
    for (u32 i = 0; i < n; i++) __builtin_prefetch(&c->masks[mask_place(c, s->anchor_hash[i])]);
    for (u32 i = 0; i < n; i++) {
        u32 lengths = pair_lengths(c, s->anchor_hash[i]);
        if (lengths) walk(s, s->anchors[i], lengths);
    }
}

/* ---- numbers ---- */
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

/* The lengths (bit n: n digits) at which a number with these first four digits is looked up; those
   of *forms in each form it may be kept in. */
INLINE u32 wanted_lengths(const Ctx *c, u32 four, int marked, u32 *forms) {
    u32 lengths = c->numbers[four] & 0x1FFFFF, ten = c->any_number >> 10 & 1;
    *forms = marked || four / 100 == 86 ? 0xFFFFF : four / 1000 == 1 ? ten << 11 : 0;
    return ((lengths | lengths >> 3 & 1u << 17) & 0xFFFFF) | *forms; /* 17 digits and X are at 20 */
}

/* Windows of runs of digits from one of them on; the first eight bytes are given. */
NOINLINE void number_windows(Scan *s, u32 start, u64 x, u32 m) {
    const Ctx *c = s->c;
    const u8 *b = s->f.b;
    u32 text_end = s->f.n, at = start, total = 0, have = 0, forms = 0, wanted = 0;
    int marked = (start && b[start - 1] == '+') || (m >= 2 && b[start] == '0' && b[start + 1] == '0');
    u64 v = 0;
    for (;;) {
        u32 group = m;
        if (have + m > LONGEST_NUMBER) return;
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
        if (total > LONGEST_NUMBER + 4) return;
        if (have >= 4) {
            if (before < 4) wanted = wanted_lengths(c, first_four(v, have), marked, &forms);
            u32 left = wanted >> have;
            if (!left) return;
            if (left & 1 && have >= SHORTEST_NUMBER) {
                if (forms >> have & 1) number_forms(s, v, start, at, marked);
                else if (c->numbers[first_four(v, have)] >> have & 1) push(s, hash_number(v, have, &c->k), start, at, NUMBER, have, 0);
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

/* How many digits each run has (up to 8), and how many it makes (bit n: n digits) alone or joined
   to the runs behind it; all bits where that is not known. */
NOINLINE void runs_of_digits(Scan *s, u32 n) {
    const u8 *b = s->f.b;
    u32 totals = 0, next = ~0u;
    for (u32 i = n; i--;) {
        u32 start = s->digits[i], m = digits8(load64(b + start));
        u32 more = m == 8 ? digits8(load64(b + start + 8)) : 0, end = start + m + more;
        int after = b[end];
        u32 near = (u32)(next - end <= 9), gap = (u32)(after >= 0x80) | T.digit_gap[after & 127];
        totals = (1u << (m + more)) | (near & gap ? totals << (m + more) : 0);
        if (more == 8) totals = ~0u;
        s->run_digits[i] = (u8)m;
        s->totals[i] = totals;
        next = start;
    }
    if (n) { /* what follows the last one may not be known yet */
        u32 i = n - 1;
        do s->totals[i] = ~0u; while (i-- && s->digits[n - 1] - s->digits[i] < 96);
    }
}

/* The runs that may begin a registered number, by how long it can become and its first digits. */
NOINLINE void numbers(Scan *s, u32 n) {
    const u8 *b = s->f.b;
    const u32 *lengths = s->c->numbers, any = s->c->any_number;
    u32 found = 0, least = (u32)__builtin_ctz(any), some[STEP / 2 + 1];
    if (least > 17) least = 17;
    for (u32 i = 0; i < n; i++) {
        u32 start = s->digits[i], m = s->run_digits[i], totals = s->totals[i];
        u64 x = load64(b + start);
        u32 first = x & 15, two = (u32)x & 0xFFFF, four = m >= 4 ? (u32)number8(x, 4) : 0;
        u32 free = (first == 0) | (two == 0x3638) | ((first == 8) & (m == 1)) | (b[start ? start - 1 : 0] == '+');
        u32 able = m >= 4 ? lengths[four] : any;
        totals |= totals << 3 & 1u << 20;
        some[found] = i;
        found += (free & (totals >> least != 0)) | ((totals & able) != 0) | ((first == 1) & totals >> 11 & any >> 10 & 1);
    }
    for (u32 i = 0; i < found; i++) {
        u32 start = s->digits[some[i]];
        number_windows(s, start, load64(b + start), s->run_digits[some[i]]);
    }
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
        if (total > LONGEST_NUMBER + 4) break;
    }
    for (count = 13, total = runs[12].n; count < 24; count++) {
        if (!run_after(b, runs[count - 1].end, s->f.n, &runs[count])) break;
        total += runs[count].n;
        if (total > LONGEST_NUMBER + 4) break;
    }
    for (u32 from = first; from <= 12; from++) {
        u32 start = runs[from].start, seen = 0;
        u64 v = 0;
        int marked = (start && b[start - 1] == '+') || (runs[from].d[0] == 0 && runs[from].d[1] == 0);
        for (u32 to = from; to < count && seen <= LONGEST_NUMBER + 4; to++) {
            int over = 0;
            for (u32 i = 0; i < runs[to].n; i++) {
                over |= v >= TEN[19] / 10;
                v = v * 10 + runs[to].d[i];
            }
            seen += runs[to].n;
            if (over || seen > LONGEST_NUMBER + 4) break;
            if (to < 12) continue;
            number_forms(s, v, start, runs[to].end, marked);
            number_x(s, v, seen, start, runs[to].end);
        }
    }
}

/* Characters beyond ASCII that may begin a value: `n` of three bytes that are still to be looked up
   in the table of first characters, and `others`. */
NOINLINE void characters(Scan *s, u32 n, u32 others) {
    const Ctx *c = s->c;
    const u8 *b = s->f.b;
    const u64 *hashes = c->chars;
    u32 anchors = 0, end = s->f.n, known = 0;
    for (u32 i = 0; i < n; i++) {
        u32 q = s->chars[i];
        s->chars[known] = q;
        known += c->firsts[point3(b + q)];
    }
    memcpy(s->chars + known, s->others, others * 4);
    n = known + others;
    for (u32 i = 0; i < n; i++) {
        u32 q = s->chars[i];
        u64 x = load64(b + q);
        u32 one = point3(b + q), other;
        Word w;
        if (LIKELY((x & 0xF00000F0) == 0xE00000E0)) {
            u32 two = point3(b + q + 3);
            if (UNLIKELY(T.numeral[one] != 0) && c->any_number &&
                (T.numeral[two] || (q && digit_at(b, step_back(b, q), q, &other) >= 0)))
                numerals(s, q);
            if (LIKELY(!left_mark(b + q + 3))) {
                s->anchors[anchors] = q;
                s->anchor_hash[anchors++] = (hashes[one] + hashes[two]) * c->k.m[4];
                continue;
            }
        } else if ((x & 0xF0) == 0xE0 && T.numeral[one] && c->any_number &&
                   (digit_at(b, q + 3, end, &other) >= 0 || (q && digit_at(b, step_back(b, q), q, &other) >= 0)))
            numerals(s, q);
        int size = lead_size(b[q]);
        if (!next_word(b, q + (u32)size, end, &w, &c->k, c->chars)) continue;
        s->anchors[anchors] = q;
        s->anchor_hash[anchors++] = pair_of(hash_char(b + q, size, &c->k), w.hash, &c->k);
    }
    if (anchors && c->any_pair) drain(s, anchors, 0);
}

/* ---- codes ---- */
INLINE int joiner(int c) { return c == '-' || c == '_' || c == '/' || c == '.'; }
INLINE u32 word_end(const u8 *b, u32 at, u32 end) {
    while (at < end && alnum(b[at])) at++;
    return at;
}
INLINE u32 word_start(const u8 *b, u32 at) {
    u32 least = at > LONGEST_WORD + 1 ? at - LONGEST_WORD - 1 : 0;
    while (at > least && alnum(b[at - 1])) at--;
    return at;
}
INLINE int joined(const u8 *b, u32 left, u32 left_end, u32 right, u32 right_end) {
    int gap = b[left_end];
    if (joiner(gap)) return 1;
    return gap == ' ' && (T.cls[b[right]] == 2 || (left_end - left == 4 && right_end - right == 4));
}
INLINE u32 code_place(u32 a, u32 b) { return T.letter[a] * 37u + T.letter[b]; }

/* Windows from `start` on that reach at least the word that holds the digits at `q`. */
NOINLINE void code_windows(Scan *s, u32 start, u32 q) {
    const u8 *b = s->f.b;
    u8 code[LONGEST_CODE + 16];
    u32 n = 0, letters = 0, at = start, end = s->f.n;
    for (int part = 0; part < CODE_PARTS; part++) {
        u32 stop = word_end(b, at, at + LONGEST_CODE + 2 < end ? at + LONGEST_CODE + 2 : end);
        if (n + (stop - at) > LONGEST_CODE) return;
        for (u32 i = at; i < stop; i++) {
            code[n++] = (u8)low(b[i]);
            letters += T.cls[b[i]] == 1;
        }
        u64 lengths = n >= 2 ? s->c->codes[code_place(code[0], code[1])] : ~0ull;
        if (!lengths) return;
        if (stop > q && n >= SHORTEST_CODE && letters && lengths >> n & 1)
            push(s, bind(hash_bytes(code, n, &s->c->k), CODE, n, &s->c->k), start, stop, CODE, n, 0);
        if (stop + 1 >= end || !alnum(b[stop + 1])) return;
        u32 next_end = word_end(b, stop + 1, stop + 6 < end ? stop + 6 : end);
        if (!joined(b, at, stop, stop + 1, next_end)) return;
        at = stop + 1;
    }
}

/* Whether some code begins with the two characters that stand at `at`, a joiner between or not. */
INLINE u32 code_may_begin(const Scan *s, u32 at) {
    const u8 *p = s->f.b + at;
    return s->c->codes[code_place(p[0], T.letter[p[1]] < 36 ? p[1] : p[2])] != 0;
}

/* The last place up to `at` where a word begins, looked for over at least 64 bytes; ~0 where none does. */
INLINE u32 mark_before(const Scan *s, u32 at) {
    u32 block = at >> 6;
    u64 here = s->word_marks[block] & (~0ull >> (63 - (at & 63)));
    if (!here && block) here = s->word_marks[--block];
    return here ? (block << 6) + 63 - (u32)__builtin_clzll(here) : ~0u;
}

/* Windows that hold the digits at q and begin with their word, which begins at `start`, or with
   words before it that have no digit. */
NOINLINE void codes_at(Scan *s, u32 start, u32 q) {
    const u8 *b = s->f.b;
    u32 at = start, size = 0, end = s->f.n;
    if (code_may_begin(s, start)) code_windows(s, start, q);
    for (int part = 1; part < CODE_PARTS && at >= 2 && alnum(b[at - 2]); part++) {
        if (!T.code_gap[b[at - 1]]) break;
        if (T.cls[b[at - 2]] == 2) break;
        u32 left = word_start(b, at - 1), left_end = at - 1;
        u32 right_end = word_end(b, at, at + 6 < end ? at + 6 : end);
        size += left_end - left;
        if (size > LONGEST_CODE || !joined(b, left, left_end, at, right_end)) break;
        if (memchr_digit(b + left, left_end - left)) break;
        at = left;
        if (code_may_begin(s, at)) code_windows(s, at, q);
    }
}

/* The runs of digits before which a code may begin: those after a letter, or after a word and a gap. */
INLINE u32 after_letters(Scan *s, u32 n, u32 *some) {
    const Ctx *c = s->c;
    u32 found = 0;
    for (u32 i = 0; i < n; i++) {
        u32 q = s->digits[i];
        const u8 *p = s->f.b + (q < 3 ? 3 : q);
        u32 word = T.code_gap[p[-1]] & (T.cls[p[-2]] == 1) & (c->letter_codes | (T.letter[p[-3]] == 36));
        some[found] = i;
        found += c->digit_codes | (T.cls[p[-1]] == 1) | word | (q < 3);
    }
    return found;
}

/* Codes with the first run of digits of each word, where a code may begin there or in a word before. */
NOINLINE void codes(Scan *s, u32 from, u32 n) {
    const u8 *b = s->f.b;
    u32 some[STEP / 2 + 1], found = after_letters(s, n, some);
    for (u32 j = 0; j < found; j++) {
        u32 i = some[j], q = s->digits[i], start = mark_before(s, q);
        if (start == ~0u || q - start > LONGEST_CODE) continue;
        if (i ? s->digits[i - 1] >= start : start < from && memchr_digit(b + start, q - start)) continue;
        codes_at(s, start, q);
    }
}

/* ---- e-mail addresses ---- */
NOINLINE void mail_lane(Scan *s, u32 n) {
    const u8 *b = s->f.b;
    for (u32 i = 0; i < n; i++) {
        u32 q = s->mails[i], start = q, end = s->f.n;
        while (start && q - start < LONGEST_WORD && b[start - 1] < 0x80 && T.local[b[start - 1]]) start--;
        while (start < q && !alnum(b[start])) start++;
        if (start == q) continue;
        u8 mail[LONGEST_WORD + 280];
        u32 m = 0, labels = 0, at = q + 1;
        for (u32 p = start; p <= q; p++) mail[m++] = (u8)low(b[p]);
        if (end > q + 256) end = q + 256;
        for (;;) {
            u32 label = at;
            while (at < end && b[at] < 0x80 && T.domain[b[at]]) mail[m++] = (u8)low(b[at++]);
            if (at == label) break;
            if (++labels >= 2) {
                u32 size = m, stop = at;
                while (mail[size - 1] == '-') { size--; stop--; }
                push(s, bind(hash_bytes(mail, size, &s->c->k), MAIL, size, &s->c->k), start, stop, MAIL, size, 0);
            }
            if (labels == 7 || at >= end || b[at] != '.') break;
            mail[m++] = '.';
            at++;
        }
    }
}

/* ---- lines that look like records ---- */
static void unit_at(Scan *s, u32 at) {
    u64 line = number_at(s->line_marks, s->line_sums, at);
    if (line + 1 != s->unit_line) { s->unit_line = line + 1; s->units++; }
}

NOINLINE void units(Scan *s, u32 digits, u32 mails) {
    u32 m = 0;
    for (u32 i = 0; i < digits; i++) {
        u32 q = s->digits[i];
        if (s->run_digits[i] < 7) continue;
        while (m < mails && s->mails[m] < q) unit_at(s, s->mails[m++]);
        unit_at(s, q);
    }
    while (m < mails) unit_at(s, s->mails[m++]);
}

/* Rows with a word in them, for tables. */
static void rows(Scan *s, u32 from, u32 to) {
    for (u32 at = from; at < to; at += 64) {
        u64 words = s->word_marks[at >> 6], line = s->line_marks[at >> 6];
        u64 number = s->line_sums[at >> 6];
        if (to - at < 64) words &= (1ull << (to - at)) - 1;
        while (words) {
            u64 first = words & -words, before = line & (first - 1);
            u64 here = number + (u64)__builtin_popcountll(before);
            if (here + 1 != s->unit_line) { s->unit_line = here + 1; s->units++; }
            u64 after = line & ~((first << 1) - 1);
            if (!after) break;
            words &= ~((after & -after) - 1);
        }
    }
}
#endif

/* The runs of digits of a step: how long each may become with those behind it, and which may begin
   a registered number. What is let pass in vain costs time, never a match. */
#ifndef LEAKSCAN_RUNS_H
#define LEAKSCAN_RUNS_H
#include "base.h"

enum { MOST_DIGITS = LONGEST_NUMBER + 4 }; /* of a number with zeros and country code before it */
enum { WIDEST_MARKS = 9 };                 /* bytes of three marks between two runs */
#define ANY_LENGTH (~0u)

/* Ends of runs stand one place behind their starts. */
INLINE u32 run_digits(const Scan *s, u32 i) { return s->digit_ends[i + 1] - s->digits[i]; }

/* Where the run of digits that begins at `at` ends. */
INLINE u32 run_end(const u8 *b, u32 at, u32 end) {
    while (at < end && T.cls[b[at]] == 2) at++;
    return at;
}

/* Whether the run that ends at `end` may be joined to the next one, which begins at `next`. */
INLINE int joins_next(const u8 *b, u32 end, u32 next) {
    return next - end <= WIDEST_MARKS && (b[end] >= 0x80 || T.digit_gap[b[end]]);
}

/* The totals (bit n: n digits) of a run with those behind it, given theirs and whether they are joined. */
INLINE u32 with_later(u32 digits, int joins, u32 later) {
    return digits > MOST_DIGITS ? 0 : (1u << digits | (joins ? later << digits : 0)) & ((2u << MOST_DIGITS) - 1);
}

/* The shortest of a set of lengths, in digits; a number of 18 may end with X behind 17 of them. */
INLINE u32 shortest_of(u32 lengths) {
    u32 least = (u32)__builtin_ctz(lengths);
    return least > 17 ? 17 : least;
}

/* What follows the last run of a step: where the next run begins that may be joined to it (~0 where
   none does) and its digits; gives its totals. */
static u32 behind(const u8 *b, u32 at, u32 end, u32 *next, u32 *digits) {
    u32 starts[MOST_DIGITS + 1], ends[MOST_DIGITS + 1], n = 0, totals = 0;
    while (n <= MOST_DIGITS) {
        u32 from = at;
        while (from < end && from - at < WIDEST_MARKS && T.cls[b[from]] != 2) from++;
        if (from >= end || T.cls[b[from]] != 2 || !joins_next(b, at, from)) break;
        starts[n] = from;
        ends[n++] = at = run_end(b, from, end);
    }
    *next = n ? starts[0] : ~0u;
    *digits = n ? ends[0] - starts[0] : 0;
    for (u32 i = n; i--;) totals = with_later(ends[i] - starts[i], i + 1 < n, totals);
    return totals;
}

#if defined(__AVX512VBMI__)
typedef struct { __m512i one, two, three, four; } Begins; /* what the first 1, 2, 3, 4 digits say */

INLINE Begins begins_of(__m512i x) { /* four digits in each lane, as numbers */
    __m512i two = _mm512_maddubs_epi16(x, _mm512_set1_epi16(1 << 8 | 10)), byte = _mm512_set1_epi32(0xFF);
    Begins b;
    b.one = _mm512_and_si512(x, byte);
    b.four = _mm512_madd_epi16(two, _mm512_set1_epi32(1 << 16 | 100));
    b.two = _mm512_and_si512(two, _mm512_set1_epi32(0xFFFF));
    b.three = _mm512_add_epi32(_mm512_mullo_epi32(b.two, _mm512_set1_epi32(10)),
                               _mm512_and_si512(_mm512_srli_epi32(x, 16), byte));
    return b;
}

/* Each lane what the next one of `v` is, the last what the first of `later` is. */
INLINE __m512i next_of(__m512i v, __m512i later) { return _mm512_alignr_epi32(later, v, 1); }
INLINE __mmask16 is(__m512i v, int x) { return _mm512_cmpeq_epi32_mask(v, _mm512_set1_epi32(x)); }
INLINE __m512i with_x(__m512i totals) { /* 17 digits and X stand at bit 20 */
    return _mm512_or_si512(totals, _mm512_and_si512(_mm512_slli_epi32(totals, 3), _mm512_set1_epi32(1 << 20)));
}
INLINE __m512i times(__m512i v, int by) { return _mm512_mullo_epi32(v, _mm512_set1_epi32(by)); }

/* Totals of chains of `by` runs become those of twice as many: the set of each run takes in that of
   the run `by` places behind, as many digits further as lie between, where all are joined. */
#define JOINED(by) \
    may = _mm512_or_si512(may, _mm512_maskz_sllv_epi32(chain, _mm512_alignr_epi32(later_totals, may, by), reach)); \
    reach = _mm512_min_epu32(_mm512_add_epi32(reach, _mm512_alignr_epi32(none, reach, by)), _mm512_set1_epi32(32)); \
    chain &= (__mmask16)(chain >> by)

/* 16 runs at a time, from the last ones back. */
static void runs_from(Scan *s, u32 n, u32 all_n, u32 tail, u16 *hits, u32 *kept) {
    const u8 *b = s->f.b;
    const u32 any = s->c->any_number, us = (any >> 10 & 1) << 11;
    const __m512i none = _mm512_setzero_si512(), byte = _mm512_set1_epi32(0xFF), able_any = _mm512_set1_epi32((int)any);
    const __m512i enough = _mm512_set1_epi32(-(1 << shortest_of(any)));
    const __m512i gaps[2] = {block_load(T.digit_gap), block_load(T.digit_gap + 64)};
    Begins later = {none, none, none, none};
    __m512i later_size = none, later_totals = none;
    u32 later_hit = 0;
    for (u32 block = (all_n + 15) / 16; block--;) {
        u32 i = block * 16, own_n = n - i < 16 ? n - i : 16;
        __mmask16 here = first_lanes(all_n - i);
        __m512i start = _mm512_maskz_loadu_epi32(here, s->digits + i), end = _mm512_maskz_loadu_epi32(here, s->digit_ends + i + 1);
        __m512i length = _mm512_min_epu32(_mm512_sub_epi32(end, start), _mm512_set1_epi32(MOST_DIGITS + 1));
        __m512i after = _mm512_and_si512(_mm512_mask_i32gather_epi32(none, here, end, b, 1), byte);
        __mmask16 marks = _mm512_test_epi32_mask(_mm512_permutex2var_epi8(gaps[0], after, gaps[1]), _mm512_set1_epi32(1));
        marks |= _mm512_cmpge_epu32_mask(after, _mm512_set1_epi32(0x80));
        __m512i apart = _mm512_sub_epi32(_mm512_loadu_si512(s->digits + i + 1), end);
        __mmask16 joins = here & marks & _mm512_cmple_epu32_mask(apart, _mm512_set1_epi32(WIDEST_MARKS));
        __m512i may = _mm512_sllv_epi32(_mm512_set1_epi32(1), length), reach = length;
        if (own_n < 16) may = _mm512_mask_mov_epi32(may, (__mmask16)(1u << own_n), _mm512_set1_epi32((int)tail));
        __mmask16 chain = joins;
        JOINED(1); JOINED(2); JOINED(4); JOINED(8);
        later_totals = may = _mm512_and_si512(may, _mm512_set1_epi32((2 << MOST_DIGITS) - 1));

        /* The first four digits, of a short run with those behind it, tell which lengths there are. */
        __m512i x = _mm512_sub_epi8(_mm512_mask_i32gather_epi32(none, here, start, b, 1), same('0'));
        Begins own = begins_of(x);
        __mmask16 is1 = is(length, 1), is2 = is(length, 2), is3 = is(length, 3), is4 = here & ~(is1 | is2 | is3);
        __m512i four = _mm512_mask_add_epi32(own.four, is1, times(own.one, 1000), next_of(own.three, later.three));
        four = _mm512_mask_add_epi32(four, is2, times(own.two, 100), next_of(own.two, later.two));
        four = _mm512_mask_add_epi32(four, is3, times(own.three, 10), next_of(own.one, later.one));
        __m512i together = _mm512_add_epi32(length, next_of(length, later_size));
        __mmask16 known = is4 | (joins & _mm512_cmpge_epu32_mask(together, _mm512_set1_epi32(4)));
        __m512i able = _mm512_mask_i32gather_epi32(able_any, known, four, s->c->numbers, 4);
        __m512i told = _mm512_and_si512(with_x(may), able);
        __mmask16 hit = _mm512_test_epi32_mask(told, told), large = _mm512_test_epi32_mask(may, enough);

        /* Forms without the code of a country, or without zeros: after one zero the next digit
           begins the number, and a zero alone begins what the run behind it begins. */
        __m512i before = _mm512_mask_i32gather_epi32(none, here & _mm512_test_epi32_mask(start, start), start, b - 1, 1);
        __mmask16 plus = is(_mm512_and_si512(before, byte), '+'), zero = here & is(own.one, 0);
        __mmask16 lone = zero & is1 & ~(plus | is(next_of(own.one, later.one), 0)), one_zero = zero & ~(is1 | plus | is(own.two, 0));
        __mmask16 china = (is(own.two, 86) & ~is1) | (is(own.one, 8) & is1) | (one_zero & is(own.two, 8));
        may = _mm512_mask_srli_epi32(may, one_zero, may, 1);
        __mmask16 forms = (plus | china | (zero & ~(lone | one_zero))) & large;
        forms |= is(_mm512_mask_mov_epi32(own.one, one_zero, own.two), 1) & _mm512_test_epi32_mask(may, _mm512_set1_epi32((int)us));
        forms |= one_zero & _mm512_test_epi32_mask(with_x(may), able_any);
        u32 found = ((hit & ~zero) | forms) & here;
        if (own_n < 16) found |= 1u << own_n;
        found |= lone & joins & (found >> 1 | later_hit << 15);
        hits[block] = (u16)(found & ((1u << own_n) - 1));
        _mm512_storeu_si512(kept + i, _mm512_mask_mov_epi32(told, forms | zero | ~known, _mm512_set1_epi32(-1)));
        later_hit = found & 1;
        later = own;
        later_size = length;
    }
}

/* The runs that may begin a registered number: where, and at which lengths. */
NOINLINE u32 runs_that_begin(Scan *s, u32 n, u32 *starts, u32 *kept) {
    u16 hits[STEP / 32 + 4];
    u32 next, digits, lengths[STEP / 2 + 32], found = 0;
    if (!n) return 0;
    u32 tail = behind(s->f.b, s->digit_ends[n], s->f.n, &next, &digits), all = n + (next != ~0u);
    s->digits[n] = next; s->digits[n + 1] = ~0u;
    s->digit_ends[n + 1] = next + digits;
    runs_from(s, n, all, tail, hits, lengths);
    for (u32 i = 0; i < n; i += 16) {
        _mm512_storeu_si512(starts + found, _mm512_maskz_compress_epi32(hits[i / 16], _mm512_loadu_si512(s->digits + i)));
        _mm512_storeu_si512(kept + found, _mm512_maskz_compress_epi32(hits[i / 16], _mm512_loadu_si512(lengths + i)));
        found += (u32)__builtin_popcount(hits[i / 16]);
    }
    return found;
}
#else
NOINLINE u32 runs_that_begin(Scan *s, u32 n, u32 *starts, u32 *kept) {
    const u8 *b = s->f.b;
    const u32 *lengths = s->c->numbers, any = s->c->any_number;
    u32 totals[STEP / 2 + 64], next, digits, found = 0, least = shortest_of(any);
    if (!n) return 0;
    u32 later = behind(b, s->digit_ends[n], s->f.n, &next, &digits);
    s->digits[n] = next;
    for (u32 i = n; i--;) {
        int joins = joins_next(b, s->digit_ends[i + 1], s->digits[i + 1]);
        totals[i] = later = with_later(run_digits(s, i), joins, later);
    }
    for (u32 i = 0; i < n; i++) {
        u32 start = s->digits[i], m = run_digits(s, i), may = totals[i];
        u64 x = load64(b + start);
        u32 first = x & 15, two = (u32)x & 0xFFFF, able = m >= 4 ? lengths[number8(x, 4)] : any;
        u32 forms = (first == 0) | (two == 0x3638) | ((first == 8) & (m == 1)) | (b[start ? start - 1 : 0] == '+');
        forms = (forms & (may >> least != 0)) | ((first == 1) & may >> 11 & any >> 10 & 1);
        u32 told = (may | (may << 3 & 1u << 20)) & able;
        starts[found] = start;
        kept[found] = m >= 4 && !forms ? told : ANY_LENGTH;
        found += forms | (told != 0);
    }
    return found;
}
#endif
#endif

/* The lanes of words, characters and e-mail addresses, and what looks like a record. */
#ifndef LEAKSCAN_LANES_H
#define LEAKSCAN_LANES_H
#include "codes.h"
#include "numbers.h"

enum { UNIT_DIGITS = 7 }; /* a line with so many digits together looks like a record */
enum { IN_CACHE = 17 }; /* a filter of so many bits of words (1 MiB) needs no prefetch */

/* ---- words ---- */
/* Which anchors pass the filter of words alone, or that of pairs: to s->anchors and s->anchor_hash,
   where the given ones may stand, too. */
INLINE u32 sifted(Scan *s, u32 n, const u64 *hashes, const u32 *places, const u64 *filter, u32 bits) {
    u32 found = 0, i = 0;
    if (bits > IN_CACHE)
        for (u32 j = 0; j < n && j < 64; j++) __builtin_prefetch(&filter[hashes[j] >> (64 - bits)]);
#if defined(__AVX512DQ__)
    const __m512i low = _mm512_set1_epi64(63), one = _mm512_set1_epi64(1);
    const __m128i shift = _mm_cvtsi32_si128(64 - (int)bits);
    for (; i + 8 <= n; i += 8) {
        __m512i p = _mm512_loadu_si512((const void *)(hashes + i));
        if (bits > IN_CACHE)
            for (u32 j = i + 64; j < i + 72 && j < n; j++) __builtin_prefetch(&filter[hashes[j] >> (64 - bits)]);
        __m512i word = _mm512_i64gather_epi64(_mm512_srl_epi64(p, shift), (const void *)filter, 8);
        __m512i a = _mm512_srlv_epi64(word, _mm512_and_si512(_mm512_srli_epi64(p, 24), low));
        __m512i b = _mm512_srlv_epi64(word, _mm512_and_si512(_mm512_srli_epi64(p, 30), low));
        __mmask8 pass = _mm512_test_epi64_mask(_mm512_and_si512(a, b), one);
        if (LIKELY(!pass)) continue;
        __m256i at = _mm256_loadu_si256((const __m256i *)(places + i));
        _mm512_storeu_si512((void *)(s->anchor_hash + found), _mm512_maskz_compress_epi64(pass, p));
        _mm256_storeu_si256((__m256i *)(s->anchors + found), _mm256_maskz_compress_epi32(pass, at));
        found += (u32)__builtin_popcount(pass);
    }
#endif
    for (; i < n; i++) {
        u64 p = hashes[i], word = filter[p >> (64 - bits)];
        if (i + 64 < n) __builtin_prefetch(&filter[hashes[i + 64] >> (64 - bits)]);
        s->anchors[found] = places[i];
        s->anchor_hash[found] = p;
        found += (u32)(word >> (p >> 24 & 63) & word >> (p >> 30 & 63) & 1);
    }
    return found;
}

/* Try the words alone that pass the filter. */
NOINLINE void drain_singles(Scan *s, u32 n, const u64 *hashes, const u32 *places) {
    const Ctx *c = s->c;
    n = sifted(s, n, hashes, places, c->singles, c->single_bits);
    for (u32 i = 0; i < n; i++) {
        Word w;
        u32 at = s->anchors[i];
        if (next_word(s->f.b, at, s->f.n, &w, &c->k, c->chars) && w.start == at && w.hash && w.end - at >= 4)
            push(s, bind(w.hash, WORDS, 1, &c->k), at, w.end, WORDS, 1, 1);
    }
}

/* Walk from the pairs that pass the filter. */
NOINLINE void drain_pairs(Scan *s, u32 n, const u64 *hashes, const u32 *places) {
    const Ctx *c = s->c;
    n = sifted(s, n, hashes, places, c->pairs, c->pair_bits);
    for (u32 i = 0; i < n; i++) __builtin_prefetch(&c->masks[mask_place(c, s->anchor_hash[i])]);
    for (u32 i = 0; i < n; i++) {
        u32 lengths = pair_lengths(c, s->anchor_hash[i]);
        if (lengths) walk(s, s->anchors[i], lengths);
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
    if (anchors && c->any_pair) drain_pairs(s, anchors, s->anchor_hash, s->anchors);
}

/* ---- e-mail addresses ---- */
INLINE u64 block_domain(Block v) {
    return block_alnum(v) | block_eq(v, '-');
}
INLINE u64 block_local(Block v) {
    u64 marks = block_eq(v, '.') | block_eq(v, '_') | block_eq(v, '%') | block_eq(v, '+') | block_eq(v, '\'');
    return block_domain(v) | marks;
}

/* Where what may stand in the labels of a domain ends, from `at` on and up to `end`. */
INLINE u32 domain_end(const u8 *b, u32 at, u32 end) {
    for (;; at += 64) {
        u64 rest = ~block_domain(block_load(b + at));
        if (rest) at += (u32)__builtin_ctzll(rest);
        if (rest || at >= end) return at < end ? at : end;
    }
}

/* Addresses with the signs at the collected places, at each label from the second on. */
NOINLINE void mail_lane(Scan *s, u32 n) {
    const u8 *b = s->f.b;
    for (u32 i = 0; i < n; i++) {
        u8 small[LONGEST_WORD + 256 + 64] = {0}; /* the text from 64 bytes before the sign on */
        u32 q = s->mails[i], at = q + 1, end = s->f.n < q + 256 ? s->f.n : q + 256;
        if (LIKELY(q >= 64)) memcpy(small, b + q - 64, 64);
        else memcpy(small + 64 - q, b, q);
        Block v = block_load(small);
        u64 other = ~block_local(v), an = block_alnum(v);
        if (other) an &= ~((2ull << (63 - __builtin_clzll(other))) - 1);
        if (!an) continue;
        u32 from = (u32)__builtin_ctzll(an), start = q - 64 + from, filled = 0;
        lower_all(small, 64);
        for (u32 labels = 1; labels <= 7; labels++, at++) {
            u32 stop = domain_end(b, at, end);
            if (stop == at) break;
            at = stop;
            if (labels > 1) {
                for (; q + filled < stop; filled += 64) {
                    memcpy(small + 64 + filled, b + q + filled, 64);
                    lower_all(small + 64 + filled, 64);
                }
                while (b[stop - 1] == '-') stop--;
                u32 size = stop - start;
                push(s, bind(hash_bytes(small + from, size, &s->c->k), MAIL, size, &s->c->k), start, stop, MAIL, size, 0);
            }
            if (at >= end || b[at] != '.') break;
        }
    }
}

/* ---- lines that look like records ---- */
static void unit_at(Scan *s, u32 at) {
    u64 line = number_at(s->line_marks, s->line_sums, at);
    if (line + 1 != s->unit_line) { s->unit_line = line + 1; s->units++; }
}

NOINLINE void units(Scan *s, u32 digits, u32 mails) {
    u32 m = 0, some[STEP / 2 + 32], found = 0, i = 0;
#if defined(__AVX512F__)
    for (; i < digits; i += 16) {
        __mmask16 here = first_lanes(digits - i);
        __m512i at = _mm512_maskz_loadu_epi32(here, s->digits + i), end = _mm512_maskz_loadu_epi32(here, s->digit_ends + i + 1);
        __mmask16 many = _mm512_cmpge_epu32_mask(_mm512_sub_epi32(end, at), _mm512_set1_epi32(UNIT_DIGITS));
        _mm512_storeu_si512(some + found, _mm512_maskz_compress_epi32(many, at));
        found += (u32)__builtin_popcount(many);
    }
#endif
    for (; i < digits; i++) {
        some[found] = s->digits[i];
        found += run_digits(s, i) >= UNIT_DIGITS;
    }
    for (i = 0; i < found; i++) {
        while (m < mails && s->mails[m] < some[i]) unit_at(s, s->mails[m++]);
        unit_at(s, some[i]);
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

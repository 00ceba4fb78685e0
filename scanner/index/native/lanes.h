/* The lanes of words, characters and e-mail addresses, and what looks like a record. */
#ifndef LEAKSCAN_LANES_H
#define LEAKSCAN_LANES_H
#include "codes.h"
#include "numbers.h"

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
        if (run_digits(s, i) < 7) continue;
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

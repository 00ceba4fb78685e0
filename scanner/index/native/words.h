/* Places from masks, and the words of a step: hashed, paired with the word before, filtered. */
#ifndef LEAKSCAN_WORDS_H
#define LEAKSCAN_WORDS_H
#include "lanes.h"

#if defined(__AVX512VBMI2__)
static const u8 FIRST_64[64] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
#endif

/* Write at + the place of each bit of the mask; gives how many they are. 64 places must be free. */
INLINE u32 places(u32 *to, u64 mask, u32 at) {
    u32 n = (u32)__builtin_popcountll(mask);
#if defined(__AVX512VBMI2__)
    __m512i bytes = _mm512_maskz_compress_epi8(mask, block_load(FIRST_64)), base = _mm512_set1_epi32((int)at);
    for (u32 i = 0;;) {
        _mm512_storeu_si512((void *)(to + i), _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bytes))));
        if (LIKELY((i += 16) >= n)) break;
        bytes = _mm512_alignr_epi64(bytes, bytes, 2);
    }
#else
    for (; mask; mask &= mask - 1) *to++ = at + (u32)__builtin_ctzll(mask);
#endif
    return n;
}

/* The hashes of the words at places 1 to n of s->starts and s->ends, to s->word_hash, and those of
   each with the word before it, to s->anchor_hash. */
NOINLINE void hash_words(Scan *s, u32 n) {
    const u8 *b = s->f.b;
    const Keys *k = &s->c->k;
    u32 i = 1;
#if defined(__AVX512DQ__)
    const __m512i ones = _mm512_set1_epi64(-1), set = _mm512_set1_epi64((i64)CASE), eight = _mm512_set1_epi64(64);
    const __m512i m0 = _mm512_set1_epi64((i64)k->m[0]), m1 = _mm512_set1_epi64((i64)k->m[1]), m2 = _mm512_set1_epi64((i64)k->m[2]);
    const __m512i m4 = _mm512_set1_epi64((i64)k->m[4]);
    __m512i last = _mm512_set1_epi64((i64)s->word_hash[0]);
    for (; i + 8 <= n + 1; i += 8) {
        __m256i from = _mm256_loadu_si256((const __m256i *)(s->starts + i));
        __m256i size = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(s->ends + i)), from);
        __m512i bits = _mm512_slli_epi64(_mm512_cvtepu32_epi64(size), 3);
        __m512i a = _mm512_or_si512(_mm512_i32gather_epi64(from, (const void *)b, 1), set);
        __m512i c = _mm512_or_si512(_mm512_i32gather_epi64(from, (const void *)(b + 8), 1), set);
        a = _mm512_andnot_si512(_mm512_sllv_epi64(ones, bits), a);
        c = _mm512_andnot_si512(_mm512_sllv_epi64(ones, _mm512_sub_epi64(_mm512_max_epu64(bits, eight), eight)), c);
        __m512i h = _mm512_add_epi64(_mm512_mullo_epi64(a, m0), _mm512_mullo_epi64(c, m1));
        h = _mm512_mullo_epi64(_mm512_xor_si512(h, _mm512_srli_epi64(h, 32)), m2);
        _mm512_storeu_si512((void *)(s->word_hash + i), h);
        for (u32 longer = _mm256_cmpgt_epu32_mask(size, _mm256_set1_epi32(16)); UNLIKELY(longer); longer &= longer - 1) {
            u32 j = i + (u32)__builtin_ctz(longer);
            s->word_hash[j] = hash_word(b + s->starts[j], s->ends[j] - s->starts[j], k);
            h = _mm512_loadu_si512((const void *)(s->word_hash + i));
        }
        __m512i pair = _mm512_mullo_epi64(_mm512_add_epi64(h, _mm512_alignr_epi64(h, last, 7)), m4);
        _mm512_storeu_si512((void *)(s->anchor_hash + i - 1), pair);
        last = h;
    }
#endif
    for (; i <= n; i++) {
        s->word_hash[i] = hash_word(b + s->starts[i], s->ends[i] - s->starts[i], k);
        s->anchor_hash[i - 1] = pair_of(s->word_hash[i - 1], s->word_hash[i], k);
    }
}

/* The words of a step, at places 1 to n (0 is the last one before it): pairs that may begin a value
   are walked, with the word before, with a character behind, and words that are a value alone. */
NOINLINE void words(Scan *s, u32 n, u32 joins) {
    const Ctx *c = s->c;
    const u64 *hash = s->word_hash;
    u32 first = s->have_previous ? 0 : 1;
    if (!c->any_pair && !c->singles) return;
    s->starts[0] = s->previous;
    s->word_hash[0] = s->previous_hash;
    hash_words(s, n);
    s->previous = s->starts[n];
    s->previous_hash = s->word_hash[n];
    s->have_previous |= n != 0;
    if (c->any_pair) {
        if (n > first) drain_pairs(s, n - first, s->anchor_hash + first, s->starts + first);
        u32 found = 0;
        for (u32 i = 0; i < joins; i++) {
            u32 q = s->join_chars[i], word = s->join_words[i];
            if (word < first) continue;
            s->anchors[found] = s->starts[word];
            const u8 *p = s->f.b + q;
            s->anchor_hash[found++] = pair_of(hash[word], known_char(p, lead_size(*p), &c->k, c->chars), &c->k);
        }
        if (found) drain_pairs(s, found, s->anchor_hash, s->anchors);
    }
    if (c->singles) {
        for (u32 i = 0; i < n; i++) s->anchor_hash[i] = hash[i + 1] * c->k.m[4];
        drain_singles(s, n, s->anchor_hash, s->starts + 1);
    }
}
#endif

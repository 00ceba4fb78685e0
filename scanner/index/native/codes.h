/* The lane of codes: letters and digits, with joiners between or not. */
#ifndef LEAKSCAN_CODES_H
#define LEAKSCAN_CODES_H
#include "base.h"

enum { LETTER_KIND = 1, GAP_KIND = 2, OTHER_KIND = 4, DIGIT_KIND = 8 };

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
    u32 found = 0, i = 0;
#if defined(__AVX512VBMI__)
    const __m512i kinds[2] = {block_load(T.code_kind), block_load(T.code_kind + 64)}, other = same(OTHER_KIND);
    const __m512i letter = _mm512_set1_epi32(LETTER_KIND << 16), gap = _mm512_set1_epi32(GAP_KIND << 16 | LETTER_KIND << 8);
    const __m512i third = _mm512_set1_epi32(OTHER_KIND | (c->letter_codes ? LETTER_KIND | DIGIT_KIND : 0));
    const __mmask16 always = c->digit_codes ? 0xFFFF : 0;
    __m512i number = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    for (; i < n; i += 16) {
        __mmask16 here = first_lanes(n - i);
        __m512i at = _mm512_maskz_loadu_epi32(here, s->digits + i);
        __mmask16 early = _mm512_cmplt_epu32_mask(at, _mm512_set1_epi32(3));
        __m512i x = _mm512_mask_i32gather_epi32(other, here & ~early, _mm512_sub_epi32(at, _mm512_set1_epi32(3)), s->f.b, 1);
        __m512i kind = _mm512_mask_mov_epi8(_mm512_permutex2var_epi8(kinds[0], x, kinds[1]), block_high(x), other);
        __mmask16 word = _mm512_cmpeq_epi32_mask(_mm512_and_si512(kind, gap), gap) & _mm512_test_epi32_mask(kind, third);
        __mmask16 pass = here & (always | early | word | _mm512_test_epi32_mask(kind, letter));
        _mm512_storeu_si512(some + found, _mm512_maskz_compress_epi32(pass, number));
        found += (u32)__builtin_popcount(pass);
        number = _mm512_add_epi32(number, _mm512_set1_epi32(16));
    }
#endif
    for (; i < n; i++) {
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
    u32 some[STEP / 2 + 32], found = after_letters(s, n, some);
    for (u32 j = 0; j < found; j++) {
        u32 i = some[j], q = s->digits[i], start = mark_before(s, q);
        if (start == ~0u || q - start > LONGEST_CODE) continue;
        if (i ? s->digits[i - 1] >= start : start < from && memchr_digit(b + start, q - start)) continue;
        codes_at(s, start, q);
    }
}
#endif

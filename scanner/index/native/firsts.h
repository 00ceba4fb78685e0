/* Which characters of three bytes may begin a value: three small tables that sit in registers,
   asked for 64 places at once; what they let pass, Ctx.firsts decides. They are asked where the
   machine looks up bytes in registers (AVX-512 VBMI); elsewhere each character is looked up. */
#ifndef LEAKSCAN_FIRSTS_H
#define LEAKSCAN_FIRSTS_H
#include "base.h"

/* 1,024 bits each: a place of seven bits and a bit of three, made of the last 12 bits of a code
   point: all of the third byte with some of the second, all of the second with some of the third,
   and a mixture of both with the first. */
typedef struct { u8 bits[3][128]; } Firsts;

INLINE void firsts_add(Firsts *f, u32 cp) {
    u32 lead = cp >> 12 & 15, second = cp >> 6 & 63, third = cp & 63, both = second ^ (third >> 1);
    f->bits[0][third | (second & 1) << 6] |= (u8)(1 << (second >> 1 & 7));
    f->bits[1][second | (third & 1) << 6] |= (u8)(1 << (third >> 1 & 7));
    f->bits[2][(both & 63) | (third & 1) << 6] |= (u8)(1 << ((lead ^ second >> 3) & 7));
}

#if defined(__AVX512VBMI__)
typedef struct { __m512i low[3], high[3]; } FirstsReady;

INLINE void firsts_load(FirstsReady *r, const Firsts *f) {
    for (int i = 0; i < 3; i++) {
        r->low[i] = _mm512_loadu_si512((const void *)f->bits[i]);
        r->high[i] = _mm512_loadu_si512((const void *)(f->bits[i] + 64));
    }
}

/* Each byte moved right by n; what comes in from its neighbour is cut off. */
INLINE __m512i bytes_right(__m512i v, int n) {
    return _mm512_and_si512(_mm512_srli_epi16(v, (unsigned)n), same(0xFF >> n));
}

INLINE u64 firsts_ask(const FirstsReady *r, int i, __m512i place, __m512i bit) {
    const __m512i powers = _mm512_set1_epi64((long long)0x8040201008040201ull);
    __m512i told = _mm512_permutex2var_epi8(r->low[i], place, r->high[i]);
    return _mm512_test_epi8_mask(told, _mm512_shuffle_epi8(powers, _mm512_and_si512(bit, same(7))));
}

/* The places whose character may begin a value, its three bytes in three blocks. */
INLINE u64 firsts_may(const FirstsReady *r, __m512i lead, __m512i second, __m512i third) {
    const __m512i one = same(1), six = same(63);
    __m512i two = _mm512_and_si512(second, six), three = _mm512_and_si512(third, six);
    __m512i odd_two = _mm512_slli_epi16(_mm512_and_si512(second, one), 6);
    __m512i odd_three = _mm512_slli_epi16(_mm512_and_si512(third, one), 6);
    __m512i half = bytes_right(three, 1), both = _mm512_xor_si512(two, half);
    u64 told = firsts_ask(r, 0, _mm512_or_si512(three, odd_two), bytes_right(two, 1));
    told &= firsts_ask(r, 1, _mm512_or_si512(two, odd_three), half);
    return told & firsts_ask(r, 2, _mm512_or_si512(both, odd_three), _mm512_xor_si512(lead, bytes_right(two, 3)));
}
#endif
#endif

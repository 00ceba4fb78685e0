/* Types, byte classes, 64-byte masks and hashes shared by the parts of the kernel.
   The definitions follow scanner/text/keys.py and scanner/text/windows.py. */
#ifndef LEAKSCAN_BASE_H
#define LEAKSCAN_BASE_H
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t i64;

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { KEEP, SEP, DROP, ONE, SEQ };
enum { WORDS, NUMBER, CODE, MAIL };
enum { LONGEST_WORD = 64, LONGEST_WINDOW = 256, WIDEST_GAP = 16 };
enum { SHORTEST_NUMBER = 6, LONGEST_NUMBER = 19, SHORTEST_CODE = 5, LONGEST_CODE = 34, CODE_PARTS = 10 };

/* Secrets: word low, word high, mix, chain, pair, lane, number, number length; SipHash key. */
typedef struct {
    u64 m[8];
    u64 sip[2];
} Keys;

/* What fold_table.bin says, prepared once for each process. */
typedef struct {
    const u8 *pages;   /* u16 for each 128 code points, unaligned */
    const u8 *entries; /* u32 for each code point of a page */
    const u8 *pool;    /* u32 code points */
    u16 simple[65536]; /* simplified form of a character, 0 where it is itself */
    u8 traditional[8192];
    u8 numeral[65536]; /* 0, or 1 + the digit that a Chinese numeral says */
    u64 safe[3];       /* third bytes that may stay after E2 80, E3 80, EF BC */
    u8 cls[256];       /* byte class: 0 separator, 1 letter, 2 digit, 3 beyond ASCII */
    u8 fold_class[256], fold_third[64]; /* see fold.h */
    u8 letter[256];    /* 0 to 35 for digits and letters, 36 for all else */
    u8 code_gap[256];  /* 1 for what may stand between the parts of a code */
    u8 code_kind[128]; /* one of the kinds of codes.h */
    u8 digit_gap[128];
    u8 local[128];
    int ready;
} Tables;

static Tables T;

/* Zeroed memory; a large one on large pages where the system has them: its places are read in no
   order, and with small pages the machine would look up the page each time. */
static void *zeros(u64 n, u64 size) {
#if defined(__linux__)
    const u64 page = 2u << 20;
    void *p;
    if (n * size >= page) {
        if (posix_memalign(&p, page, n * size)) return NULL;
        madvise(p, n * size, MADV_HUGEPAGE);
        return memset(p, 0, n * size);
    }
#endif
    return calloc(n, size);
}

INLINE u64 load64(const u8 *p) { u64 x; memcpy(&x, p, 8); return x; }
INLINE u32 load32(const u8 *p) { u32 x; memcpy(&x, p, 4); return x; }
INLINE u16 load16(const u8 *p) { u16 x; memcpy(&x, p, 2); return x; }
INLINE int low(int c) { return (unsigned)(c - 'A') < 26u ? c | 0x20 : c; }
INLINE int alnum(int c) { u8 k = T.cls[c]; return k == 1 || k == 2; }

/* Capital letters made small, in place; up to 15 bytes behind may be touched. */
INLINE void lower_all(u8 *p, u32 n) {
    for (u32 at = 0; at < n; at += 16)
        for (u32 i = at; i < at + 16; i++) p[i] = (u8)(p[i] + ((u8)(p[i] - 'A') < 26 ? 0x20 : 0));
}

INLINE u32 entry_of(u32 cp) {
    if (cp >= 0x110000) return SEP << 24 | ',';
    u32 page = load16(T.pages + 2 * (cp >> 7));
    return load32(T.entries + 4 * ((size_t)page * 128 + (cp & 127)));
}

INLINE int lead_size(int c) { return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4; }

INLINE u32 decode(const u8 *p, int size) {
    if (size == 3) return (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
    if (size == 2) return (p[0] & 31u) << 6 | (p[1] & 63u);
    if (size == 4) return (p[0] & 7u) << 18 | (p[1] & 63u) << 12 | (p[2] & 63u) << 6 | (p[3] & 63u);
    return p[0];
}

INLINE int encode(u32 cp, u8 *o) {
    if (cp < 0x80) { o[0] = (u8)cp; return 1; }
    if (cp < 0x800) { o[0] = (u8)(0xC0 | cp >> 6); o[1] = (u8)(0x80 | (cp & 63)); return 2; }
    if (cp < 0x10000) {
        o[0] = (u8)(0xE0 | cp >> 12); o[1] = (u8)(0x80 | (cp >> 6 & 63)); o[2] = (u8)(0x80 | (cp & 63));
        return 3;
    }
    o[0] = (u8)(0xF0 | cp >> 18); o[1] = (u8)(0x80 | (cp >> 12 & 63));
    o[2] = (u8)(0x80 | (cp >> 6 & 63)); o[3] = (u8)(0x80 | (cp & 63));
    return 4;
}

/* Separators that folding leaves as they are: E2 80, E3 80 and EF BC begin nothing else then. */
INLINE int left_mark(const u8 *p) {
    return (p[0] == 0xE2 && p[1] == 0x80) || (p[0] == 0xE3 && p[1] == 0x80) || (p[0] == 0xEF && p[1] == 0xBC);
}

/* ---- hashes ---- */
INLINE u64 mix_block(u64 state, u64 a, u64 b, const Keys *k) {
    state += a * k->m[0] + b * k->m[1];
    state ^= state >> 32;
    return state * k->m[2];
}

INLINE u64 hash_short(u64 a, u64 b, const Keys *k) { return mix_block(0, a, b, k); }

static const u64 LOW_MASK[17] = {
    0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFull, 0xFFFFFFFFFFFFull, 0xFFFFFFFFFFFFFFull,
    ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull};
static const u64 HIGH_MASK[17] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFull,
    0xFFFFFFFFFFFFull, 0xFFFFFFFFFFFFFFull, ~0ull};
#define CASE 0x2020202020202020ull

/* A word of ASCII letters and digits in any case; may read 16 bytes. */
INLINE u64 hash_word16(const u8 *p, u32 n, const Keys *k) {
    u64 a = (load64(p) | CASE) & LOW_MASK[n], b = (load64(p + 8) | CASE) & HIGH_MASK[n];
    return hash_short(a, b, k);
}

/* Bytes with the bits of `set` added to each; up to 15 bytes behind them are read, and do not count. */
INLINE u64 hash_blocks(const u8 *p, u32 n, u64 set, const Keys *k) {
    u64 state = 0;
    for (u32 at = 0; at < n; at += 16) {
        u32 m = n - at < 16 ? n - at : 16;
        state = mix_block(state, (load64(p + at) | set) & LOW_MASK[m], (load64(p + at + 8) | set) & HIGH_MASK[m], k);
    }
    return state;
}

INLINE u64 hash_bytes(const u8 *p, u32 n, const Keys *k) { return hash_blocks(p, n, 0, k); }
NOINLINE u64 hash_long(const u8 *p, u32 n, const Keys *k) { return hash_blocks(p, n, CASE, k); }

INLINE u64 hash_word(const u8 *p, u32 n, const Keys *k) {
    return LIKELY(n <= 16) ? hash_word16(p, n, k) : hash_long(p, n, k);
}

/* How many of eight bytes from p on are digits before another byte comes. */
INLINE u32 digits8(u64 x) {
    u64 t = x ^ 0x3030303030303030ull, over = (t | (t + 0x7676767676767676ull)) & 0x8080808080808080ull;
    return over ? (u32)__builtin_ctzll(over) >> 3 : 8;
}

/* The number that the first n (1 to 8) of eight bytes say. */
INLINE u64 number8(u64 x, u32 n) {
    x = (x ^ 0x3030303030303030ull) << (64 - 8 * n);
    x = x * 10 + (x >> 8);
    return (((x & 0x000000FF000000FFull) * 0x000F424000000064ull) +
            ((x >> 16 & 0x000000FF000000FFull) * 0x0000271000000001ull)) >> 32;
}

INLINE u32 permuted(u32 cp) { return (cp >> 12 & 15) | (cp >> 6 & 63) << 4 | (cp & 63) << 10; }
INLINE u32 permuted_raw(u32 raw) {
#if defined(__BMI2__)
    return _pext_u32(raw, 0x3F3F0F);
#else
    return (raw & 15) | (raw >> 8 & 63) << 4 | (raw >> 16 & 63) << 10;
#endif
}
/* The code point of the character of three bytes at p; reads four bytes. */
INLINE u32 point3(const u8 *p) {
#if defined(__BMI2__)
    return _pext_u32(__builtin_bswap32(load32(p)), 0x0F3F3F00);
#else
    return (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
#endif
}
INLINE int bit(const u8 *map, u32 at) { return map[at >> 3] >> (at & 7) & 1; }

/* One character beyond ASCII, taken in its simplified form. */
INLINE u64 hash_char(const u8 *p, int size, const Keys *k) {
    u64 raw;
    if (LIKELY(size == 3)) {
        raw = load32(p) & 0xFFFFFF;
        if (UNLIKELY(bit(T.traditional, permuted_raw((u32)raw)))) {
            u8 o[4] = {0};
            encode(T.simple[decode(p, 3)], o);
            raw = o[0] | o[1] << 8 | o[2] << 16;
        }
    } else {
        raw = size == 2 ? load16(p) : load32(p);
    }
    return hash_short(raw, 0, k);
}

/* The same, given the hashes of all characters of three bytes. */
INLINE u64 known_char(const u8 *p, int size, const Keys *k, const u64 *chars) {
    return LIKELY(size == 3) ? chars[point3(p)] : hash_char(p, size, k);
}

INLINE u64 bind(u64 state, u32 lane, u32 length, const Keys *k) {
    return state + (u64)(lane << 16 | length) * k->m[5];
}

INLINE u64 hash_number(u64 value, u32 length, const Keys *k) {
    u64 s = value * k->m[6] + length * k->m[7];
    s ^= s >> 32;
    return bind(s * k->m[2], NUMBER, length, k);
}

INLINE u64 pair_of(u64 a, u64 b, const Keys *k) { return (a + b) * k->m[4]; }

#define ROT(x, b) ((x) << (b) | (x) >> (64 - (b)))
#define SIPROUND \
    v0 += v1; v2 += v3; v1 = ROT(v1, 13); v3 = ROT(v3, 16); v1 ^= v0; v3 ^= v2; v0 = ROT(v0, 32); \
    v2 += v1; v0 += v3; v1 = ROT(v1, 17); v3 = ROT(v3, 21); v1 ^= v2; v3 ^= v0; v2 = ROT(v2, 32);

/* SipHash-2-4 of each value, in place. The loop is simple so that compilers make vectors of it. */
static void sip_all(u64 *x, size_t n, const Keys *k) {
    const u64 a = k->sip[0] ^ 0x736F6D6570736575ull, b = k->sip[1] ^ 0x646F72616E646F6Dull;
    const u64 c = k->sip[0] ^ 0x6C7967656E657261ull, d = k->sip[1] ^ 0x7465646279746573ull;
    for (size_t i = 0; i < n; i++) {
        u64 v0 = a, v1 = b, v2 = c, v3 = d ^ x[i];
        SIPROUND SIPROUND
        v0 ^= x[i];
        v3 ^= 8ull << 56;
        SIPROUND SIPROUND
        v0 ^= 8ull << 56;
        v2 ^= 0xFF;
        SIPROUND SIPROUND SIPROUND SIPROUND
        x[i] = v0 ^ v1 ^ v2 ^ v3;
    }
}

/* ---- masks over 64 bytes ---- */
#if defined(__AVX512BW__)
typedef __m512i Block;
/* A byte 64 times, from memory: making it anew each time keeps the port busy that compares. */
static u8 SAME[256][64] __attribute__((aligned(64)));
INLINE __m512i same(int c) { return _mm512_load_si512((const void *)SAME[(u8)c]); }
INLINE Block block_load(const u8 *p) { return _mm512_loadu_si512((const void *)p); }
INLINE u64 block_range(Block v, int from, int count) {
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, same(from)), same(count));
}
INLINE u64 block_eq(Block v, int c) { return _mm512_cmpeq_epi8_mask(v, same(c)); }
INLINE u64 block_high(Block v) { return _mm512_movepi8_mask(v); }
INLINE Block block_lower(Block v) { return _mm512_or_si512(v, same(0x20)); }
/* The first n of 16 lanes, all where there are more. */
INLINE __mmask16 first_lanes(u32 n) { return (__mmask16)(n < 16 ? (1u << n) - 1 : 0xFFFF); }
#if defined(__AVX512VBMI__)
#define PATH "avx512vbmi"
#else
#define PATH "avx512"
#endif
#elif defined(__AVX2__)
typedef struct { __m256i a, b; } Block;
INLINE Block block_load(const u8 *p) {
    Block v = {_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 32))};
    return v;
}
INLINE u64 join32(__m256i a, __m256i b) {
    return (u32)_mm256_movemask_epi8(a) | (u64)(u32)_mm256_movemask_epi8(b) << 32;
}
INLINE __m256i in32(__m256i v, int from, int count) {
    __m256i x = _mm256_sub_epi8(v, _mm256_set1_epi8((char)from));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8((char)(count - 1))), x);
}
INLINE u64 block_range(Block v, int from, int count) { return join32(in32(v.a, from, count), in32(v.b, from, count)); }
INLINE u64 block_eq(Block v, int c) {
    __m256i k = _mm256_set1_epi8((char)c);
    return join32(_mm256_cmpeq_epi8(v.a, k), _mm256_cmpeq_epi8(v.b, k));
}
INLINE u64 block_high(Block v) { return join32(v.a, v.b); }
INLINE Block block_lower(Block v) {
    __m256i k = _mm256_set1_epi8(0x20);
    Block o = {_mm256_or_si256(v.a, k), _mm256_or_si256(v.b, k)};
    return o;
}
#define PATH "avx2"
#elif defined(__SSE2__)
typedef struct { __m128i v[4]; } Block;
INLINE Block block_load(const u8 *p) {
    Block b;
    for (int i = 0; i < 4; i++) b.v[i] = _mm_loadu_si128((const __m128i *)(p + 16 * i));
    return b;
}
INLINE u64 block_range(Block b, int from, int count) {
    u64 m = 0;
    for (int i = 0; i < 4; i++) {
        __m128i x = _mm_sub_epi8(b.v[i], _mm_set1_epi8((char)from));
        x = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8((char)(count - 1))), x);
        m |= (u64)(u32)_mm_movemask_epi8(x) << (16 * i);
    }
    return m;
}
INLINE u64 block_eq(Block b, int c) {
    u64 m = 0;
    for (int i = 0; i < 4; i++)
        m |= (u64)(u32)_mm_movemask_epi8(_mm_cmpeq_epi8(b.v[i], _mm_set1_epi8((char)c))) << (16 * i);
    return m;
}
INLINE u64 block_high(Block b) {
    u64 m = 0;
    for (int i = 0; i < 4; i++) m |= (u64)(u32)_mm_movemask_epi8(b.v[i]) << (16 * i);
    return m;
}
INLINE Block block_lower(Block b) {
    for (int i = 0; i < 4; i++) b.v[i] = _mm_or_si128(b.v[i], _mm_set1_epi8(0x20));
    return b;
}
#define PATH "sse2"
#else
typedef struct { u8 v[64]; } Block;
INLINE Block block_load(const u8 *p) { Block b; memcpy(b.v, p, 64); return b; }
INLINE u64 block_range(Block b, int from, int count) {
    u64 m = 0;
    for (int i = 0; i < 64; i++) m |= (u64)((u8)(b.v[i] - from) < count) << i;
    return m;
}
INLINE u64 block_eq(Block b, int c) { return block_range(b, c, 1); }
INLINE u64 block_high(Block b) { return block_range(b, 0x80, 0x80); }
INLINE Block block_lower(Block b) {
    for (int i = 0; i < 64; i++) b.v[i] |= 0x20;
    return b;
}
#define PATH "generic"
#endif

/* ASCII letters and digits. */
INLINE u64 block_alnum(Block v) { return block_range(v, '0', 10) | block_range(block_lower(v), 'a', 26); }

/* ---- one word of folded text after another ---- */
typedef struct {
    u32 start, end;
    u64 hash; /* 0 where it can stand in no window */
    int plain;
} Word;

/* Letters and digits from p on, 65 where there are more than 64; 65 bytes must be readable. */
INLINE u32 word_length(const u8 *p) {
    Block v = block_load(p);
    u64 other = ~block_alnum(v);
    return LIKELY(other != 0) ? (u32)__builtin_ctzll(other) : 64 + (u32)alnum(p[64]);
}

/* The next word from `at` on (`chars` has the hashes of characters of three bytes), at most WIDEST_GAP separators away; 0 where there is none. */
INLINE int next_word(const u8 *b, u32 at, u32 end, Word *w, const Keys *k, const u64 *chars) {
    for (int gap = 0; at < end; gap++) {
        int c = b[at], kind = T.cls[c];
        if (kind == 0) { at++; }
        else if (kind == 3) {
            int size = lead_size(c);
            if (!left_mark(b + at)) {
                w->start = at; w->end = at + size; w->plain = 0;
                w->hash = known_char(b + at, size, k, chars);
                return gap <= WIDEST_GAP;
            }
            at += 3;
        } else {
            u32 n = word_length(b + at);
            if (at + n > end) n = end - at;
            w->start = at; w->end = at + n; w->plain = 1;
            w->hash = n > LONGEST_WORD ? 0 : hash_word(b + at, n, k);
            return gap <= WIDEST_GAP;
        }
        if (gap > WIDEST_GAP) return 0;
    }
    return 0;
}

/* ---- digits and the marks between them ---- */
/* The ASCII mark that the separator at p counts as, 0 where there is none. */
INLINE int mark_at(const u8 *p) {
    if (p[0] < 0x80) return p[0];
    u32 e = p[0] >= 0xE0 && left_mark(p) ? entry_of(decode(p, 3)) : 0;
    return e >> 24 == SEP && (e & 0xFFFFFF) < 0x80 ? (int)(e & 0x7F) : 0;
}

/* Bytes of the mark at p that may stand between digits, 0 where it may not. */
INLINE u32 gap_mark(const u8 *p) {
    if (p[0] < 0x80) return T.digit_gap[p[0]];
    return T.digit_gap[mark_at(p)] ? 3 : 0;
}

/* The digit at p (ASCII or Chinese numeral) and its bytes, -1 where there is none. */
INLINE int digit_at(const u8 *b, u32 at, u32 end, u32 *size) {
    if (at >= end) return -1;
    if (T.cls[b[at]] == 2) { *size = 1; return b[at] - '0'; }
    if ((b[at] & 0xF0) != 0xE0) return -1;
    *size = 3;
    return (int)T.numeral[decode(b + at, 3)] - 1;
}

INLINE u32 step_back(const u8 *b, u32 at) {
    at--;
    while (at && (b[at] & 0xC0) == 0x80) at--;
    return at;
}

#endif

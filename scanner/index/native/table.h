/* From (hash, cell) pairs to the sections of a segment. The layout is scanner/index/segment.py. */
#ifndef LEAKSCAN_TABLE_H
#define LEAKSCAN_TABLE_H
#include "base.h"

enum { SPREAD_BITS = 11, SMALL_SORT = 24 };

typedef struct {
    u64 *h; /* ascending, then cells ascending */
    u32 *c;
    u64 n, values, postings;
} Sorted;

static void insertion(u64 *h, u32 *c, u64 n) {
    for (u64 i = 1; i < n; i++) {
        u64 x = h[i];
        u32 y = c[i];
        u64 j = i;
        while (j && (h[j - 1] > x || (h[j - 1] == x && c[j - 1] > y))) {
            h[j] = h[j - 1];
            c[j] = c[j - 1];
            j--;
        }
        h[j] = x;
        c[j] = y;
    }
}

/* Sort cells of one hash: they come nearly in order. */
static int by_number(const void *a, const void *b) {
    u32 x = *(const u32 *)a, y = *(const u32 *)b;
    return (x > y) - (x < y);
}

/* Sort pairs whose hashes agree above `bits`; th, tc are room for as many. */
static void sort_part(u64 *h, u32 *c, u64 n, u32 bits, u64 *th, u32 *tc) {
    if (n <= SMALL_SORT) { insertion(h, c, n); return; }
    int same = 1;
    for (u64 i = 1; i < n && same; i++) same = h[i] == h[0];
    if (same || !bits) { qsort(c, n, 4, by_number); return; }
    u32 take = 1;
    while (take < 16 && take < bits && (n >> take) > 8) take++;
    u64 kinds = 1ull << take, shift = bits - take, at = 0;
    u32 *count = calloc(kinds + 1, 4);
    if (!count) { insertion(h, c, n); return; }
    for (u64 i = 0; i < n; i++) count[h[i] >> shift & (kinds - 1)]++;
    for (u64 k = 0; k < kinds; k++) { u32 m = count[k]; count[k] = (u32)at; at += m; }
    for (u64 i = 0; i < n; i++) {
        u32 to = count[h[i] >> shift & (kinds - 1)]++;
        th[to] = h[i];
        tc[to] = c[i];
    }
    memcpy(h, th, n * 8);
    memcpy(c, tc, n * 4);
    for (u64 k = 0, from = 0; k < kinds; k++) {
        if (count[k] - from > 1) sort_part(h + from, c + from, count[k] - from, (u32)shift, th, tc);
        from = count[k];
    }
    free(count);
}

/* Sort pairs out by the upper eight bits of their hashes, each part in the order given; `bounds`
   has 257 places, told where the parts begin and the last one ends. */
EXPORT void leakscan_spread(const u64 *h, const u32 *c, u64 n, u64 *to_h, u32 *to_c, i64 *bounds) {
    u64 next[256];
    memset(bounds, 0, 257 * sizeof(i64));
    for (u64 i = 0; i < n; i++) bounds[(h[i] >> 56) + 1]++;
    for (u32 k = 0; k < 256; k++) {
        next[k] = (u64)bounds[k];
        bounds[k + 1] += bounds[k];
    }
    for (u64 i = 0; i < n; i++) {
        u64 to = next[h[i] >> 56]++;
        to_h[to] = h[i];
        to_c[to] = c[i];
    }
}

EXPORT void leakscan_sorted_close(Sorted *s) {
    if (!s) return;
    free(s->h); free(s->c); free(s);
}

/* Pairs sorted and without doubles; NULL where memory ran out. */
EXPORT Sorted *leakscan_sort(const u64 *h, const u32 *c, u64 n) {
    Sorted *s = calloc(1, sizeof(Sorted));
    u64 count[(1 << SPREAD_BITS) + 1] = {0}, most = 0, out = 0, shift = 64 - SPREAD_BITS;
    if (!s) return NULL;
    s->h = malloc((n + 1) * 8);
    s->c = malloc((n + 1) * 4);
    for (u64 i = 0; i < n; i++) count[(h[i] >> shift) + 1]++;
    for (u32 k = 0; k < 1 << SPREAD_BITS; k++) {
        if (count[k + 1] > most) most = count[k + 1];
        count[k + 1] += count[k];
    }
    u64 *th = malloc((most + 1) * 8);
    u32 *tc = malloc((most + 1) * 4);
    if (!s->h || !s->c || !th || !tc) { free(th); free(tc); leakscan_sorted_close(s); return NULL; }
    for (u64 i = 0; i < n; i++) {
        u64 to = count[h[i] >> shift]++;
        s->h[to] = h[i];
        s->c[to] = c[i];
    }
    for (u64 k = 0, from = 0; k < 1 << SPREAD_BITS; k++) {
        u64 m = count[k] - from;
        if (m) sort_part(s->h + from, s->c + from, m, (u32)shift, th, tc);
        from = count[k];
    }
    free(th); free(tc);
    for (u64 i = 0; i < n;) { /* count values, drop doubles */
        u64 hash = s->h[i], first = out;
        for (; i < n && s->h[i] == hash; i++) {
            if (out > first && s->c[out - 1] == s->c[i]) continue;
            s->h[out] = hash;
            s->c[out++] = s->c[i];
        }
        s->values++;
        if (out - first > 1) s->postings += out - first + 1;
    }
    s->n = out;
    return s;
}

EXPORT void leakscan_sorted_told(const Sorted *s, u64 *told) {
    told[0] = s->n; told[1] = s->values; told[2] = s->postings;
}

/* Fill what a range of hashes gives of the sections; ranges come in ascending order. `at` has the
   next value, posting and bucket and is moved on; the arrays begin at the places that `from` tells:
   a word of the Bloom filter, a bucket, a byte of the entries, a posting. `common` gets, for each
   column, the cells whose value more than `few` hold. */
EXPORT void leakscan_fill(const Sorted *s, u32 bucket_bits, u32 tag_bits, u32 payload_bits, u64 words, const u64 *from,
                          u64 *at, u64 *bloom, u32 *offsets, u8 *entries, u32 *postings, u32 width, u32 few, u64 *common) {
    u32 size = tag_bits + 1 + payload_bits;
    u64 value = at[0], next_posting = at[1], next_bucket = at[2];
    for (u64 i = 0; i < s->n; value++) {
        u64 h = s->h[i], end = i + 1, entry, bucket = bucket_bits ? h >> (64 - bucket_bits) : 0;
        while (end < s->n && s->h[end] == h) end++;
        while (next_bucket <= bucket) offsets[next_bucket++ - from[1]] = (u32)value;
        entry = h << bucket_bits >> (64 - tag_bits);
        if (end - i == 1) entry |= (u64)s->c[i] << (tag_bits + 1);
        else {
            u32 *list = postings + (next_posting - from[3]);
            entry |= 1ull << tag_bits | next_posting << (tag_bits + 1);
            *list++ = (u32)(end - i);
            for (u64 j = i; j < end; j++) {
                *list++ = s->c[j];
                if (end - i > few) common[s->c[j] % width]++;
            }
            next_posting += end - i + 1;
        }
        bloom[((h >> 32) * words >> 32) - from[0]] |= 1ull << (h >> 20 & 63) | 1ull << (h >> 26 & 63) | 1ull << (h >> 32 & 63) | 1ull << (h >> 38 & 63);
        u64 place = value * size;
        u8 *into = entries + ((place >> 3) - from[2]);
        u64 low = load64(into) | entry << (place & 7);
        memcpy(into, &low, 8);
        i = end;
    }
    at[0] = value; at[1] = next_posting; at[2] = next_bucket;
}
#endif

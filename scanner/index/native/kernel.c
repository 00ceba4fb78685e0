/* The native kernel: one source, compiled ahead of time for several levels of the machine.
   Interface: leakscan_* below; scanner/index/kernel.py calls it through ctypes. */
#include "scan.h"
#include "build.h"
#include "table.h"
#include "print.h"
#include "seal.h"
#include "spans.h"

enum { VERSION = 5 };

EXPORT int leakscan_version(void) { return VERSION; }
EXPORT const char *leakscan_path(void) { return PATH; }

static const u16 NUMERAL_OF[][2] = {
    {0x96F6, 0}, {0x4E00, 1}, {0x58F9, 1}, {0x5E7A, 1}, {0x4E8C, 2}, {0x8D30, 2}, {0x4E24, 2},
    {0x4E09, 3}, {0x53C1, 3}, {0x56DB, 4}, {0x8086, 4}, {0x4E94, 5}, {0x4F0D, 5}, {0x516D, 6},
    {0x9646, 6}, {0x4E03, 7}, {0x67D2, 7}, {0x516B, 8}, {0x634C, 8}, {0x4E5D, 9}, {0x7396, 9}};

/* Take the fold table; the bytes must stay where they are. 0 where they are no fold table. */
EXPORT int leakscan_tables(const u8 *data, u64 size) {
    if (size < 12 || memcmp(data, "LSFT", 4)) return 0;
    u64 pages = load32(data + 4), pool = load32(data + 8);
    if (size != 12 + 2 * 8704 + 4 * (pages * 128 + pool)) return 0;
#if defined(__AVX512BW__)
    for (int c = 0; c < 256; c++) memset(SAME[c], c, sizeof SAME[c]);
#endif
    T.pages = data + 12;
    T.entries = T.pages + 2 * 8704;
    T.pool = T.entries + 4 * pages * 128;
    for (int c = 0; c < 256; c++)
        T.cls[c] = c >= '0' && c <= '9' ? 2 : (c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c < 0x80 ? 1 : c >= 0xC2 ? 3 : 0;
    for (const char *p = " -.()+/"; *p; p++) T.digit_gap[(u8)*p] = 1;
    for (int c = 0; c < 256; c++)
        T.letter[c] = (u8)(T.cls[c] == 2 ? c - '0' : T.cls[c] == 1 ? (c | 0x20) - 'a' + 10 : 36);
    for (const char *p = " -_/."; *p; p++) T.code_gap[(u8)*p] = 1;
    for (int c = 0; c < 128; c++) {
        T.code_kind[c] = T.cls[c] == 1 ? LETTER_KIND : T.cls[c] == 2 ? DIGIT_KIND : OTHER_KIND | (T.code_gap[c] ? GAP_KIND : 0);
        T.local[c] = T.cls[c] != 0 || (c && strchr("._%+-'", c));
    }
    for (u32 cp = 0x3400; cp < 0xA000; cp++) {
        u32 e = entry_of(cp);
        if (e >> 24 == ONE && (e & 0xFFFFFF) >= 0x3400 && (e & 0xFFFFFF) < 0xA000) {
            u32 at = permuted(cp);
            T.simple[cp] = (u16)e;
            T.traditional[at >> 3] |= (u8)(1 << (at & 7));
        }
    }
    for (size_t i = 0; i < sizeof NUMERAL_OF / sizeof *NUMERAL_OF; i++)
        T.numeral[NUMERAL_OF[i][0]] = (u8)(NUMERAL_OF[i][1] + 1);
    for (u32 cp = 0x3400; cp < 0xA000; cp++)
        if (T.simple[cp] && T.numeral[T.simple[cp]]) T.numeral[cp] = T.numeral[T.simple[cp]];
    const u32 row[3] = {0x2000, 0x3000, 0xFF00};
    for (int r = 0; r < 3; r++)
        for (u32 i = 0; i < 64; i++) {
            u32 e = entry_of(row[r] + i), m = e & 0xFFFFFF;
            if (e >> 24 == SEP && !(m < 0x80 && strchr("@.-_/+&[", (int)m))) T.safe[r] |= 1ull << i;
        }
    for (int c = 0xC2; c < 256; c++) T.fold_class[c] = c >= 0xE4 && c < 0xEA ? 0 : SPECIAL;
    for (const char *p = "([{<"; *p; p++) T.fold_class[(u8)*p] = OPENS;
    T.fold_class['&'] = SPECIAL;
    T.fold_class[0xE2] |= 1;
    T.fold_class[0xE3] |= 2;
    T.fold_class[0xEF] |= 4;
    for (u32 i = 0; i < 64; i++)
        for (int r = 0; r < 3; r++) T.fold_third[i] |= (u8)((T.safe[r] >> i & 1) << r);
    T.ready = 1;
    return 1;
}

static u32 bits_for(u64 n, u32 least, u32 most) {
    u32 bits = least;
    while (bits < most && 1ull << bits < n) bits++;
    return bits;
}

static void filter_add(u64 *words, u32 bits, u64 p) {
    words[p >> (64 - bits)] |= 1ull << (p >> 24 & 63) | 1ull << (p >> 30 & 63);
}

/* A context for so many pairs and single words; filled by leakscan_add, then leakscan_part. */
EXPORT Ctx *leakscan_open(const u64 *keys, u64 pairs, u64 singles, u32 parts) {
    if (!T.ready) return NULL;
    Ctx *c = calloc(1, sizeof(Ctx));
    if (!c) return NULL;
    memcpy(c->k.m, keys, 64);
    memcpy(c->k.sip, keys + 8, 16);
    c->pair_bits = bits_for(pairs / 4 + 1, 9, 26);
    c->mask_bits = bits_for(pairs + 1, 9, 28);
    c->pairs = zeros(1ull << c->pair_bits, 8);
    c->masks = zeros(1ull << c->mask_bits, 4);
    if (singles) {
        c->single_bits = bits_for(singles / 4 + 1, 9, 26);
        c->singles = zeros(1ull << c->single_bits, 8);
    }
    c->any_pair = pairs != 0;
    c->chars = malloc(65536 * 8);
    for (u32 cp = 0x800; c->chars && cp < 65536; cp++) {
        u8 raw[4] = {0};
        encode(cp, raw);
        c->chars[cp] = hash_char(raw, 3, &c->k);
    }
    c->parts = calloc(parts + 1, sizeof(Part));
    if (!c->chars || !c->pairs || !c->masks || !c->parts || (singles && !c->singles)) return NULL;
    return c;
}

EXPORT void leakscan_add(Ctx *c, const u64 *pairs, const u32 *masks, u64 n, const u64 *singles, u64 singles_n,
                         const u32 *firsts, u64 firsts_n, const u32 *lengths, u64 lengths_n,
                         const u32 *numbers, u64 numbers_n, const u32 *codes, u64 codes_n) {
    for (u64 i = 0; i < n; i++) {
        u64 p = pairs[i] << 24;
        filter_add(c->pairs, c->pair_bits, p);
        c->masks[pairs[i] * 0x9E3779B97F4A7C15ull >> (64 - c->mask_bits)] |= masks[i];
    }
    for (u64 i = 0; i < singles_n; i++) filter_add(c->singles, c->single_bits, singles[i] << 24);
    for (u64 i = 0; i < firsts_n; i++) c->firsts[firsts[i] & 0xFFFF] = 1;
    for (u64 i = 0; i < lengths_n; i++)
        if (lengths[i] <= LONGEST_WINDOW) c->lengths[lengths[i]] = 1;
    for (u64 i = 0; i < numbers_n; i++) {
        u32 length = numbers[i] >> 16, four = numbers[i] & 0xFFFF;
        if (four >= 10000 || (length & 31) > LONGEST_NUMBER) continue;
        u32 as = length & 32 ? 20 : length;
        c->numbers[four] |= 1u << as;
        c->any_number |= 1u << as;
    }
    for (u64 i = 0; i < codes_n; i++) {
        u32 length = codes[i] >> 16, a = codes[i] >> 8 & 0xFF, b = codes[i] & 0xFF;
        if (length > LONGEST_CODE || !alnum((int)a) || !alnum((int)b)) continue;
        c->codes[code_place(a, b)] |= 1ull << length;
        c->any_code = 1;
        c->letter_codes |= (u32)(T.cls[a] == 1 && T.cls[b] == 1);
        c->digit_codes |= (u32)(T.cls[a] == 2);
    }
}

/* Traditional forms of the first characters, and numerals, lead to values as well. */
EXPORT void leakscan_ready(Ctx *c) {
    for (u32 cp = 0x3400; cp < 0xA000; cp++)
        if ((T.simple[cp] && c->firsts[T.simple[cp]]) || (c->any_number && T.numeral[cp])) c->firsts[cp] = 1;
    for (u32 cp = 0x800; cp < 65536; cp++)
        if (c->firsts[cp]) firsts_add(&c->may, cp);
}

EXPORT void leakscan_part(Ctx *c, u32 source, const u64 *bloom, u64 bloom_words, const u32 *offsets,
                          const u8 *entries, u64 entries_size, u64 values, u32 bucket_bits, u32 tag_bits,
                          u32 payload_bits) {
    Part *p = &c->parts[c->parts_n++];
    p->bloom = bloom; p->bloom_words = bloom_words; p->offsets = offsets;
    p->entries = entries; p->entries_size = entries_size; p->values = values;
    p->bucket_bits = bucket_bits; p->tag_bits = tag_bits; p->payload_bits = payload_bits; p->source = source;
}

EXPORT void leakscan_close(Ctx *c) {
    if (!c) return;
    free(c->chars); free(c->pairs); free(c->masks); free(c->singles); free(c->parts); free(c);
}

EXPORT Scan *leakscan_scan(const Ctx *c) {
    Scan *s = calloc(1, sizeof(Scan));
    if (!s) return NULL;
    s->c = c;
    s->f.cap = CHUNK + AHEAD + BACK;
    s->f.b = malloc(s->f.cap + 256);
    if (!s->f.b) { free(s); return NULL; }
    return s;
}

EXPORT void leakscan_scan_close(Scan *s) {
    if (!s) return;
    free(s->f.b); free(s->f.breaks); free(s->out); free(s->word_hashes); free(s);
}

/* Begin a text; words and lines go on from the given numbers. */
EXPORT void leakscan_begin(Scan *s, u64 words, u64 lines, int table) {
    s->f.n = s->f.breaks_n = s->done = s->carry_n = 0;
    s->in = 0;
    s->words = words; s->lines = lines; s->units = 0; s->unit_line = 0;
    s->have_previous = s->previous_open = 0;
    s->out_n = 0; s->batch_n = 0; s->failed = s->f.failed = 0;
    s->table = table;
    s->word_hashes_n = 0;
    fold_break(&s->f, 0, 0);
}

/* Try all windows that begin before `limit`. */
static void advance(Scan *s, u32 limit) {
    memset(s->f.b + s->f.n, 0, 192);
    while (s->done < limit) {
        u32 to = limit - s->done > STEP ? s->done + STEP : limit;
        step(s, s->done, to);
        if (s->table) rows(s, s->done, to);
        s->done = to;
    }
    flush(s);
}

/* Forget folded text that no window needs any more. */
static void shift(Scan *s) {
    if (s->done <= BACK) return;
    u32 by = (s->done - BACK) & ~63u, blocks = by >> 6, kept = (s->f.n >> 6) + 2 - blocks, i = 0;
    memmove(s->f.b, s->f.b + by, s->f.n - by);
    memmove(s->word_marks, s->word_marks + blocks, kept * 8);
    memmove(s->word_sums, s->word_sums + blocks, kept * 8);
    memmove(s->line_marks, s->line_marks + blocks, kept * 8);
    memmove(s->line_sums, s->line_sums + blocks, kept * 8);
    s->f.n -= by;
    s->done -= by;
    if (s->previous < by) s->have_previous = s->previous_open = 0;
    s->previous -= by;
    while (i + 1 < s->f.breaks_n && s->f.breaks[i + 1].out <= by) i++;
    if (!s->f.breaks[i].fixed) s->f.breaks[i].in += by - s->f.breaks[i].out;
    s->f.breaks[i].out = by;
    s->f.breaks_n -= i;
    memmove(s->f.breaks, s->f.breaks + i, s->f.breaks_n * sizeof(Break));
    for (u32 j = 0; j < s->f.breaks_n; j++) s->f.breaks[j].out -= by;
}

/* Fold all of `n` bytes but the last ones that may need more, and scan what is folded. */
static u32 consume(Scan *s, const u8 *p, u32 avail, u32 process, u64 in) {
    u32 at = 0;
    while (at < process && !s->failed && !s->f.failed) {
        u32 slice = process - at > 32768 ? 32768 : process - at;
        at += fold_part(&s->f, p + at, avail - at, slice, in + at);
        if (s->f.n + 32768 + FOLD_ROOM > s->f.cap) {
            advance(s, (s->f.n - AHEAD) & ~63u);
            shift(s);
        }
    }
    return at;
}

/* More text; `final` where it is the end. 0 where memory ran out. */
EXPORT int leakscan_feed(Scan *s, const u8 *p, u64 n, int final) {
    u64 at = 0;
    while (at < n || (final && s->carry_n)) {
        if (s->carry_n || n - at < 512) {
            u32 room = (u32)sizeof s->carry - 128 - s->carry_n;
            u32 more = n - at < room ? (u32)(n - at) : room;
            memcpy(s->carry + s->carry_n, p + at, more);
            u32 all = s->carry_n + more, last = final && at + more == n;
            memset(s->carry + all, 0, sizeof s->carry - all);
            if (!last && all < 2 * FOLD_AHEAD) { s->carry_n = all; return 1; }
            u32 taken = consume(s, s->carry, all, last ? all : all - FOLD_AHEAD, s->in);
            if (s->failed || s->f.failed) return 0;
            s->in += taken;
            if (taken >= s->carry_n) { at += taken - s->carry_n; s->carry_n = 0; }
            else { memmove(s->carry, s->carry + taken, s->carry_n - taken); s->carry_n -= taken; }
            if (last && at == n && !s->carry_n) break;
            if (!last && n - at < 512 && !s->carry_n) {
                memcpy(s->carry, p + at, n - at);
                s->carry_n = (u32)(n - at);
                at = n;
                if (!final) return 1;
            }
            continue;
        }
        u64 left = n - at;
        u32 avail = left > 1u << 30 ? 1u << 30 : (u32)left;
        u32 taken = consume(s, p + at, avail, avail - 256, s->in);
        if (s->failed || s->f.failed) return 0;
        s->in += taken;
        at += taken;
    }
    if (final) {
        advance(s, s->f.n);
    }
    return !(s->failed || s->f.failed);
}

EXPORT const Match *leakscan_matches(const Scan *s, u64 *n) { *n = s->out_n; return s->out; }
EXPORT void leakscan_counts(const Scan *s, u64 *told) {
    told[0] = s->words; told[1] = s->lines; told[2] = s->units; told[3] = fold_origin(&s->f, s->done, 0);
}
EXPORT void leakscan_clear(Scan *s) { s->out_n = 0; }
EXPORT void leakscan_siphash(u64 *x, u64 n, const u64 *keys) {
    Keys k;
    memcpy(k.m, keys, 64);
    memcpy(k.sip, keys + 8, 16);
    sip_all(x, n, &k);
}

/* From the cells of a table to keys and anchors. The definition is scanner/text/canon.py. */
#ifndef LEAKSCAN_BUILD_H
#define LEAKSCAN_BUILD_H
#include "scan.h"

enum { COMPANY, PERSON, PHONE, EMAIL, NATIONAL_ID, ACCOUNT, OTHER };
enum { EMPTY_CELL, PLACEHOLDER, SHORT, KEPT };
enum { LONGEST_CELL = 10000, MOST_PARTS = LONGEST_WINDOW + 8, LONGEST_PLACEHOLDER = 24, CELL_ROOM = 1 << 17, LATE = 32 };

typedef struct { u64 *pairs; u32 *masks; u64 n, cap; } PairMap; /* 0 is an empty slot */

typedef struct {
    Keys k;
    PairMap pairs, singles;
    u64 late_pairs[LATE]; /* to be added to pairs, their places being fetched */
    u32 late_masks[LATE], late_n;
    u8 firsts[0x110000 / 8];
    u8 lengths[LONGEST_WINDOW + 1];
    u32 numbers[10000];
    u64 codes[1296];
    u64 skip_words[256], skip_numbers[64];
    u8 skip_begins[256]; /* 1 for the upper eight bits of the words to skip */
    u32 skip_sizes[256]; /* by its first byte, how long what is skipped is without its spaces (bit n: n bytes) */
    u32 skip_words_n, skip_numbers_n;
    u64 *hashes; /* SipHash after builder_finish_batch, keyed pre-hash before */
    u32 *cells;
    u64 n, cap, sipped;
    u64 counts[64][4];
    Fold f;
    int failed;
} Builder;

typedef struct { u32 start, end, cp; u64 hash; } Piece;

INLINE u64 map_place(const PairMap *m, u64 pair) { return (pair * 0x9E3779B97F4A7C15ull) >> 20 & (m->cap - 1); }

static int map_grow(PairMap *m) {
    PairMap more = {.n = m->n, .cap = m->cap ? m->cap * 2 : 1024};
    more.pairs = zeros(more.cap, 8);
    more.masks = zeros(more.cap, 4);
    if (!more.pairs || !more.masks) { free(more.pairs); free(more.masks); return 0; }
    for (u64 i = 0; i < m->cap; i++) {
        if (!m->masks[i]) continue;
        u64 at = map_place(&more, m->pairs[i]);
        while (more.masks[at]) at = (at + 1) & (more.cap - 1);
        more.pairs[at] = m->pairs[i];
        more.masks[at] = m->masks[i];
    }
    free(m->pairs); free(m->masks);
    *m = more;
    return 1;
}

INLINE void map_add(Builder *w, PairMap *m, u64 pair, u32 mask) {
    if (UNLIKELY(m->n * 2 >= m->cap) && !map_grow(m)) { w->failed = 1; return; }
    u64 at = map_place(m, pair);
    while (m->masks[at] && m->pairs[at] != pair) at = (at + 1) & (m->cap - 1);
    if (!m->masks[at]) { m->n++; m->pairs[at] = pair; }
    m->masks[at] |= mask;
}

static void add_late(Builder *w) {
    for (u32 i = 0; i < w->late_n; i++) map_add(w, &w->pairs, w->late_pairs[i], w->late_masks[i]);
    w->late_n = 0;
}

/* Add a pair of words a little later, when its place in the table has come from memory. */
INLINE void add_pair(Builder *w, u64 pair, u32 mask) {
    u64 at = map_place(&w->pairs, pair);
    __builtin_prefetch(&w->pairs.masks[at]);
    __builtin_prefetch(&w->pairs.pairs[at]);
    w->late_pairs[w->late_n] = pair;
    w->late_masks[w->late_n++] = mask;
    if (w->late_n == LATE) add_late(w);
}

static void put(Builder *w, u64 hash, u32 cell) {
    if (w->n == w->cap) {
        u64 cap = w->cap ? w->cap + (w->cap >> 1) : 1 << 16;
        u64 *hashes = realloc(w->hashes, cap * 8);
        if (hashes) w->hashes = hashes;
        u32 *cells = realloc(w->cells, cap * 4);
        if (cells) w->cells = cells;
        if (!hashes || !cells) { w->failed = 1; return; }
        w->cap = cap;
    }
    w->hashes[w->n] = hash;
    w->cells[w->n++] = cell;
}

/* The hash of a window of pieces, and its anchor. */
static int put_words(Builder *w, const Piece *p, const u32 *order, u32 n, u32 cell) {
    const Keys *k = &w->k;
    if (n > LONGEST_WINDOW) n = LONGEST_WINDOW;
    if (!n) return 0;
    const Piece *first = &p[order[0]];
    if (n == 1) {
        u32 size = first->end - first->start, digits = 0;
        if (first->cp || size < 4) return 0;
        for (u32 i = first->start; i < first->end; i++) digits += T.cls[w->f.b[i]] == 2;
        if (digits == size) return 0;
        put(w, bind(first->hash, WORDS, 1, k), cell);
        map_add(w, &w->singles, first->hash * k->m[4] >> 24, 1);
        w->lengths[1] = 1;
        return 1;
    }
    const Piece *second = &p[order[1]];
    u64 state = first->hash;
    int plain = !first->cp;
    for (u32 i = 1; i < n; i++) {
        state = state * k->m[3] + p[order[i]].hash;
        plain &= !p[order[i]].cp;
    }
    if (n == 2 && plain) state = first->hash + second->hash;
    put(w, bind(state, WORDS, n, k), cell);
    add_pair(w, pair_of(first->hash, second->hash, k) >> 24, 1u << (n < 32 ? n - 2 : 30));
    w->lengths[n] = 1;
    if (first->cp) w->firsts[first->cp >> 3] |= (u8)(1 << (first->cp & 7));
    return 1;
}

static int listed(const u64 *list, u32 n, u64 x) {
    for (u32 i = 0; i < n; i++) if (list[i] == x) return 1;
    return 0;
}

static int skipped(const Builder *w, u64 x) {
    return w->skip_begins[x >> 56] && listed(w->skip_words, w->skip_words_n, x);
}

static int put_number(Builder *w, u64 v, u32 cell) {
    u32 n = digits_of(v);
    if (n < SHORTEST_NUMBER || n > LONGEST_NUMBER) return SHORT;
    if (v == v % 10 * (TEN[n] / 9) || listed(w->skip_numbers, w->skip_numbers_n, v)) return PLACEHOLDER;
    put(w, hash_number(v, n, &w->k), cell);
    w->numbers[first_four(v, n)] |= 1u << n;
    return KEPT;
}

static int put_code(Builder *w, const u8 *code, u32 n, u32 cell) {
    put(w, bind(hash_bytes(code, n, &w->k), CODE, n, &w->k), cell);
    w->codes[T.letter[code[0]] * 36 + T.letter[code[1]]] |= 1ull << n;
    return KEPT;
}

static int is_code(const u8 *code, u32 n) {
    u32 letters = 0, digits = 0;
    if (n < SHORTEST_CODE || n > LONGEST_CODE) return 0;
    for (u32 i = 0; i < n; i++) {
        if (T.cls[code[i]] == 1) letters++;
        else if (T.cls[code[i]] == 2) digits++;
        else return 0;
    }
    return letters && digits;
}

/* ---- e-mail addresses of a cell ---- */
/* Where the local part of the address whose sign stands at q begins, at `least` or behind. */
INLINE u32 local_start(const u8 *b, u32 q, u32 least) {
    u32 start = q;
    if (q < 64) {
        u64 other = ~block_local(block_load(b)) & ((1ull << q) - 1);
        start = other ? 64 - (u32)__builtin_clzll(other) : 0;
        if (start < least) start = least;
    } else
        while (start > least && q - start < 4096 && b[start - 1] < 0x80 && T.local[b[start - 1]]) start--;
    while (start < q && !alnum(b[start])) start++;
    return start;
}

static int cell_mails(Builder *w, int kind, u32 cell) {
    const u8 *b = w->f.b, *sign;
    u32 n = w->f.n, after = 0;
    int told = EMPTY_CELL;
    for (u32 from = 0; (sign = memchr(b + from, '@', n - from)); ) {
        u32 q = (u32)(sign - b), start = local_start(b, q, after), at = q + 1, stop = 0;
        from = q + 1;
        if (start == q) continue;
        for (u32 labels = 1; labels <= 7; labels++, at++) {
            u32 end = domain_end(b, at, n);
            if (end == at) break;
            at = end;
            if (labels > 1) stop = at;
            if (at >= n || b[at] != '.') break;
        }
        if (!stop) continue;
        if (kind != EMAIL && told == EMPTY_CELL) {
            u32 first = 0, last = n;
            while (first < last && (b[first] == ' ' || b[first] == '<' || b[first] == '>')) first++;
            while (last > first && (b[last - 1] == ' ' || b[last - 1] == '<' || b[last - 1] == '>')) last--;
            if (first != start || last != stop) return EMPTY_CELL;
        }
        after = from = stop;
        u64 h = hash_bytes(b + start, stop - start, &w->k);
        if (skipped(w, h)) { if (told != KEPT) told = PLACEHOLDER; continue; }
        while (b[stop - 1] == '-') stop--;
        put(w, bind(hash_bytes(b + start, stop - start, &w->k), MAIL, stop - start, &w->k), cell);
        told = KEPT;
    }
    return told;
}

/* ---- phone numbers of a cell ---- */
/* Digits from `at` to `end` as a number; *n is how many; ~0 where there are more than 19 after zeros. */
static u64 read_digits(const u8 *b, u32 at, u32 end, u32 *n, u32 *zeros) {
    u64 v = 0;
    *n = *zeros = 0;
    while (at < end) {
        u64 x = load64(b + at), some = x ^ 0x3030303030303030ull;
        u32 size = digits8(x), m = size < end - at ? size : end - at, nought;
        if (LIKELY(m)) {
            nought = some ? (u32)__builtin_ctzll(some) >> 3 : 8;
            v = v * TEN[m] + number8(x, m);
            size = m;
        } else {
            int d = digit_at(b, at, end, &size);
            if (d < 0) { at += (u32)lead_size(b[at]); continue; }
            nought = !d;
            m = 1;
            v = v * 10 + (u64)d;
        }
        if (*zeros == *n) *zeros += nought < m ? nought : m;
        *n += m;
        at += size;
    }
    return *n - *zeros > LONGEST_NUMBER ? ~0ull : v;
}

static int put_phone(Builder *w, u32 at, u32 end, u32 cell) {
    const u8 *b = w->f.b;
    u32 n, zeros, p = at;
    u64 v = read_digits(b, at, end, &n, &zeros);
    while (p < end && (b[p] == '(' || b[p] == ' ')) p++;
    if (v == ~0ull) return SHORT;
    u32 bare = digits_of(v);
    if ((p < end && b[p] == '+') || (zeros >= 2 && bare > 7)) {
        u32 code = country_length(v, bare);
        v = code < bare ? v % TEN[bare - code] : 0;
    } else if (bare == 13 && v / TEN[10] == 861) {
        v %= TEN[11];
    }
    return put_number(w, v, cell);
}

static int phones(Builder *w, u32 cell) {
    const u8 *b = w->f.b;
    u32 n = w->f.n, at = 0, size;
    int told = SHORT, kept = 0;
    while (at < n) {
        u32 start = at;
        if (digit_at(b, at, n, &size) < 0) {
            if (b[at] != '+' && b[at] != '(') { at += (u32)lead_size(b[at]); continue; }
            while (at < n && (b[at] == '+' || b[at] == '(')) at++;
            if (digit_at(b, at, n, &size) < 0) continue;
        }
        u32 end = at;
        for (u32 gap = 0; at < n && gap <= 3;) {
            if (digit_at(b, at, n, &size) >= 0) { at += size; end = at; gap = 0; }
            else if (b[at] < 0x80 && T.digit_gap[b[at]]) { at++; gap++; }
            else break;
        }
        at = end;
        int split = memchr(b + start, '/', end - start) != NULL;
        for (u32 from = start, to = start; split && to <= end; to++) {
            if (to < end && b[to] != '/') continue;
            u32 count, zeros;
            read_digits(b, from, to, &count, &zeros);
            split &= count >= 7;
            from = to + 1;
        }
        for (u32 from = start, to = start; to <= end; to++) {
            if (to < end && !(split && b[to] == '/')) continue;
            int one = put_phone(w, from, to, cell);
            if (one == KEPT) kept = 1; else if (one == PLACEHOLDER) told = PLACEHOLDER;
            from = to + 1;
        }
    }
    return kept ? KEPT : told;
}

/* ---- names of companies ---- */
static const u16 TAIL[][6] = {
    {0x80A1, 0x4EFD, 0x6709, 0x9650, 0x516C, 0x53F8}, {0x6709, 0x9650, 0x8D23, 0x4EFB, 0x516C, 0x53F8},
    {0x6709, 0x9650, 0x516C, 0x53F8}, {0x8D23, 0x4EFB, 0x516C, 0x53F8}, {0x80A1, 0x4EFD, 0x516C, 0x53F8},
    {0x96C6, 0x56E2, 0x516C, 0x53F8}, {0x603B, 0x516C, 0x53F8}, {0x5206, 0x516C, 0x53F8}, {0x516C, 0x53F8}};
static const u32 TAIL_SIZE[] = {6, 6, 4, 4, 4, 4, 3, 3, 2};
static const char *const LATIN_TAIL[] = {"co", "company", "ltd", "limited", "inc", "incorporated", "corp",
    "corporation", "llc", "llp", "lp", "plc", "gmbh", "ag", "kg", "sa", "sas", "srl", "spa", "bv", "nv", "ab",
    "oy", "as", "pty", "pte", "kk", "sdn", "bhd"};

static int latin_tail(const u8 *p, u32 n) {
    if (n > 12) return 0;
    for (size_t i = 0; i < sizeof LATIN_TAIL / sizeof *LATIN_TAIL; i++)
        if (LATIN_TAIL[i][0] == p[0] && strlen(LATIN_TAIL[i]) == n && !memcmp(LATIN_TAIL[i], p, n)) return 1;
    return 0;
}

static int company(Builder *w, const Piece *p, const u32 *order, u32 n, u32 cell) {
    for (size_t t = 0; t < sizeof TAIL_SIZE / sizeof *TAIL_SIZE; t++) {
        u32 size = TAIL_SIZE[t], i = 0;
        if (n < size) continue;
        while (i < size && p[n - size + i].cp == TAIL[t][i]) i++;
        if (i < size) continue;
        u32 core = n - size;
        if (core >= 2 + 4 && p[core - 2].cp == 0x96C6 && p[core - 1].cp == 0x56E2) core -= 2;
        return put_words(w, p, order, core >= 4 ? core : n, cell);
    }
    u32 core = n;
    while (core > 1 && n - core < 4 && !p[core - 1].cp &&
           latin_tail(w->f.b + p[core - 1].start, p[core - 1].end - p[core - 1].start)) core--;
    if (core == n || core > 1) return put_words(w, p, order, core, cell);
    int told = put_words(w, p, order, n, cell);
    u32 letters = p[0].cp ? 1 : p[0].end - p[0].start;
    if (letters >= 5) told |= put_words(w, p, order, 1, cell);
    return told;
}

/* ---- one cell ---- */
/* Whether folding would change one of 64 bytes or look at it more closely. */
INLINE int may_fold(Block v) {
    FoldReady ready;
    fold_ready(&ready);
    u64 opens, marks = fold_marks(&ready, NULL, v, 1, &opens);
    return (block_high(v) | marks | opens) != 0;
}

/* Up to 64 bytes, zeros behind them, put to `to` where room for 192 is; capital letters made small
   where folding has nothing to do. Gives whether it has. */
INLINE int short_cell(const u8 *p, u32 n, u8 *to) {
#if defined(__AVX512BW__)
    Block v = _mm512_maskz_loadu_epi8(n < 64 ? (1ull << n) - 1 : ~0ull, p), none = _mm512_setzero_si512();
    int fold = may_fold(v);
    if (!fold) v = _mm512_or_si512(v, _mm512_maskz_mov_epi8(block_range(v, 'A', 26), same(0x20)));
    _mm512_storeu_si512((void *)to, v);
    _mm512_storeu_si512((void *)(to + 64), none);
    _mm512_storeu_si512((void *)(to + 128), none);
    return fold;
#else
    memset(to, 0, 192);
    memcpy(to, p, n);
    int fold = may_fold(block_load(to));
    if (!fold) lower_all(to, n);
    return fold;
#endif
}

static int fold_cell(Builder *w, const u8 *p, u64 n) {
    if (n > LONGEST_CELL) { /* the first characters only */
        u64 at = 0;
        for (u32 chars = 0; at < n && chars < LONGEST_CELL; chars++) at += (u64)lead_size(p[at]);
        if (at < n) n = at;
    }
    Fold *f = &w->f;
    f->n = 0; f->breaks_n = 0;
    if (n <= 64) {
        u8 small[192];
        f->n = (u32)n;
        if (!short_cell(p, (u32)n, f->b)) return 1;
        f->n = 0;
        memcpy(small, f->b, 192);
        fold_part(f, small, (u32)n, (u32)n, 0);
    } else {
        u8 *copy = malloc(n + 192);
        if (!copy) { w->failed = 1; return 0; }
        memcpy(copy, p, n);
        memset(copy + n, 0, 192);
        for (u32 at = 0, took; at < n; at += took) {
            took = fold_part(f, copy + at, (u32)n - at, (u32)n - at, at);
            if (!took) break;
        }
        free(copy);
    }
    memset(f->b + f->n, 0, 80);
    lower_all(f->b, f->n);
    for (u32 i = 0; i < f->n;) {
        int size = lead_size(f->b[i]);
        if (size == 3) {
            u32 simple = T.simple[decode(f->b + i, 3)];
            if (simple) encode(simple, f->b + i);
        }
        i += (u32)size;
    }
    return 1;
}

/* Whether the words of a cell, with spaces between or not, are a placeholder; up to 15 bytes behind
   the words are read. */
static int placeholder(const Builder *w, const Piece *p, u32 parts) {
    u8 joined[LONGEST_PLACEHOLDER + 16], spaced[2 * LONGEST_PLACEHOLDER + 16];
    u32 n = 0, m = 0;
    for (u32 i = 0; i < parts; i++) {
        u32 size = p[i].end - p[i].start;
        if (i) spaced[m++] = ' ';
        for (u32 at = 0; at < size; at += 16) {
            memcpy(joined + n + at, w->f.b + p[i].start + at, 16);
            memcpy(spaced + m + at, w->f.b + p[i].start + at, 16);
        }
        n += size;
        m += size;
    }
    return skipped(w, hash_bytes(joined, n, &w->k)) || skipped(w, hash_bytes(spaced, m, &w->k));
}

static int other_than_digits(const u8 *p, u32 n) {
    for (u32 i = 0; i < n; i++) if (T.cls[p[i]] != 2) return 1;
    return 0;
}

static int add_cell(Builder *w, int kind, u32 cell, const u8 *text, u64 n) {
    if (!n || !fold_cell(w, text, n)) return EMPTY_CELL;
    const u8 *b = w->f.b;
    Piece p[MOST_PARTS];
    u32 parts = 0, end = w->f.n, at = 0, mails = 0, digits = 0, marks = 0, ascii_digits = 0, all = 0, broken = ~0u;
    u32 joined = 0;
    u64 digit = 0, an = 0; /* of the first 64 bytes */
    if (LIKELY(end <= 64)) {
        Block v = block_load(b);
        digit = block_range(v, '0', 10);
        an = digit | block_range(v, 'a', 26);
    }
    while (at < end) {
        int c = b[at], k = T.cls[c];
        u32 size = (u32)lead_size(c), stop = at + size;
        if (!k) {
            mails |= c == '@';
            if (!T.digit_gap[c & 127] || c >= 0x80) marks++;
            at++;
            continue;
        }
        if (k == 3 && LIKELY(size == 3) && LIKELY(parts < MOST_PARTS)) {
            u32 cp = point3(b + at);
            p[parts].start = at; p[parts].end = stop; p[parts].cp = cp;
            p[parts++].hash = hash_short(load32(b + at) & 0xFFFFFF, 0, &w->k);
            if (T.numeral[cp]) digits++; else marks++;
            joined += 3;
            all++;
            at = stop;
            continue;
        }
        u64 digit_mask = 0;
        if (k != 3) {
            u32 length;
            if (LIKELY(end <= 64)) {
                digit_mask = digit >> at;
                length = (u32)__builtin_ctzll(~(an >> at) | 1ull << 63);
                length += length == 63 && an >> at >> 63;
            } else {
                digit_mask = block_range(block_load(b + at), '0', 10);
                length = word_length(b + at);
            }
            stop = at + length;
            if (length > LONGEST_WORD) while (stop < end && alnum(b[stop])) stop++;
            if (stop > end) stop = end;
        }
        u32 long_word = k != 3 && stop - at > LONGEST_WORD;
        if (parts < MOST_PARTS) {
            p[parts].start = at; p[parts].end = stop; p[parts].cp = k == 3 ? decode(b + at, (int)size) : 0;
            p[parts].hash = k == 3 ? hash_bytes(b + at, size, &w->k) : long_word ? 0 : hash_word(b + at, stop - at, &w->k);
            if (long_word && broken == ~0u) broken = parts;
            parts++;
        }
        joined += stop - at;
        all++;
        if (k == 3) {
            u32 other;
            if (digit_at(b, at, stop, &other) < 0) marks++; else digits++;
        } else {
            u32 length = stop - at;
            if (length <= 64 && !(~digit_mask & (~0ull >> (64 - length)))) { digits += length; ascii_digits += length; }
            else if (length > 64 && !other_than_digits(b + at, length)) { digits += length; ascii_digits += length; }
            else marks++;
        }
        at = stop;
    }
    if (!all) return EMPTY_CELL;
    if (joined <= LONGEST_PLACEHOLDER && w->skip_sizes[b[p[0].start]] >> joined & 1 && placeholder(w, p, parts)) return PLACEHOLDER;
    if (mails) {
        int told = cell_mails(w, kind, cell);
        if (told != EMPTY_CELL) return told;
    }
    if (kind == PHONE) return phones(w, cell);
    if (!marks && (digits >= 6 || ascii_digits)) {
        u32 n_digits, zeros;
        u64 v = read_digits(b, 0, end, &n_digits, &zeros);
        return v == ~0ull ? SHORT : put_number(w, v, cell);
    }
    u8 code[LONGEST_CODE + 16];
    u32 size = 0, from = 0, to = end, plain = end > 64 || digit, tight = 1, gap = 0;
    while (from < to && b[from] <= ' ') from++;
    while (to > from && b[to - 1] <= ' ') to--;
    for (u32 i = from; i < to && plain; i++) {
        int c = b[i];
        if (alnum(c)) { if (size <= LONGEST_CODE) code[size] = (u8)c; size++; gap = 0; if (size > LONGEST_CODE) plain = 0; }
        else if (joiner(c)) { if (gap++ || i == from || i + 1 == to) tight = 0; }
        else if (c == ' ' || (c >= 9 && c <= 13)) tight = 0;
        else plain = 0;
    }
    if (plain && (kind == NATIONAL_ID || kind == ACCOUNT)) {
        if (size == 18 && code[17] == 'x' && code[0] != '0') {
            u64 v = 0;
            u32 i = 0;
            for (; i < 17 && T.cls[code[i]] == 2; i++) v = v * 10 + (u64)(code[i] - '0');
            if (i == 17) {
                put(w, hash_number(v, 18 | 32, &w->k), cell);
                w->numbers[first_four(v, 17)] |= 1u << 20;
                return KEPT;
            }
        }
        if (is_code(code, size)) return put_code(w, code, size, cell);
    }
    if (plain && tight && is_code(code, size)) return put_code(w, code, size, cell);
    u32 order[MOST_PARTS];
    order[0] = 0;
    if (broken != ~0u) parts = broken;
    for (u32 i = 0; i < parts; i++) order[i] = i;
    if (kind == COMPANY) return company(w, p, order, parts, cell) ? KEPT : SHORT;
    int told = put_words(w, p, order, parts, cell);
    if (kind == PERSON && parts >= 3 && parts <= 5) {
        int ascii = 1;
        for (u32 i = 0; i < parts; i++) ascii &= !p[i].cp;
        if (ascii) {
            for (u32 i = 0; i < parts; i++) order[i] = (i + 1) % parts;
            told |= put_words(w, p, order, parts, cell);
            for (u32 i = 0; i < parts; i++) order[i] = (i + parts - 1) % parts;
            told |= put_words(w, p, order, parts, cell);
        }
    }
    return told ? KEPT : SHORT;
}

/* ---- interface ---- */
EXPORT Builder *leakscan_builder(const u64 *keys, const u64 *words, u32 words_n, const u32 *sizes, const u64 *numbers, u32 numbers_n) {
    if (!T.ready || words_n > 256 || numbers_n > 64) return NULL;
    Builder *w = calloc(1, sizeof(Builder));
    if (!w) return NULL;
    memcpy(w->k.m, keys, 64);
    memcpy(w->k.sip, keys + 8, 16);
    memcpy(w->skip_words, words, words_n * 8); w->skip_words_n = words_n;
    for (u32 i = 0; i < words_n; i++) w->skip_begins[words[i] >> 56] = 1;
    memcpy(w->skip_sizes, sizes, sizeof w->skip_sizes);
    memcpy(w->skip_numbers, numbers, numbers_n * 8); w->skip_numbers_n = numbers_n;
    w->f.cap = CELL_ROOM * 4; w->f.strict = 1;
    w->f.b = malloc(w->f.cap + 256);
    if (!w->f.b || !map_grow(&w->pairs) || !map_grow(&w->singles)) { free(w->f.b); free(w); return NULL; }
    return w;
}

EXPORT void leakscan_builder_close(Builder *w) {
    if (!w) return;
    free(w->pairs.pairs); free(w->pairs.masks); free(w->singles.pairs); free(w->singles.masks);
    free(w->hashes); free(w->cells); free(w->f.b); free(w->f.breaks); free(w);
}

/* A column of a batch: the cells stand in `data`, cell i from offsets[i * step] to the offset behind
   that, or each ended by a 0 byte where offsets is NULL. */
typedef struct { u64 data, size, offsets, step; } Column; /* addresses as numbers */

static u64 add_column(Builder *w, u32 column, int kind, const Column *c, u64 cell, u32 width, u64 rows) {
    const u8 *data = (const u8 *)(uintptr_t)c->data;
    const i64 *offsets = (const i64 *)(uintptr_t)c->offsets;
    u64 at = 0, done = 0;
    for (; done < rows; done++) {
        u64 start, end;
        if (offsets) {
            start = (u64)offsets[done * c->step]; end = (u64)offsets[done * c->step + 1];
            if (end < start || end > c->size) break;
        } else {
            const u8 *stop = at < c->size ? memchr(data + at, 0, c->size - at) : NULL;
            if (!stop) break;
            start = at; end = (u64)(stop - data); at = end + 1;
        }
        w->counts[column][add_cell(w, kind, (u32)(cell + done * width), data + start, end - start)]++;
    }
    return done;
}

/* The cells of `rows` rows, column by column; the first row is record `first`. Gives how many
   columns have that many cells, -1 where memory ran out. */
EXPORT i64 leakscan_cells(Builder *w, const u32 *kinds, const Column *columns, u32 width, u64 first, u64 rows) {
    u32 at = 0;
    while (at < width && add_column(w, at, (int)kinds[at], &columns[at], first * width + at, width, rows) == rows) at++;
    add_late(w);
    sip_all(w->hashes + w->sipped, w->n - w->sipped, &w->k);
    w->sipped = w->n;
    return w->failed ? -1 : (i64)at;
}

/* Give back the memory of hashes and cells; the anchors stay. */
EXPORT void leakscan_builder_release(Builder *w) {
    free(w->hashes); free(w->cells);
    w->hashes = NULL; w->cells = NULL;
    w->n = w->cap = w->sipped = 0;
}

EXPORT void leakscan_builder_told(const Builder *w, u64 *told) {
    told[0] = w->n; told[1] = w->pairs.n; told[2] = w->singles.n;
    told[3] = (u64)(uintptr_t)w->hashes; told[4] = (u64)(uintptr_t)w->cells;
}
EXPORT void leakscan_builder_counts(const Builder *w, u64 *counts) { memcpy(counts, w->counts, sizeof w->counts); }

/* Anchors, unsorted, into arrays of the told sizes. */
EXPORT void leakscan_builder_anchors(const Builder *w, u64 *pairs, u32 *masks, u64 *singles, u8 *firsts, u8 *lengths,
                                     u32 *numbers, u64 *codes) {
    for (u64 i = 0; i < w->pairs.cap; i++)
        if (w->pairs.masks[i]) { *pairs++ = w->pairs.pairs[i]; *masks++ = w->pairs.masks[i]; }
    for (u64 i = 0; i < w->singles.cap; i++) if (w->singles.masks[i]) *singles++ = w->singles.pairs[i];
    memcpy(firsts, w->firsts, sizeof w->firsts);
    memcpy(lengths, w->lengths, sizeof w->lengths);
    memcpy(numbers, w->numbers, sizeof w->numbers);
    memcpy(codes, w->codes, sizeof w->codes);
}
#endif

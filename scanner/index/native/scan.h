/* The scan: folded text, block by block, to candidates, to hashes, to entries of the index. */
#ifndef LEAKSCAN_SCAN_H
#define LEAKSCAN_SCAN_H
#include "firsts.h"
#include "fold.h"

enum { LOOSE = 64, GROUPED = 128 };
enum { CHUNK = 224 << 10, AHEAD = 34 << 10, BACK = 2048, STEP = 16384, BATCH = 8192 };

/* One segment of the index, as mapped. */
typedef struct {
    const u64 *bloom;
    const u32 *offsets;
    const u8 *entries;
    u64 bloom_words, values, entries_size;
    u32 bucket_bits, tag_bits, payload_bits, source;
} Part;

/* Everything that a process needs to scan: secrets, filters over all segments, the segments. */
typedef struct {
    Keys k;
    u8 firsts[65536]; /* 1 where a value begins with a character, by the low bits of its code point */
    Firsts may;       /* the same, in short */
    u64 *pairs;  /* two bits for each pair in one word */
    u32 *masks;  /* lengths of the values that begin with a pair */
    u64 *singles;
    u32 pair_bits, mask_bits, single_bits;
    u32 numbers[10000]; /* lengths of numbers by their first four digits; bit 20: 17 digits and X */
    u64 codes[37 * 37]; /* lengths of codes by their first two characters: code_place */
    u64 *chars;         /* hashes of the characters of three bytes */
    u8 lengths[LONGEST_WINDOW + 1];
    u32 any_number, any_code, any_pair;
    u32 letter_codes, digit_codes; /* 1 where some code begins with two letters, with a digit */
    u32 parts_n;
    Part *parts;
} Ctx;

/* One place where a value of the index stands. */
typedef struct {
    u64 key, payload, start, end, first, last, line;
    u32 source;
    u16 length;
    u8 lane, several;
} Match;

typedef struct {
    u64 hash;
    u32 start, end, words;
    u16 length;
    u8 lane, spare;
} Candidate;

typedef struct {
    const Ctx *c;
    Fold f;
    u32 done;      /* folded bytes whose windows were tried */
    u8 carry[1024]; /* input not yet folded */
    u32 carry_n;
    u64 in;        /* offset in the input of carry[0] */
    u64 words, lines, units; /* counted before f.b[done] */
    u64 unit_line;
    u32 previous;  /* where the last word began, its hash */
    u64 previous_hash;
    int have_previous, previous_open;
    u64 word_marks[(CHUNK + AHEAD + BACK) / 64 + 4], line_marks[(CHUNK + AHEAD + BACK) / 64 + 4];
    u64 word_sums[(CHUNK + AHEAD + BACK) / 64 + 4], line_sums[(CHUNK + AHEAD + BACK) / 64 + 4];
    u32 anchors[STEP + 128];
    u64 anchor_hash[STEP + 128];
    u32 starts[STEP / 2 + 128], ends[STEP / 2 + 128]; /* of the words of a step, from place 1 on */
    u64 word_hash[STEP / 2 + 128];
    u32 join_words[STEP / 2 + 128], join_chars[STEP / 2 + 128]; /* a word with a character behind */
    u32 chars[STEP + 64], others[STEP], digits[STEP + 64], mails[STEP];
    u32 digit_ends[STEP / 2 + 128]; /* of the runs of digits, from place 1 on */
    Candidate batch[BATCH];
    u64 hashes[BATCH];
    u32 batch_n;
    Match *out;
    u64 out_n, out_cap;
    u64 *word_hashes; /* of all words, for the fingerprints of documents */
    u64 word_hashes_n, word_hashes_cap;
    int failed, table;
} Scan;

/* ---- from candidates to matches ---- */
INLINE u64 count_words(const Scan *s, u32 from, u32 to) {
    u64 n = 0;
    for (u32 at = from; at < to;) {
        Word w;
        if (!next_word(s->f.b, at, to, &w, &s->c->k, s->c->chars)) {
            at++;
            continue;
        }
        n++;
        at = w.end;
    }
    return n;
}

INLINE u64 number_at(const u64 *marks, const u64 *sums, u32 at) {
    return sums[at >> 6] + (u64)__builtin_popcountll(marks[at >> 6] & ((1ull << (at & 63)) - 1));
}

/* Which marks that may join digits stand from `at` on (or end before it), as a set of bits; 0
   unless a digit follows (or goes before) them. */
static u32 marks_to_digits(const u8 *b, u32 at, u32 end, int back) {
    u32 set = 0, size;
    for (int i = 0; i < 3; i++) {
        if (back ? !at : at >= end) return 0;
        u32 p = back ? step_back(b, at) : at, n = gap_mark(b + p);
        if (!n || (back && p + n != at)) return 0;
        set |= 1u << (mark_at(b + p) & 31);
        at = back ? p : p + n;
        if (back) {
            if (at && digit_at(b, step_back(b, at), at, &size) >= 0) return set;
        } else if (digit_at(b, at, end, &size) >= 0) return set;
    }
    return 0;
}

/* How a number is written: GROUPED on purpose, in groups with four digits last, or with numerals; LOOSE where it may be an accident,
   cut out of a longer row of digits or grown into a word. */
NOINLINE u16 number_shape(const u8 *b, u32 n, u32 start, u32 end, u32 length) {
    u32 inner = 0, at = start, size, last = start;
    int numeral = 0;
    while (at < end) {
        if (digit_at(b, at, end, &size) >= 0) { at += size; numeral |= size == 3; continue; }
        if (!(size = gap_mark(b + at))) break;
        inner |= 1u << (mark_at(b + at) & 31);
        at += size;
        last = at;
    }
    u16 told = (inner && end - last >= 4) || numeral ? GROUPED : 0;
    if (inner & (marks_to_digits(b, start, n, 1) | marks_to_digits(b, end, n, 0))) told |= LOOSE;
    if (inner && end - last < 4 && (length & 31) <= 12) told |= LOOSE; /* an address of a machine, a date */
    if (length == 11 && start && b[start - 1] == '+' && b[start] == '1') told |= LOOSE; /* +1, not 1... */
    if (end < n && T.cls[b[end]] == 1) told |= LOOSE;
    if (start && T.cls[b[start - 1]] == 1 && !(start > 1 && T.cls[b[start - 2]] == 1)) told |= LOOSE;
    return told;
}

NOINLINE void emit(Scan *s, const Candidate *c, u64 key, const Part *p, u64 entry) {
    if (s->out_n == s->out_cap) {
        u64 cap = s->out_cap ? s->out_cap * 2 : 64;
        Match *more = realloc(s->out, cap * sizeof(Match));
        if (!more) { s->failed = 1; return; }
        s->out = more;
        s->out_cap = cap;
    }
    Match *m = &s->out[s->out_n++];
    /* The word in which it begins: a number may begin inside one. */
    u32 at = c->start;
    u64 before = number_at(s->word_marks, s->word_sums, at + 1);
    m->key = key;
    m->payload = entry >> (p->tag_bits + 1);
    m->several = entry >> p->tag_bits & 1;
    m->start = fold_origin(&s->f, c->start, 0);
    m->end = fold_origin(&s->f, c->end, 1);
    m->first = before ? before - 1 : 0;
    u64 inside = c->lane == WORDS ? c->words : count_words(s, c->start, c->end);
    m->last = m->first + (inside ? inside - 1 : 0);
    m->line = number_at(s->line_marks, s->line_sums, at);
    m->source = p->source;
    m->length = c->lane == NUMBER ? c->length | number_shape(s->f.b, s->f.n, c->start, c->end, c->length) : c->length;
    m->lane = c->lane;
}

INLINE u64 bucket_of(const Part *p, u64 h) { return p->bucket_bits ? h >> (64 - p->bucket_bits) : 0; }

/* Bits of an entry from the lowest on: tag, several, payload. */
INLINE u32 entry_width(const Part *p) { return p->tag_bits + 1 + p->payload_bits; }
INLINE u64 entry_at(const Part *p, u64 number) {
    u64 place = number * entry_width(p);
    return load64(p->entries + (place >> 3)) >> (place & 7);
}

/* Where the entry of a hash should stand in its bucket: tags are spread evenly, and ascend. */
INLINE u64 likely_entry(const Part *p, u64 h, u64 at, u64 end) {
    return at + ((end - at) * (h << p->bucket_bits >> 32) >> 32);
}

NOINLINE void look_up(Scan *s, const Part *p, const u32 *which, u32 n) {
    u64 tag_mask = (1ull << p->tag_bits) - 1;
    for (u32 i = 0; i < n; i++) {
        u64 h = s->hashes[which[i]], b = bucket_of(p, h);
        u64 first = p->offsets[b], end = p->offsets[b + 1], tag = h << p->bucket_bits >> (64 - p->tag_bits);
        if (end > p->values) end = p->values;
        if (first >= end) continue;
        u64 at = likely_entry(p, h, first, end);
        if ((entry_at(p, at) & tag_mask) < tag) do at++; while (at < end && (entry_at(p, at) & tag_mask) < tag);
        else while (at > first && (entry_at(p, at - 1) & tag_mask) >= tag) at--;
        if (at == end) continue;
        u64 entry = entry_at(p, at);
        if ((entry & tag_mask) == tag) emit(s, &s->batch[which[i]], h, p, entry & ((1ull << entry_width(p)) - 1));
    }
}

INLINE const u64 *bloom_word(const Part *p, u64 h) { return &p->bloom[(h >> 32) * p->bloom_words >> 32]; }

/* Which hashes pass the Bloom filter of a segment. */
INLINE u32 known(const Scan *s, const Part *p, u32 at, u32 end, u32 *which) {
    u32 found = 0;
#if defined(__AVX512DQ__)
    const __m512i low = _mm512_set1_epi64(63), size = _mm512_set1_epi64((i64)p->bloom_words);
    for (; at + 8 <= end; at += 8) {
        __m512i h = _mm512_loadu_si512((const void *)(s->hashes + at));
        __m512i place = _mm512_srli_epi64(_mm512_mul_epu32(_mm512_srli_epi64(h, 32), size), 32);
        __m512i word = _mm512_i64gather_epi64(place, (const void *)p->bloom, 8);
        __m512i a = _mm512_srlv_epi64(word, _mm512_and_si512(_mm512_srli_epi64(h, 20), low));
        __m512i b = _mm512_srlv_epi64(word, _mm512_and_si512(_mm512_srli_epi64(h, 26), low));
        __m512i c = _mm512_srlv_epi64(word, _mm512_and_si512(_mm512_srli_epi64(h, 32), low));
        __m512i d = _mm512_srlv_epi64(word, _mm512_and_si512(_mm512_srli_epi64(h, 38), low));
        a = _mm512_and_si512(_mm512_and_si512(a, b), _mm512_and_si512(c, d));
        __mmask8 pass = _mm512_test_epi64_mask(a, _mm512_set1_epi64(1));
        __m256i number = _mm256_add_epi32(_mm256_set1_epi32((int)at), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
        _mm256_storeu_si256((__m256i *)(which + found), _mm256_maskz_compress_epi32(pass, number));
        found += (u32)__builtin_popcount(pass);
    }
#endif
    for (; at < end; at++) {
        u64 h = s->hashes[at], w = *bloom_word(p, h);
        which[found] = at;
        found += w >> (h >> 20 & 63) & w >> (h >> 26 & 63) & w >> (h >> 32 & 63) & w >> (h >> 38 & 63) & 1;
    }
    return found;
}

NOINLINE void flush(Scan *s) {
    const Ctx *c = s->c;
    u32 n = s->batch_n, which[512];
    s->batch_n = 0;
    if (!n) return;
    for (u32 i = 0; i < n; i++) s->hashes[i] = s->batch[i].hash;
    sip_all(s->hashes, n, &c->k);
    for (u32 q = 0; q < c->parts_n; q++) {
        const Part *p = &c->parts[q];
        if (!p->values) continue;
        for (u32 at = 0; at < n; at += 512) {
            u32 end = at + 512 < n ? at + 512 : n, found;
            for (u32 i = at; i < end; i++)
                __builtin_prefetch(bloom_word(p, s->hashes[i]));
            found = known(s, p, at, end, which);
            for (u32 i = 0; i < found; i++) __builtin_prefetch(&p->offsets[bucket_of(p, s->hashes[which[i]])]);
            for (u32 i = 0; i < found; i++) {
                u64 h = s->hashes[which[i]], b = bucket_of(p, h);
                __builtin_prefetch(p->entries + (likely_entry(p, h, p->offsets[b], p->offsets[b + 1]) * entry_width(p) >> 3));
            }
            look_up(s, p, which, found);
        }
    }
}

INLINE void set_candidate(Candidate *c, u64 hash, u32 start, u32 end, u32 lane, u32 length, u32 words) {
    c->hash = hash; c->start = start; c->end = end; c->words = words;
    c->length = (u16)length; c->lane = (u8)lane;
}

INLINE void push(Scan *s, u64 hash, u32 start, u32 end, u32 lane, u32 length, u32 words) {
    if (UNLIKELY(s->batch_n == BATCH)) flush(s);
    set_candidate(&s->batch[s->batch_n++], hash, start, end, lane, length, words);
}

/* ---- words ---- */
/* Write a candidate where the next one stands; it stays if `kept`, else the next one takes its place. */
INLINE u32 put_candidate(Scan *s, u32 at, u32 kept, u64 hash, u32 start, u32 end, u32 words) {
    set_candidate(&s->batch[at], hash, start, end, WORDS, words, words);
    return at + kept;
}

/* Every window that begins at a place and has one of the lengths in the mask. Whether a length is
   among them is no branch: nobody could guess it. */
NOINLINE void walk(Scan *s, u32 at, u32 lengths) {
    const Keys *k = &s->c->k;
    const u8 *b = s->f.b;
    const u64 *chars = s->c->chars;
    u32 end = s->f.n, last = lengths >> 30 ? LONGEST_WINDOW : 33 - (u32)__builtin_clz(lengths), n = 2;
    Word w;
    if (UNLIKELY(s->batch_n + LONGEST_WINDOW > BATCH)) flush(s);
    if (!next_word(b, at, end, &w, k, chars) || w.start != at || !w.hash) return;
    u64 state = w.hash, first = w.hash;
    u32 found = s->batch_n, plain = (u32)w.plain;
    if (!next_word(b, w.end, end, &w, k, chars) || !w.hash) return;
    state = state * k->m[3] + w.hash;
    found = put_candidate(s, found, lengths & 1, bind(plain & (u32)w.plain ? first + w.hash : state, WORDS, 2, k), at, w.end, 2);
    while (++n <= last && next_word(b, w.end, end, &w, k, chars) && w.hash) {
        state = state * k->m[3] + w.hash;
        u32 kept = n < 32 ? lengths >> (n - 2) & 1 : s->c->lengths[n];
        found = put_candidate(s, found, kept, bind(state, WORDS, n, k), at, w.end, n);
    }
    s->batch_n = found;
}

INLINE u64 mask_place(const Ctx *c, u64 p) { return (p >> 24) * 0x9E3779B97F4A7C15ull >> (64 - c->mask_bits); }
INLINE u32 pair_lengths(const Ctx *c, u64 p) { return c->masks[mask_place(c, p)]; }
INLINE int memchr_digit(const u8 *p, u32 n) {
    for (u32 i = 0; i < n; i++) if (T.cls[p[i]] == 2) return 1;
    return 0;
}

#include "words.h"

/* ---- one step over the text: masks, words, characters, digits ----
   `to` is a multiple of 64, or the end of the text, behind which zeros stand. */
NOINLINE void step(Scan *s, u32 from, u32 to) {
    const Ctx *c = s->c;
    const u8 *restrict b = s->f.b;
    u32 n_words = 0, n_ends = 0, n_runs = 0, joins = 0, chars = 0, others = 0, digits = 0, mails = 0;
    u64 words_before = s->words, lines = s->lines, open = (u64)s->previous_open;
#if defined(__AVX512VBMI__)
    FirstsReady ready;
    firsts_load(&ready, &c->may);
#endif
    Block v = block_load(b + from);
    u64 digit = block_range(v, '0', 10), an = digit | block_range(block_lower(v), 'a', 26);
    u64 before = from ? (u64)alnum(b[from - 1]) : 0, digit_before = from ? (u64)(T.cls[b[from - 1]] == 2) : 0;
    u32 inside = (u32)(before & an), inside_run = (u32)(digit_before & digit); /* 1 where a word, a run of the step before goes on here */
    for (u32 at = from; at < to; at += 64) {
        Block nv = block_load(b + at + 64);
        u64 ndigit = block_range(nv, '0', 10), nan = ndigit | block_range(block_lower(nv), 'a', 26);
        u64 starts = an & ~(an << 1 | before), ends = an & ~(an >> 1 | nan << 63);
        u64 marks = starts, high = block_high(v);
        u64 newline = block_eq(v, '\n'), mail = block_eq(v, '@');
        u64 runs = digit & ~(digit << 1 | digit_before), run_ends = digit & ~(digit >> 1 | ndigit << 63);
        if (UNLIKELY(high)) {
            Block after = block_load(b + at + 1);
            u64 a80 = block_eq(after, 0x80), abc = block_eq(after, 0xBC);
            u64 letters = block_range(v, 0xC2, 0x100 - 0xC2);
            letters &= ~((block_eq(v, 0xE2) | block_eq(v, 0xE3)) & a80) & ~(block_eq(v, 0xEF) & abc);
            u64 three = letters & block_range(v, 0xE0, 16), rest = letters & ~three;
#if defined(__AVX512VBMI__)
            three &= firsts_may(&ready, v, after, block_load(b + at + 2));
#endif
            chars += places(s->chars + chars, three, at);
            for (; rest; rest &= rest - 1) {
                u32 q = at + (u32)__builtin_ctzll(rest);
                s->others[others] = q;
                others += c->firsts[decode(b + q, lead_size(b[q])) & 0xFFFF];
            }
            marks |= letters;
            /* A carry runs from each word over what is neither word nor character. */
            u64 gaps = ~marks, reached = gaps + (starts << 1), over = reached < gaps;
            reached += open;
            over |= reached < open;
            for (u64 m = letters & reached; m; m &= m - 1) {
                u32 i = (u32)__builtin_ctzll(m);
                s->join_words[joins] = n_words + (u32)__builtin_popcountll(starts & ((1ull << i) - 1));
                s->join_chars[joins++] = at + i;
            }
            open = over | starts >> 63;
        } else open |= starts != 0;
        n_words += places(s->starts + 1 + n_words, starts, at);
        n_ends += places(s->ends + 1 - inside + n_ends, ends, at + 1);
        if (runs | run_ends) {
            digits += places(s->digits + digits, runs, at);
            n_runs += places(s->digit_ends + 1 - inside_run + n_runs, run_ends, at + 1);
        }
        for (u64 m = mail; m; m &= m - 1) s->mails[mails++] = at + (u32)__builtin_ctzll(m);
        u32 block = at >> 6;
        s->word_marks[block] = marks; s->word_sums[block] = words_before;
        s->line_marks[block] = newline; s->line_sums[block] = lines;
        words_before += (u64)__builtin_popcountll(marks);
        lines += (u64)__builtin_popcountll(newline);
        before = an >> 63; digit_before = digit >> 63;
        v = nv; an = nan; digit = ndigit;
    }
    s->word_sums[(to + 63) >> 6] = words_before; s->line_sums[(to + 63) >> 6] = lines;
    s->words = words_before; s->lines = lines; s->previous_open = (int)open;
    if (n_words && n_ends - inside < n_words) s->ends[n_words] = s->starts[n_words] + word_length(b + s->starts[n_words]);
    if (digits && n_runs - inside_run < digits) s->digit_ends[digits] = run_end(b, s->digits[digits - 1], s->f.n);
    words(s, n_words, joins);
    characters(s, chars, others);
    if (c->any_number) numbers(s, digits);
    if (c->any_code) codes(s, from, digits);
    mail_lane(s, mails);
    if (!s->table) units(s, digits, mails);
}
#endif

/* Where the cells of a table's text stand: rows end with a line end, their cells are parted by tabs. */
#ifndef LEAKSCAN_SPANS_H
#define LEAKSCAN_SPANS_H
#include "base.h"

enum { MOST_PLACES = 65536 };

typedef struct {
    const u32 *wanted;
    u32 wanted_n, most;  /* `most`: as many cells of a row as are looked at */
    u64 *ends;           /* of those of the row so far */
    i64 *spans;
    u64 room, rows, skip, skipped;
} Spans;

/* One row that begins at `start`, of `cells` cells, ends at `end`; those of empty cells do not count. */
INLINE void row_ends(Spans *s, u64 start, u64 end, u64 cells) {
    if (end - start < cells) return;
    if (s->skipped < s->skip) { s->skipped++; return; }
    i64 *to = s->spans + 2 * s->rows++;
    for (u32 i = 0; i < s->wanted_n; i++, to += 2 * s->room) {
        u32 place = s->wanted[i];
        int there = place < cells;
        to[0] = there ? (i64)(place ? s->ends[place - 1] + 1 : start) : 0;
        to[1] = there ? (i64)s->ends[place] : 0;
    }
}

/* The begins and ends of the cells at the wanted places: rows by two for each place, `room` rows
   apart, 0 and 0 where a row has no such cell. Rows of empty cells are left out, then the first
   `skip`; told: rows written, rows skipped. 0 where it cannot be done; `room` must be enough. */
EXPORT int leakscan_spans(const u8 *data, u64 n, const u32 *wanted, u32 wanted_n, u64 skip, i64 *spans, u64 room, u64 *told) {
    Spans s = {wanted, wanted_n, 1, NULL, spans, room, 0, skip, 0};
    u64 start = 0, cells = 0;
    u8 last[64] = {0};
    for (u32 i = 0; i < wanted_n; i++) {
        if (wanted[i] >= MOST_PLACES) return 0;
        if (wanted[i] >= s.most) s.most = wanted[i] + 1;
    }
    if (!(s.ends = malloc(s.most * sizeof(u64)))) return 0;
    for (u64 at = 0; at < n; at += 64) {
        const u8 *p = data + at;
        if (n - at < 64) { memcpy(last, p, n - at); p = last; }
        Block v = block_load(p);
        u64 lines = block_eq(v, '\n');
        for (u64 marks = lines | block_eq(v, '\t'); marks; marks &= marks - 1) {
            u64 end = at + (u64)__builtin_ctzll(marks);
            if (cells < s.most) s.ends[cells] = end;
            cells++;
            if (!(lines & marks & -marks)) continue;
            row_ends(&s, start, end, cells);
            start = end + 1;
            cells = 0;
        }
    }
    if (cells < s.most) s.ends[cells] = n;
    row_ends(&s, start, n, cells + 1);
    free(s.ends);
    told[0] = s.rows; told[1] = s.skipped;
    return 1;
}
#endif

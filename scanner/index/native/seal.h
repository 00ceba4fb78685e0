/* ChaCha20 over a buffer, in place; the definition is scanner/index/seal.py. */
#ifndef LEAKSCAN_SEAL_H
#define LEAKSCAN_SEAL_H
#include "base.h"

enum { SEAL_LANES = 16 };
typedef u32 Row[SEAL_LANES];

#define SEAL_STEP(a, b, c, d) \
    for (int i = 0; i < SEAL_LANES; i++) { \
        a[i] += b[i]; d[i] ^= a[i]; d[i] = d[i] << 16 | d[i] >> 16; \
        c[i] += d[i]; b[i] ^= c[i]; b[i] = b[i] << 12 | b[i] >> 20; \
        a[i] += b[i]; d[i] ^= a[i]; d[i] = d[i] << 8 | d[i] >> 24; \
        c[i] += d[i]; b[i] ^= c[i]; b[i] = b[i] << 7 | b[i] >> 25; \
    }

EXPORT void leakscan_seal(u8 *data, u64 n, const u8 *key, const u8 *nonce) {
    static const u32 words[4] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574};
    u32 first[16];
    for (int i = 0; i < 4; i++) first[i] = words[i];
    for (int i = 0; i < 8; i++) first[4 + i] = load32(key + 4 * i);
    first[12] = 0;
    for (int i = 0; i < 3; i++) first[13 + i] = load32(nonce + 4 * i);
    for (u64 at = 0; at < n; at += 64 * SEAL_LANES) {
        Row s[16], start[16];
        for (int w = 0; w < 16; w++)
            for (int i = 0; i < SEAL_LANES; i++) start[w][i] = first[w] + (w == 12 ? (u32)(at / 64) + (u32)i : 0);
        memcpy(s, start, sizeof s);
        for (int round = 0; round < 10; round++) {
            SEAL_STEP(s[0], s[4], s[8], s[12]) SEAL_STEP(s[1], s[5], s[9], s[13])
            SEAL_STEP(s[2], s[6], s[10], s[14]) SEAL_STEP(s[3], s[7], s[11], s[15])
            SEAL_STEP(s[0], s[5], s[10], s[15]) SEAL_STEP(s[1], s[6], s[11], s[12])
            SEAL_STEP(s[2], s[7], s[8], s[13]) SEAL_STEP(s[3], s[4], s[9], s[14])
        }
        for (int i = 0; i < SEAL_LANES; i++)
            for (int w = 0; w < 16; w++) {
                u32 word = s[w][i] + start[w][i];
                u64 place = at + 64 * (u64)i + 4 * (u64)w;
                for (int k = 0; k < 4 && place + (u64)k < n; k++) data[place + (u64)k] ^= (u8)(word >> (8 * k));
            }
    }
}
#endif

// SPDX-License-Identifier: Apache-2.0
// tests/golden/codebook_tables.hpp - the codebooks, typed from the publications' tables by hand.
// Holds: nf4 with the thresholds that bitsandbytes prints (7 digits), fp4_bnb.
#pragma once

namespace golden {

inline constexpr float nf4[] = {
    -1.0f,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0.0f,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1.0f,
};

// Strictly above threshold i: at least code i + 1. Rounded to seven digits, so good to 1e-6.
inline constexpr float nf4_thresholds[] = {
    -0.8480964f, -0.6106329f, -0.4599953f, -0.3396794f, -0.2346074f,
    -0.1379117f, -0.0455250f, 0.0397901f,  0.1202553f,  0.2035213f,
    0.2920138f,  0.3893125f,  0.5016634f,  0.6427869f,  0.8614784f,
};

// 0, 1/192, 2/3, 1, 1/3, 1/2, 1/6, 1/4 and their negatives.
inline constexpr float fp4_bnb[] = {
    0.0f,  0.005208333333f,  0.6666666667f,  1.0f,  0.3333333333f,  0.5f,  0.1666666667f,  0.25f,
    -0.0f, -0.005208333333f, -0.6666666667f, -1.0f, -0.3333333333f, -0.5f, -0.1666666667f, -0.25f,
};

}  // namespace golden

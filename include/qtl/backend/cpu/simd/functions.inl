// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/functions.inl - the functions of gemm/activation_function.hpp on vectors, to the bit.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp. The same steps in
// the same order with the same constants; where those branch, these compute both sides and choose.

inline floats negative(floats v) {
  return reinterpret_floats(bit_xor(reinterpret_ints(v), all_ints(INT32_MIN)));
}

/// The polynomial with these coefficients, the constant one first.
template<int N>
inline floats polynomial(const float (&coefficients)[N], floats x) {
  floats sum = all_floats(coefficients[N - 1]);
  for (int i = N - 2; i >= 0; --i) sum = fused_multiply_add(sum, x, all_floats(coefficients[i]));
  return sum;
}

/// exp(high + low) for high <= 0.
inline floats exponential(floats high, floats low) {
  const floats shift = all_floats(12582912.0f);
  const floats shifted = fused_multiply_add(high, all_floats(1.44269502f), shift);
  const ints n = subtract(reinterpret_ints(shifted), reinterpret_ints(shift));
  const floats count = to_floats(n);
  const floats rest = fused_multiply_add(count, all_floats(-0.693145752f), high);
  const floats r = fused_multiply_add(count, all_floats(-1.42860677e-06f), add(rest, low));
  constexpr float coefficients[] = {0.5f,           0.166666672f,   0.041666463f,
                                    0.00833331048f, 0.00139337312f, 0.000198910799f};
  const floats tail = fused_multiply_add(polynomial(coefficients, r), multiply(r, r), r);
  const floats power = reinterpret_floats(shift_left(add(n, all_ints(127)), 23));
  const floats value = multiply(add(all_floats(1.0f), tail), power);
  return select_less(high, all_floats(-87.0f), zero_floats(), value);
}

/// x / (1 + exp(-v)) with v = high + low.
inline floats times_sigmoid(floats x, floats high, floats low) {
  const floats one = all_floats(1.0f);
  const floats above = divide(x, add(one, exponential(negative(high), negative(low))));
  const floats half = all_floats(0.5f);
  const floats root = exponential(multiply(half, high), multiply(half, low));
  const floats below =
      multiply(divide(multiply(x, root), fused_multiply_add(root, root, one)), root);
  const floats value = select_less(high, zero_floats(), below, above);
  return select_less(high, all_floats(-170.0f), all_floats(-0.0f), value);
}

/// What a gelu of a large x is: x, or a negative zero.
inline floats far_from_zero(floats x) {
  return select_less(x, zero_floats(), all_floats(-0.0f), x);
}

inline floats gelu(floats x) {
  const floats a = magnitude_of(x);
  const floats square = multiply(a, a);
  const floats square_rest = fused_multiply_add(a, a, negative(square));
  const floats quarter = all_floats(-0.25f);
  const floats root = exponential(multiply(quarter, square), multiply(quarter, square_rest));
  const floats one = all_floats(1.0f);
  const floats u = divide(one, fused_multiply_add(all_floats(0.3f), a, one));
  const floats t = fused_multiply_add(u, all_floats(2.4597702f), all_floats(-1.45977008f));
  constexpr float coefficients[] = {
      0.255939901f,    0.162516087f,     0.0676507279f,  0.0151638025f,   -0.00029626055f,
      -0.00100751675f, -4.32998277e-05f, 8.1184291e-05f, 1.73769104e-06f, -6.35708784e-06f};
  const floats slow = multiply(u, polynomial(coefficients, t));
  const floats below = multiply(multiply(multiply(x, slow), root), root);
  const floats above = fused_multiply_add(negative(x), multiply(multiply(slow, root), root), x);
  const floats near = select_less(x, zero_floats(), below, above);
  return select_less(all_floats(15.0f), a, far_from_zero(x), near);
}

inline floats gelu_tanh(floats x) {
  const floats c0 = all_floats(1.59576917f);
  const floats c0_rest = all_floats(-4.53406805e-08f);
  const floats c1 = all_floats(0.0713548139f);
  const floats c1_rest = all_floats(2.39883247e-09f);
  const floats zero = zero_floats();
  const floats square = fused_multiply_add(x, x, zero);
  const floats square_rest = fused_multiply_add(x, x, negative(square));
  const floats cubic = fused_multiply_add(c1, square, zero);
  const floats c1_square_rest =
      fused_multiply_add(c1, square_rest, fused_multiply_add(c1, square, negative(cubic)));
  const floats cubic_rest = fused_multiply_add(c1_rest, square, c1_square_rest);
  const floats sum = add(c0, cubic);
  const floats taken = subtract(sum, c0);
  const floats sum_rest = add(add(subtract(c0, subtract(sum, taken)), subtract(cubic, taken)),
                              add(cubic_rest, c0_rest));
  const floats high = multiply(x, sum);
  const floats low = fused_multiply_add(x, sum_rest, fused_multiply_add(x, sum, negative(high)));
  const floats near = times_sigmoid(x, high, low);
  return select_less(all_floats(40.0f), magnitude_of(x), far_from_zero(x), near);
}

/// f(x), with the bits of activate() of one number; where that is NaN, some NaN.
inline floats activate(activation_function f, floats x) {
  switch (f) {
    case activation_function::none:
      break;
    case activation_function::relu:
      return select_less(x, zero_floats(), zero_floats(), x);
    case activation_function::gelu:
      return gelu(x);
    case activation_function::gelu_tanh:
      return gelu_tanh(x);
    case activation_function::silu:
      return times_sigmoid(x, x, zero_floats());
  }
  return x;
}

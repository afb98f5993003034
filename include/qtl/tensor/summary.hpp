// SPDX-License-Identifier: Apache-2.0
// qtl/tensor/summary.hpp - one line about a tensor, for people.
// Holds: summary(q), operator<<. Not here: a dump of the values; dequantize and print those.
#pragma once

#include <iosfwd>

#include "qtl/policy/descriptor.hpp"
#include "qtl/tensor/qtensor.hpp"

namespace qtl::inline v0 {

/// "QTensor 128 x 256, s4 symmetric per_group<128>, 4.250 bits per element, 17408 bytes".
template<QuantPolicy P>
fixed_text<256> summary(const QTensor<P>& q) {
  fixed_text<256> text("QTensor ");
  text.append(q.rows()).append(" x ").append(q.cols()).append(", ");
  text.append(to_text(describe<P>()).view()).append(", ");
  const auto thousandths = static_cast<std::int64_t>(q.bits_per_element() * 1000.0 + 0.5);
  text.append(thousandths / 1000).append(".");
  text.append(thousandths / 100 % 10).append(thousandths / 10 % 10).append(thousandths % 10);
  return text.append(" bits per element, ").append(q.bytes()).append(" bytes");
}

/// Prints summary(q).
template<class Char, class Traits, QuantPolicy P>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                             const QTensor<P>& q) {
  return out << summary(q).c_str();
}

}  // namespace qtl::inline v0

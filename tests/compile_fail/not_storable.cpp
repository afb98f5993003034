// SPDX-License-Identifier: Apache-2.0
// EXPECT: no tensor_codec<T>::write is known: include the header of T's codec, or specialize qtl::io::tensor_codec
#include "qtl/io/safetensors_writer.hpp"

using namespace qtl;

void good(io::safetensors_writer& out, const matrix<float>& m) { out.add("m", m); }

#ifdef QTL_BAD
void bad(io::safetensors_writer& out, int value) { out.add("m", value); }
#endif

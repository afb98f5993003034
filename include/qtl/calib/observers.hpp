// SPDX-License-Identifier: Apache-2.0
// qtl/calib/observers.hpp - every observer that is shipped.
// Holds: shipped_observers. To add one: its type here; the tests walk the list.
#pragma once

#include "qtl/base/type_list.hpp"
#include "qtl/calib/blocked.hpp"
#include "qtl/calib/kl.hpp"
#include "qtl/calib/moving_average.hpp"
#include "qtl/calib/mse.hpp"
#include "qtl/calib/percentile.hpp"
#include "qtl/calib/sawb.hpp"
#include "qtl/format/integer.hpp"

namespace qtl::inline v0 {

/// Observers with one range for all elements; mse for the two most usual policies.
using tensor_observers =
    type_list<minmax_observer, moving_average_observer, percentile_observer, kl_observer,
              mse_observer<policy<s8>>, mse_observer<policy<u8, affine>>, sawb_observer>;

/// Those, and blocks in the shapes that weights and activations need.
using shipped_observers =
    type_list<minmax_observer, moving_average_observer, percentile_observer, kl_observer,
              mse_observer<policy<s8>>, mse_observer<policy<u8, affine>>, sawb_observer,
              blocked_observer<minmax_observer, per_channel>,
              blocked_observer<minmax_observer, per_group<32>>,
              blocked_observer<minmax_observer, per_columns<1>>,
              blocked_observer<moving_average_observer, per_columns<32>>,
              blocked_observer<percentile_observer, per_tensor>,
              blocked_observer<sawb_observer, per_channel>>;

}  // namespace qtl::inline v0

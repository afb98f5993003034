// SPDX-License-Identifier: Apache-2.0
// qtl/calib/calibrate.hpp - shows sample batches to the input of every layer.
// Holds: chain, row_batches, input_taps, try_calibrate and calibrate over layers. One batch is in memory at a
// time, and of a chain one layer's input and output.
// Not here: calibrate<P>(samples), the short form for one activation (minmax.hpp).
#pragma once

#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "qtl/base/matrix.hpp"
#include "qtl/calib/minmax.hpp"

namespace qtl::inline v0 {

/// How far a calibration went.
struct calibration {
  std::int64_t batches = 0;  ///< shown to every layer
  std::int64_t rows = 0;     ///< of those batches together
  bool completed = true;     ///< false where the progress callback stopped it
};

/// The progress callback that one gets by giving none.
struct no_progress {
  constexpr bool operator()(std::int64_t /*done*/, std::int64_t /*total*/) const { return true; }
};

/// The test behind ProgressCallback.
template<class F>
inline constexpr bool is_progress_callback = requires(F& progress, std::int64_t count) {
  { progress(count, count) } -> std::convertible_to<bool>;
};

/// Satisfied by anything callable as progress(done, total), both std::int64_t counts of batches,
/// returning bool: false stops after this batch. A total of 0 means that it is unknown.
template<class F>
concept ProgressCallback =
    is_progress_callback<F> ||
    unsatisfied<"a progress callback is called with (done, total) and returns whether to go on", F>;

/// The ways to run a layer, best first: a status instead of an exception, a view instead of a copy.
template<class L>
inline constexpr bool has_try_apply =
    requires(const L& layer, matrix_view<const float> x) { layer.try_apply(x); };
template<class L>
inline constexpr bool takes_view = std::is_invocable_v<const L&, matrix_view<const float>>;
template<class L>
inline constexpr bool takes_matrix = std::is_invocable_v<const L&, const matrix<float>&>;

/// Satisfied by a QLinear, an any_linear and every callable that maps a matrix_view<const float> or
/// a const matrix<float>& to a float matrix or to a result of one.
template<class L>
concept Layer =
    has_try_apply<L> || takes_view<L> || takes_matrix<L> ||
    unsatisfied<"a layer has try_apply(x) or is called with a float matrix, and returns one", L>;

/// What a layer returned, as a matrix of our own.
template<class Y>
result<matrix<float>> owned_output(Y&& y) {
  using plain = std::remove_cvref_t<Y>;
  if constexpr (requires { y.why(); }) {
    if (!y.ok()) return y.why();
    return owned_output(*std::forward<Y>(y));
  } else if constexpr (std::is_same_v<plain, matrix<float>> && !std::is_lvalue_reference_v<Y>) {
    return result<matrix<float>>(std::forward<Y>(y));
  } else {
    return row_major_copy(as_view(y));
  }
}

/// Runs a layer on x.
template<Layer L>
result<matrix<float>> apply_layer(const L& layer, matrix_view<const float> x) {
  if constexpr (has_try_apply<L>) {
    return owned_output(layer.try_apply(x));
  } else if constexpr (takes_view<L>) {
    return owned_output(layer(x));
  } else {
    const result<matrix<float>> copy = row_major_copy(x);
    if (!copy.ok()) return copy.why();
    return owned_output(layer(*copy));
  }
}

/// Layers of any types, each fed with the output of the one before. It borrows them.
template<Layer... L>
class layer_chain {
 public:
  explicit constexpr layer_chain(const L&... layers) : layers_(&layers...) {}

  static constexpr std::int64_t size() { return sizeof...(L); }
  /// Calls f(layer) for each in order until one returns false.
  template<class F>
  constexpr void for_each(F&& f) const {
    std::apply([&](auto*... layer) { static_cast<void>((f(*layer) && ...)); }, layers_);
  }

 private:
  std::tuple<const L*...> layers_;
};

/// Layers in a row, for calibrate: chain(first, relu, second).
template<Layer... L>
constexpr layer_chain<L...> chain(const L&... layers) {
  return layer_chain<L...>(layers...);
}

/// True for every layer_chain.
template<class C>
inline constexpr bool is_layer_chain = false;
template<class... L>
inline constexpr bool is_layer_chain<layer_chain<L...>> = true;

/// The rows of one matrix as batches of at most `count` rows, count >= 1, without copies.
class row_batches {
 public:
  /// The place of one batch.
  struct iterator {
    matrix_view<const float> x;
    std::int64_t count;
    std::int64_t row;

    matrix_view<const float> operator*() const {
      return x.row_range(row, x.rows - row < count ? x.rows - row : count);
    }
    iterator& operator++() {
      row = x.rows - row < count ? x.rows : row + count;
      return *this;
    }
    bool operator!=(const iterator& other) const { return row != other.row; }
  };

  row_batches(matrix_view<const float> x, std::int64_t count) : x_(x), count_(count) {
    QTL_ASSERT(count >= 1);
  }
  iterator begin() const { return {x_, count_, 0}; }
  iterator end() const { return {x_, count_, x_.rows}; }
  std::int64_t size() const { return ceil_div(x_.rows, count_); }

 private:
  matrix_view<const float> x_;
  std::int64_t count_;
};

/// Where a graph shows the inputs of its layers: taps(i, x) in the order it likes.
template<Observer O>
class input_taps {
 public:
  explicit input_taps(std::span<O> observers) : observers_(observers) {}

  /// Shows x to observer i. Errors: invalid_argument for an i without observer, and those of
  /// observing.
  status operator()(std::int64_t i, matrix_view<const float> x) {
    if (i < 0 || i >= static_cast<std::int64_t>(observers_.size()))
      return mismatch("i", "number of the layer, counted from 0 among the observers,", -1,
                      static_cast<std::int64_t>(observers_.size()), i,
                      error_code::invalid_argument);
    status s = observers_[static_cast<std::size_t>(i)].observe(x);
    if (!s.ok()) s.message.append(" (input of layer ").append(i).append(")");
    return s;
  }

 private:
  std::span<O> observers_;
};

/// Whether G shows its layers' inputs itself: graph(x, taps) returning a status.
template<class G, class O>
inline constexpr bool is_graph =
    requires(const G& graph, matrix_view<const float> x, input_taps<O>& taps) {
      { graph(x, taps) } -> std::same_as<status>;
    };

/// One batch on its way through layers in a row; the last layer is not run.
template<Observer O>
class chain_walk {
 public:
  chain_walk(matrix_view<const float> x, std::int64_t layers, input_taps<O>& taps)
      : x_(x), layers_(layers), taps_(taps) {}

  /// Shows the batch to layer number `next` and runs it; false where that failed.
  template<Layer L>
  bool step(const L& layer) {
    if constexpr (requires { layer.in_features(); }) {
      const auto expected = static_cast<std::int64_t>(layer.in_features());
      if (x_.cols != expected) {
        why_ = mismatch("batch", "number of columns", 1, expected, x_.cols);
        why_.message.append(" (input of layer ").append(next_).append(")");
        return false;
      }
    }
    why_ = taps_(next_, x_);
    if (!why_.ok() || ++next_ == layers_) return why_.ok();
    result<matrix<float>> y = apply_layer(layer, x_);
    if (y.ok()) {
      current_ = *std::move(y);
      x_ = current_.view();
    }
    why_ = y.why();
    return why_.ok();
  }
  const status& why() const { return why_; }

 private:
  matrix_view<const float> x_;
  matrix<float> current_;
  std::int64_t layers_;
  std::int64_t next_ = 0;
  input_taps<O>& taps_;
  status why_;
};

/// How many observers `layers` needs; -1 where only it knows.
template<class O, class Layers>
std::int64_t layer_count(const Layers& layers) {
  if constexpr (is_graph<Layers, O>)
    return -1;
  else if constexpr (is_layer_chain<Layers> || requires {
                       layers.begin();
                       layers.end();
                     })
    return static_cast<std::int64_t>(layers.size());
  else
    return 1;
}

/// Shows one batch to all layers.
template<class Layers, Observer O>
status calibrate_batch(const Layers& layers, matrix_view<const float> x, input_taps<O>& taps) {
  if constexpr (is_graph<Layers, O>) {
    return layers(x, taps);
  } else {
    chain_walk<O> walk(x, layer_count<O>(layers), taps);
    if constexpr (is_layer_chain<Layers>) {
      layers.for_each([&](const auto& layer) { return walk.step(layer); });
    } else if constexpr (requires {
                           layers.begin();
                           layers.end();
                         }) {
      for (const auto& layer : layers)
        if (!walk.step(layer)) break;
    } else {
      walk.step(layers);
    }
    return walk.why();
  }
}

/// Whether `batches` is one matrix, and so one batch.
template<class B>
inline constexpr bool is_one_batch = is_matrix_view<B> || has_strided_float_storage<B>;

/// One observer, or a run of them, as a span.
template<class Observers>
constexpr auto observer_span(Observers& observers) {
  if constexpr (is_observer<Observers>)
    return std::span<Observers, std::dynamic_extent>(&observers, 1);
  else
    return std::span<std::remove_reference_t<decltype(*observers.data())>, std::dynamic_extent>(
        observers.data(), observers.size());
}

/// The batches in turn, counted and reported.
template<class Layers, Observer O, ProgressCallback Progress>
class calibration_run {
 public:
  calibration_run(const Layers& layers, input_taps<O> taps, Progress& progress)
      : layers_(layers), taps_(taps), progress_(progress) {}

  /// The number of batches; 0 where it is unknown.
  void set_total(std::int64_t total) { total_ = total; }

  /// Shows one batch; false where the run ends here, by error or by wish.
  bool step(matrix_view<const float> x) {
    why_ = calibrate_batch(layers_, x, taps_);
    if (!why_.ok()) {
      why_.message.append(" (batch ").append(done_.batches).append(")");
      return false;
    }
    if (x.cols != 0) done_.rows += x.rows;
    ++done_.batches;
    done_.completed = static_cast<bool>(progress_(done_.batches, total_));
    return done_.completed;
  }
  result<calibration> outcome() const {
    if (!why_.ok()) return why_;
    if (done_.rows == 0 && done_.completed) return no_samples("batches");
    return done_;
  }

 private:
  const Layers& layers_;
  input_taps<O> taps_;
  Progress& progress_;
  std::int64_t total_ = 0;
  calibration done_;
  status why_;
};

/// Shows every batch to the input of each layer, in one pass.
///
/// `layers`: one Layer; chain(a, b, c); a range of layers of one type; or a graph, called as
/// graph(x, taps), which computes as it likes, calls taps(i, input) for its layers and returns a
/// status. `batches`: any range of float matrices, made one by one if it likes, or one matrix.
/// `observers`: one observer, or a range with data() and size(), one for each layer; they go on
/// from what they hold. `progress`: see ProgressCallback.
///
/// A stop by `progress` is no error; the observers then hold the batches so far. The last layer of
/// a chain is not run. Errors: invalid_argument for no samples, shape_mismatch for a batch whose
/// width a layer does not take or another number of observers than layers, not_finite, and what a
/// layer returns; the sentence names layer and batch, both from 0. Observers then hold all batches
/// before that one, and those of earlier layers that one too.
template<class Layers, class Batches, class Observers, class Progress = no_progress>
result<calibration> try_calibrate(const Layers& layers, Batches&& batches, Observers& observers,
                                  Progress&& progress = {}) {
  const auto span = observer_span(observers);
  using observer = typename decltype(span)::element_type;
  const std::int64_t expected = layer_count<observer>(layers);
  if (expected >= 0 && expected != static_cast<std::int64_t>(span.size()))
    return mismatch("observers", "number of observers", -1, expected,
                    static_cast<std::int64_t>(span.size()));
  calibration_run<Layers, observer, std::remove_reference_t<Progress>> run(
      layers, input_taps<observer>(span), progress);
  if constexpr (is_one_batch<std::remove_cvref_t<Batches>>) {
    run.set_total(1);
    run.step(as_view(batches));
  } else {
    if constexpr (requires { batches.size(); })
      run.set_total(static_cast<std::int64_t>(batches.size()));
    for (auto&& batch : batches)
      if (!run.step(as_view(batch))) break;
  }
  return run.outcome();
}

/// As try_calibrate, but throws qtl::error.
template<class Layers, class Batches, class Observers, class Progress = no_progress>
calibration calibrate(const Layers& layers, Batches&& batches, Observers& observers,
                      Progress&& progress = {}) {
  return value_or_throw(try_calibrate(layers, batches, observers, progress));
}

}  // namespace qtl::inline v0

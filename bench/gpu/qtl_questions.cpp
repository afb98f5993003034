// SPDX-License-Identifier: Apache-2.0
// bench/gpu/qtl_questions.cpp - contestants out of question_kernels.cuh: ceilings, not products.
// Compiled by nvcc where there is a GPU.
#include "contestants.hpp"
#include "data.hpp"
#include "question_answers.hpp"

namespace qtl_bench {

namespace {

void require_hopper(const qtl::device_facts& device) {
  if (device.target != 900) throw std::runtime_error("is for sm_90a");
}

// Empty where all words are the expected ones, again and again.
std::string first_difference(const std::vector<std::uint32_t>& got,
                             const std::vector<std::uint32_t>& want) {
  for (std::size_t i = 0; i < got.size(); ++i)
    if (got[i] != want[i % want.size()])
      return "word " + std::to_string(i) + " is " + std::to_string(got[i]) + ", expected " +
             std::to_string(want[i % want.size()]);
  return {};
}

std::vector<std::uint32_t> words_of(const device_bytes& memory) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(memory.size()));
  qtl::throw_if_failed(memory.download(bytes, main_stream()));
  std::vector<std::uint32_t> words(bytes.size() / 4);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

/// wgmma over operands that stay where they are.
class product_loop_contestant : public contestant {
 public:
  product_loop_contestant(const shape& s, const qtl::device_facts& device) : s_(s) {
    require_hopper(device);
    params_.slabs = s.k / gpu::slab_bytes;
    params_.blocks = static_cast<std::int32_t>(s.m / product_loop::rows);
    folded_ = poisoned(params_.blocks * product_loop::threads * 4);
    params_.folded = reinterpret_cast<std::uint32_t*>(folded_.data());
  }
  contestant_info info() const override {
    return {"qtl wgmma s8 loop", "64x256x32, operands in shared memory, nothing loaded", false,
            static_cast<double>(folded_.size())};
  }
  int sets() const override { return 1; }
  void enqueue(int) override {
    qtl::throw_if_failed(gpu::launch<product_loop>(params_, main_stream()));
  }
  void poison() override { poison_again(folded_); }

  std::string find_error() override {
    return first_difference(words_of(folded_), expected_loop(params_.slabs));
  }

 private:
  shape s_;
  product_loop::params params_;
  device_bytes folded_;
};

/// One way to read as many bytes as an n x k weight of 8 bits has.
template<stream_kind Kind, int Stages>
class stream_contestant : public contestant {
  using kernel = weight_stream<Kind, Stages>;

 public:
  stream_contestant(const shape& s, const qtl::device_facts& device)
      : bytes_(s.n * s.k / kernel::chunk_bytes * kernel::chunk_bytes), device_(device) {
    require_hopper(device);
    std::vector<std::uint32_t> words(static_cast<std::size_t>(bytes_ / 4));
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] = drawn_word(static_cast<std::uint32_t>(i));
    sets_ = set_count(bytes_, device);
    data_ = upload(std::as_bytes(std::span(words)), sets_);
    folded_ = poisoned(128 * device.multiprocessors);
    for (int i = 0; i < sets_; ++i) params_.push_back(params_of(data_[std::size_t(i)].data()));
  }
  contestant_info info() const override {
    constexpr const char* names[] = {"boxes", "lines", "cp.async"};
    contestant_info i;
    i.name = std::string("qtl stream ") + names[static_cast<int>(Kind)] + " " +
             std::to_string(Stages * 16) + " KB";
    i.detail = std::to_string(Stages) + " stages of 16 KB in each multiprocessor";
    i.is_peer = false;
    i.bytes = static_cast<double>(bytes_);
    return i;
  }
  int sets() const override { return sets_; }
  void enqueue(int turn) override {
    qtl::throw_if_failed(
        gpu::launch<kernel>(params_[static_cast<std::size_t>(turn % sets_)], main_stream()));
  }
  void poison() override { poison_again(folded_); }

  std::string find_error() override {
    return first_difference(words_of(folded_),
                            expected_stream(bytes_ / kernel::chunk_bytes, kernel::chunk_bytes,
                                            device_.multiprocessors));
  }

 private:
  typename kernel::params params_of(const std::byte* data) const {
    typename kernel::params p;
    p.data = data;
    p.chunks = bytes_ / kernel::chunk_bytes;
    p.rows = qtl::value_or_throw(
        gpu::encode_tensor_map(stream_rows(data, p.chunks, kernel::chunk_bytes)));
    p.folded = reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(folded_.data()));
    p.blocks = device_.multiprocessors;
    return p;
  }

  std::int64_t bytes_;
  qtl::device_facts device_;
  int sets_ = 2;
  std::vector<device_bytes> data_;
  device_bytes folded_;
  std::vector<typename kernel::params> params_;
};

template<class Contestant>
made attempt(const char* name, const shape& s) {
  made m{name, nullptr, {}};
  try {
    m.who = std::make_unique<Contestant>(s, qtl::value_or_throw(qtl::gpu_backend::facts()));
  } catch (const std::exception& e) {
    m.refusal = e.what();
  }
  return m;
}

}  // namespace

std::vector<made> product_loops(const shape& s) {
  std::vector<made> all;
  all.push_back(attempt<product_loop_contestant>("qtl wgmma s8 loop", s));
  return all;
}

std::vector<made> weight_streams(const shape& s) {
  std::vector<made> all;
  const auto add = [&]<stream_kind Kind, int Stages>(const char* name) {
    all.push_back(attempt<stream_contestant<Kind, Stages>>(name, s));
  };
  add.operator()<stream_kind::boxes, 2>("qtl stream boxes 32 KB");
  add.operator()<stream_kind::boxes, 4>("qtl stream boxes 64 KB");
  add.operator()<stream_kind::boxes, 12>("qtl stream boxes 192 KB");
  add.operator()<stream_kind::lines, 2>("qtl stream lines 32 KB");
  add.operator()<stream_kind::lines, 4>("qtl stream lines 64 KB");
  add.operator()<stream_kind::lines, 12>("qtl stream lines 192 KB");
  add.operator()<stream_kind::copies, 2>("qtl stream cp.async 32 KB");
  add.operator()<stream_kind::copies, 4>("qtl stream cp.async 64 KB");
  add.operator()<stream_kind::copies, 12>("qtl stream cp.async 192 KB");
  return all;
}

// As many blocks as multiprocessors; on the emulator a short k.
shape product_loops_shape() {
  const qtl::result<qtl::device_facts> device = qtl::gpu_backend::facts();
  const std::int64_t blocks = device.ok() ? device->multiprocessors : 1;
  const std::int64_t slabs = is_real_device() ? 4096 : 3;
  return {blocks * product_loop::rows, product_loop::columns, slabs * gpu::slab_bytes};
}

std::vector<shape> stream_shapes() {
  if (!is_real_device()) return {{1, 512, 640}};
  return {{1, 8192, 4096}, {1, 8192, 8192}, {1, 28672, 8192}};
}

}  // namespace qtl_bench

#!/usr/bin/env bash
# Builds gpu_test and gpu_bench with nvcc and g++ alone, for a machine without Meson and network.
#
#   rebuild.sh OUT [ARCHS]    ARCHS as nvcc spells them: 80,89,90a,100a,120a (90a)
#
# In the archive of ./dev gpu --bundle the headers of others lie beside the sources, in third_party;
# elsewhere CPATH names theirs.
set -euo pipefail
out=$(mkdir -p "${1:?a folder for the programs}" && cd "$1" && pwd)
archs=${2:-90a}
cd "$(dirname "$0")/../.."
nvcc=$(command -v nvcc /usr/local/cuda/bin/nvcc | head -n 1 || true)
: "${nvcc:?is not found; it comes with the CUDA toolkit}"
cuda=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
cublaslt=$("$nvcc" --version | sed -n 's/.*release \([0-9]*\).*/\1/p')

common=(-std=c++20 -O3 -DNDEBUG -DQTL_SEPARATE_KERNELS -DDOCTEST_CONFIG_SUPER_FAST_ASSERTS
  -Iinclude -Icuda -Itests -Ibench -isystem ../third_party)
for arch in ${archs//,/ }; do
  gencode+=("-gencode=arch=compute_$arch,code=sm_$arch")
done
export common_flags="${common[*]}" gencode_flags="${gencode[*]}" nvcc cuda cublaslt out

# compile FILE: an object beside the programs; kernels by nvcc, the rest by g++.
compile() {
  local object=$out/objects/${1//\//_}.o
  case $1 in
    tests/gpu/* | bench/gpu/explain.cpp | bench/gpu/qtl_fused.cpp | bench/gpu/qtl_questions.cpp)
      # shellcheck disable=SC2086
      "$nvcc" $common_flags -Xcompiler=-ffp-contract=off $gencode_flags -x cu -c "$1" -o "$object"
      ;;
    *)
      # shellcheck disable=SC2086
      g++ $common_flags -isystem "$cuda/include" -DQTL_CUBLASLT_MAJOR="\"$cublaslt\"" -c "$1" -o "$object"
      ;;
  esac
  echo "$1"
}
export -f compile

backend=(tests/gpu/backend/*.cpp tests/kernels.cpp)
mapfile -t tests < <(find tests/gpu -name '*_test.cpp' && echo tests/gpu/main.cpp)
mapfile -t bench < <(find bench/gpu -name '*.cpp' ! -name device_emulated.cpp ! -name no_cublaslt.cpp)

# objects FILE...: what compile() made of them.
objects() {
  local file
  for file in "$@"; do echo "$out/objects/${file//\//_}.o"; done
}

mkdir -p "$out/objects"
printf '%s\n' "${backend[@]}" "${tests[@]}" "${bench[@]}" | xargs -P "$(nproc)" -I{} bash -ec 'compile {}'
link=("$nvcc" -Xcompiler=-static-libstdc++,-static-libgcc -cudart static)
mapfile -t parts < <(objects "${tests[@]}" "${backend[@]}")
"${link[@]}" "${parts[@]}" -o "$out/gpu_test"
mapfile -t parts < <(objects "${bench[@]}" "${backend[@]}")
"${link[@]}" "${parts[@]}" -ldl -lpthread -o "$out/gpu_bench"
ls -l "$out/gpu_test" "$out/gpu_bench"

#!/usr/bin/env bash
# Trains the demo's network anew on Fashion-MNIST and writes model.safetensors and images.safetensors beside this script,
# or into the folder given. The data are Debian's package dataset-fashion-mnist:
#     sudo apt-get install dataset-fashion-mnist
# FASHION_MNIST=FOLDER names another folder with the four .gz files. Takes a few minutes on one core.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${FASHION_MNIST:-/usr/share/datasets/fashion-mnist}
out=${1:-$here}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
  gunzip -c "$data/$file-ubyte.gz" >"$work/$file-ubyte"
done

"${CXX:-g++}" -std=c++20 -O3 -DNDEBUG -I"$here/../../include" $(pkg-config --cflags eigen3) \
  "$here/train.cpp" -o "$work/train"
"$work/train" "$work" "$out"

#!/usr/bin/env bash
# Trains the lite model on all 26 variants in half an hour of two cores: the backbone stays as ImageNet left it, and what it says
# of each photo is computed once and kept on disk. Writes OUT/final.safetensors as f16, OUT/eval.html, and heatmaps.
#   bash docs/liveries/model.sh DATA OUT [ADAPTER]
# DATA: the folder of aircraft-liveries. Needs `npm ci && npm run build`. ADAPTER: lavapipe unless said otherwise.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1 out=$2 adapter=${3:-lavapipe}
plumage() { node "$here/../../dist/cli.js" "$@"; }
lists=$data
[ -e "$lists/variants.txt" ] || lists=$data/data

if [ -e "$out/config.json" ]; then
  plumage train --resume --out "$out" --adapter "$adapter" --f16
else
  init=$(mktemp -d)/init.safetensors
  plumage init --preset lite --size 96 --classes "$lists/variants.txt" --out "$init"
  plumage train --data "$data" --dataset aircraft --model "$init" --out "$out" --adapter "$adapter" --f16 \
    --freeze backbone --set augment=false --epochs 3
fi
plumage eval --model "$out/final.safetensors" --data "$data" --dataset aircraft --adapter "$adapter" --html "$out/eval.html"

# The first test image of every other variant, with what the three branches look at.
mkdir -p "$out/heatmaps"
sed -n '1~2p' "$lists/variants.txt" | head -10 | while read -r variant; do
  image=$(grep -m 1 " $variant\$" "$lists/images_variant_test.txt" | cut -d ' ' -f 1)
  plumage classify "$lists/images/$image.jpg" --model "$out/final.safetensors" --adapter "$adapter" \
    --banner 20 --heatmap "$out/heatmaps/$image.png" < /dev/null
done

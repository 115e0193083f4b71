#!/usr/bin/env bash
# Learns 32 photos by heart: the first 4 training photos of the first 8 variants, augmentation off. Fails unless the last epoch's
# loss is under 0.05 and all 32 are right.
#   bash docs/liveries/overfit.sh DATA OUT [ADAPTER]     needs `npm ci && npm run build`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1 out=$2 adapter=${3:-lavapipe}
plumage() { node "$here/../../dist/cli.js" "$@"; }
[ -e "$data/variants.txt" ] || data=$data/data
data=$(cd "$data" && pwd)

mkdir -p "$out"
head -8 "$data/variants.txt" | tr / - > "$out/classes.txt"
head -8 "$data/variants.txt" | while read -r variant; do
  folder="$out/photos/train/$(tr / - <<< "$variant")"
  mkdir -p "$folder"
  grep -m 4 " $variant\$" "$data/images_variant_train.txt" | cut -d ' ' -f 1 | while read -r image; do
    ln -sf "$data/images/$image.jpg" "$folder/"
  done
done
if [ -e "$out/run/config.json" ]; then
  plumage train --resume --out "$out/run" --adapter "$adapter"
else
  plumage init --preset lite --size 64 --seed 1 --classes "$out/classes.txt" --out "$out/init.safetensors"
  plumage train --data "$out/photos" --dataset folder --banner 20 --model "$out/init.safetensors" --out "$out/run" \
    --adapter "$adapter" --epochs 24 --set augment=false --set weightDecay=0 --set lr=0.01 --set backboneLr=0.002
fi
grep '"kind":"epoch"' "$out/run/metrics.jsonl" | tail -1 | node -e '
  const { loss, accuracy } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  console.log(`last epoch: loss ${loss.toFixed(4)}, ${Math.round(32 * accuracy)} of 32 right`);
  process.exit(loss < 0.05 && accuracy === 1 ? 0 : 1);'

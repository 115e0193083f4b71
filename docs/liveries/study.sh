#!/usr/bin/env bash
# The study that README.md beside this file describes: six runs of eight classes, each gone on with if it was stopped before.
#   bash docs/liveries/study.sh DATA OUT     DATA: aircraft-liveries; needs `npm ci && npm run build` and lavapipe
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1 out=$2
plumage() { node "$here/../../dist/cli.js" "$@"; }
mkdir -p "$out"

for seed in 1 2; do
  for preset in plain lite; do
    init=$out/$preset-$seed.safetensors
    [ -e "$init" ] || plumage init --preset "$preset" --size 96 --seed "$seed" --classes "$here/classes8.txt" --out "$init"
  done
  for name in lite-both lite-none plain; do
    run=$out/$name-$seed
    [ -e "$run/final.safetensors" ] && continue
    attention=model
    [ "$name" = lite-none ] && attention=none
    if [ -e "$run/config.json" ]; then
      plumage train --resume --out "$run" --adapter lavapipe
    else
      plumage train --data "$data" --dataset aircraft --classes "$here/classes8.txt" --model "$out/${name%-*}-$seed.safetensors" \
        --out "$run" --adapter lavapipe --attention "$attention" --seed "$seed" --save-every 10 --epochs 2
    fi
  done
done

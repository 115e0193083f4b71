#!/usr/bin/env bash
# The study that README.md beside this file describes: six runs of eight classes and their twins. What was stopped is gone on
# with, what is done is not done again.
#   bash docs/liveries/study.sh DATA OUT [EPOCHS] [BATCH]
# DATA: the folder of aircraft-liveries. Needs `npm ci && npm run build`, lavapipe (mesa-vulkan-drivers 25; Dawn refuses the 22.3
# of Debian bookworm, its backports have 25) and, for the twin, Python with PyTorch, torchvision and Pillow.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1 out=$2 epochs=${3:-2} batch=${4:-48}
plumage() { node "$here/../../dist/cli.js" "$@"; }
twin() { # RUN NAME [OPTION...]
  [ -e "$1/$2.json" ] || python3 "$here/../../test/fixtures/trainBatches.py" "$1" "$1/batches.jsonl" --json "$1/$2.json" "${@:3}"
}
mkdir -p "$out"

for seed in 1 2; do
  for preset in plain lite; do
    init=$out/$preset-$seed.safetensors
    [ -e "$init" ] || plumage init --preset "$preset" --size 96 --seed "$seed" --classes "$here/classes8.txt" --out "$init"
  done
  for name in lite-both lite-none plain; do
    run=$out/$name-$seed
    grep -qs '"kind":"end"' "$run/metrics.jsonl" && continue
    attention=model
    [ "$name" = lite-none ] && attention=none
    if [ -e "$run/config.json" ]; then
      plumage train --resume --out "$run" --adapter lavapipe
    else
      plumage train --data "$data" --dataset aircraft --classes "$here/classes8.txt" --model "$out/${name%-*}-$seed.safetensors" \
        --out "$run" --adapter lavapipe --attention "$attention" --seed "$seed" --save-every 10 --epochs "$epochs" --batch "$batch"
    fi
  done
done

for run in "$out"/{lite-both,lite-none,plain}-{1,2}; do
  if [ ! -e "$run/batches.jsonl" ]; then
    plumage data batches "$run" > "$run/batches.part"
    mv "$run/batches.part" "$run/batches.jsonl"
  fi
  twin "$run" moved --move 1 &
  twin "$run" twin
  wait $!
  [ -e "$run/eval.json" ] || plumage eval --model "$run/final.safetensors" --data "$data" --dataset aircraft --adapter lavapipe \
    --classes "$here/classes8.txt" --html "$run/eval.html" --out "$run/eval.json"
done
node "$here/results.mjs" "$out"

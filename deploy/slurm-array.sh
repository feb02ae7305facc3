#!/usr/bin/env bash
# A million pictures on a Slurm cluster: sbatch deploy/slurm-array.sh /data/slides /data/out
# Each task does one shard. A task that is killed, preempted or sent again goes on where it ended.
#SBATCH --job-name=bloodcell
#SBATCH --array=0-63
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail
pictures=$1
out=$2
shards=64 # as many as the array above has tasks
status=0
bloodcell predict "$pictures" --threads "$SLURM_CPUS_PER_TASK" --quiet \
  --shard "$SLURM_ARRAY_TASK_ID/$shards" --output "$out/cells.csv" || status=$?
# 3: some files could not be read; their rows say why.
[ "$status" = 3 ] || exit "$status"

# When all are done: bloodcell merge /data/out/cells.csv --shards 64
